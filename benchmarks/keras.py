"""headstart, from JPEG files to stored vectors, against Keras' own ``predict`` on TensorFlow, fed from memory."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure, seconds_of
from benchmarks.multiply_adds import multiply_adds
from benchmarks.rows import network_of, part_of, read_bytes
from headstart.data.decode import Geometry, pixels_from
from headstart.data.records import Dataset
from headstart.features.engine import Engine, engine_for, engine_name
from headstart.features.extractor import extractor_of
from headstart.features.recipe import Recipe
from headstart.features.store import opened_store
from headstart.features.stored import complete
from headstart.jobs.extraction import extracted
from headstart.jobs.pictures import pictures_of
from headstart.jobs.setup import Setup
from headstart.networks.backbones import backbone
from headstart.networks.classifier import cut_at, whole_network, with_preprocessing
from headstart.networks.converted import ConvertedNetwork
from headstart.networks.weight_files import load_weights
from headstart.networks.weights import WeightsOrigin
from headstart.progress import silent

ROUNDS, PICTURES = 5, 200
"""Each side takes turns with a round; no picture comes twice."""

BATCH = 16
SIZE = 224
PRODUCT = 4096
"""Side of the matrices whose product shows what the processor can do."""


def vgg16(pictures: Path) -> list[Figure]:
    """Compare files to stored vectors of VGG16 with Keras, the engine from memory, and the processor's peak."""
    with pictures_of(pictures, silent) as read, _own_cache():
        return _compared("vgg16", "none", read.dataset, "≥ 0.9", "–")


def keras(pictures: Path) -> list[Figure]:
    """Compare files to stored vectors, cold, start-up aside, with Keras and with the engine, both fed from memory."""
    with pictures_of(pictures, silent) as read, _own_cache():
        return [
            *_compared("efficientnet_lite0", "imagenet", read.dataset, "≥ 0.8", "≥ 0.85"),
            *_compared("mobilenet_v2", "none", read.dataset, "≥ 0.8", "≥ 0.85"),
        ]


@contextmanager
def _own_cache() -> Iterator[None]:
    """Let nothing be known of earlier runs."""
    before = os.environ.get("HEADSTART_CACHE")
    with tempfile.TemporaryDirectory() as place:
        os.environ["HEADSTART_CACHE"] = place
        try:
            yield
        finally:
            if before is None:
                del os.environ["HEADSTART_CACHE"]
            else:
                os.environ["HEADSTART_CACHE"] = before


def _compared(name: str, weights: str, dataset: Dataset, to_keras: str, to_engine: str) -> list[Figure]:
    network = network_of(name, weights)
    model, engine = _keras_model(network), engine_for(network)
    spent: dict[str, list[float]] = {"keras": [], "engine": [], "headstart": [], "product": []}
    chunks = [part_of(dataset, PICTURES, number) for number in range(ROUNDS)]
    _warm_up(model, engine)
    for chunk in chunks:
        pixels = [pixels_from(read_bytes(dataset, r), Geometry(SIZE)) for r in chunk.records]
        floats = np.stack(pixels).astype(np.float32)
        sides: dict[str, Callable[[], object]] = {
            "keras": partial(model.predict, floats, batch_size=BATCH, verbose=0),
            "headstart": partial(_to_a_new_store, chunk, network, engine),
            "engine": partial(_from_memory, engine, pixels),
            "product": _product,
        }
        for side, task in sides.items():
            spent[side].append(seconds_of(task))
    rate = {side: ROUNDS * PICTURES / sum(seconds) for side, seconds in spent.items()}
    rates = f"{name}: headstart, f32 ({rate['headstart']:.1f} pictures/s)"
    figures = [
        Figure(f"{rates} against Keras ({rate['keras']:.1f})", f"{rate['headstart'] / rate['keras']:.2f}", to_keras),
        Figure(
            f"{rates} against its engine from memory ({rate['engine']:.1f})",
            f"{rate['headstart'] / rate['engine']:.2f}",
            to_engine,
        ),
        _automatic(name, network, _together(chunks), rate["keras"]),
    ]
    if name == "vgg16":
        figures.append(_share_of_peak(model, rate["engine"], min(spent["product"])))
    return figures


def _together(chunks: list[Dataset]) -> Dataset:
    first = chunks[0]
    return Dataset(first.root, first.classes, tuple(record for chunk in chunks for record in chunk.records))


def _automatic(name: str, network: ConvertedNetwork, dataset: Dataset, keras_rate: float) -> Figure:
    """Compare the precision that is chosen by itself, the choosing included."""
    setup = Setup(Recipe("avg_pool", "squash", (SIZE,)), (network,), "openvino", "auto")
    with tempfile.TemporaryDirectory() as place, opened_store(Path(place)) as store:
        since = time.perf_counter()
        features = extracted(dataset, setup, store, silent, training=dataset)
        rate = len(dataset.records) / (time.perf_counter() - since)
    chosen = features.precision
    speeds = ", ".join(f"{name} {speed:.1f}" for name, speed in (chosen.speed or {}).items())
    return Figure(
        f"{name}: headstart, --precision auto ({rate:.1f} pictures/s, the choice of {chosen.precision} among "
        f"{speeds or 'f32'} included) against Keras ({keras_rate:.1f})",
        f"{rate / keras_rate:.2f}",
        "≥ 1.15 with VNNI, ≥ 3 with AMX" if name == "vgg16" else "–",
    )


def _share_of_peak(model: Any, rate: float, product_seconds: float) -> Figure:  # noqa: ANN401 - Keras has no types
    peak = PRODUCT**3 / product_seconds
    network = next(layer for layer in model.layers if hasattr(layer, "layers"))
    reached = rate * multiply_adds(network.layers)
    return Figure(
        f"vgg16: multiply-adds per second of the engine, f32, against a product of {PRODUCT} × {PRODUCT} matrices "
        f"({reached / 1e9:.0f} and {peak / 1e9:.0f} G/s)",
        f"{reached / peak:.2f}",
        "≥ 0.8",
    )


def _keras_model(network: ConvertedNetwork) -> Any:  # noqa: ANN401
    record = backbone(network.backbone)
    whole = whole_network(record, include_top=False)
    cut = cut_at(whole, record, "avg_pool")
    load_weights(whole, cut, record, WeightsOrigin("file", "cache", network.folder / "weights.safetensors"))
    return with_preprocessing(cut, record)


def _warm_up(model: Any, engine: Engine) -> None:  # noqa: ANN401
    blank = np.zeros((2 * BATCH, SIZE, SIZE, 3), np.uint8)
    model.predict(blank.astype(np.float32), batch_size=BATCH, verbose=0)
    _from_memory(engine, list(blank))


def _to_a_new_store(dataset: Dataset, network: ConvertedNetwork, engine: Engine) -> None:
    extractor = extractor_of(network, Geometry(SIZE), engine_name())
    with tempfile.TemporaryDirectory() as place, opened_store(Path(place)) as store:
        complete(dataset, extractor, lambda: engine, store, silent)


def _from_memory(engine: Engine, pixels: list[NDArray[np.uint8]]) -> None:
    for _ in engine.vectors(enumerate(pixels)):
        pass


def _product() -> None:
    matrix = np.ones((PRODUCT, PRODUCT), np.float32)
    _ = matrix @ matrix
