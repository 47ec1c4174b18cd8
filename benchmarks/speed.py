"""Two sides in one run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure, median_seconds
from benchmarks.rows import network_of, part_of, read_bytes
from headstart.data.decode import Geometry, pixels_from
from headstart.features.engine import Engine, OpenVINOEngine, Pixels, engine_for
from headstart.features.extractor import extractor_of
from headstart.features.store import store_in_memory
from headstart.features.stored import complete
from headstart.jobs.pictures import pictures_of
from headstart.progress import silent

PICTURES = 400
SIZE = 224


def _run_from_memory(engine: Engine, pixels: list[Pixels]) -> None:
    for _ in engine.vectors(enumerate(pixels)):
        pass


def _run_batches(compiled: Callable[[NDArray[np.float32]], object], batch: NDArray[np.float32], times: int) -> None:
    for _ in range(times):
        compiled(batch)


def features(pictures: Path) -> list[Figure]:
    """Compare files to features with the engine alone, fed with the same pictures decoded in memory."""
    with pictures_of(pictures, silent) as read:
        dataset = part_of(read.dataset, PICTURES)
    network = network_of()
    engine, geometry = engine_for(network), Geometry(SIZE)
    extractor = extractor_of(network, geometry, engine.name)
    pixels = [pixels_from(read_bytes(dataset, r), geometry) for r in dataset.records]

    def with_a_new_store() -> None:
        with store_in_memory() as store:
            complete(dataset, extractor, lambda: engine, store, silent)

    from_files, from_memory = median_seconds(with_a_new_store, lambda: _run_from_memory(engine, pixels))
    n = len(pixels)
    return [
        Figure(
            f"files to features against the engine from memory ({n / from_files:.0f} and {n / from_memory:.0f} "
            "pictures/s)",
            f"{from_memory / from_files:.2f}",
            "≥ 0.8",
        )
    ]


def engine(pictures: Path) -> list[Figure]:
    """Compare requests of one picture, several at once, with larger batches one after the other."""
    import openvino as ov

    network = network_of()
    ours = OpenVINOEngine(network)
    pixels = [np.zeros((SIZE, SIZE, 3), np.uint8)] * 192
    figures = []
    for size in (4, 16, 32):
        model = ov.Core().read_model(network.folder / "network.xml")
        model.reshape([size, SIZE, SIZE, 3])
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        batched = ov.Core().compile_model(model, "CPU", options)
        batch = np.zeros((size, SIZE, SIZE, 3), np.float32)
        times = len(pixels) // size
        one, many = median_seconds(lambda: _run_from_memory(ours, pixels), partial(_run_batches, batched, batch, times))
        figures.append(Figure(f"batches of 1 side by side against batches of {size}", f"{many / one:.2f}"))
    return figures
