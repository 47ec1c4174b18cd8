"""Heads of rows that don't fit in memory: generated rows pass by, in a process of its own whose memory is watched."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.runs import watch
from headstart.learn import ridge as in_memory
from headstart.learn import streaming as in_passes
from headstart.learn.fit import Fit
from headstart.learn.ridge import fit_ridge
from headstart.learn.rows import rows_of
from headstart.learn.streaming import Chunk, fit_ridge_in_passes
from headstart.progress import silent

DIMENSION, CLASSES = 1280, 40
SHARD = 4096
FEW, ALPHA = 20_000, 0.1
SIZES = (200_000, 500_000, 2_000_000)


def shards(rows: int) -> Iterator[Chunk]:
    """Yield so many rows, shard by shard; each shard is drawn from its number alone.

    Noise is drawn once and dealt out anew, shifted and in another order: drawing it anew would take longer than what
    is measured.
    """
    random = np.random.default_rng(0)
    centres = random.normal(0, 0.1, (CLASSES, DIMENSION)).astype(np.float32)
    scales = np.geomspace(0.05, 2, DIMENSION, dtype=np.float32)
    noise = random.standard_normal((SHARD, DIMENSION), np.float32)
    for number, start in enumerate(range(0, rows, SHARD)):
        random = np.random.default_rng(number)
        n = min(SHARD, rows - start)
        labels = random.integers(0, CLASSES, n)
        drawn = np.roll(noise, int(random.integers(DIMENSION)), axis=1)[random.permutation(SHARD)[:n]]
        features = (drawn + centres[labels]) * scales + scales
        yield Chunk(features, labels, np.ones(n, np.float32), np.arange(start, start + n))


def ridge(pictures: object) -> list[Figure]:
    """Measure memory and time of ridge on rows that pass by, and compare it with ridge in memory where they fit."""
    figures = [
        Figure(f"difference of the weights from those in memory, {FEW:,} rows", f"{_difference():.1e}", "≤ 1e-4")
    ]
    each = []
    for rows in SIZES:
        seconds, drawing, megabytes = _measured(rows)
        each.append((seconds - drawing) / rows)
        figures.append(
            Figure(
                f"memory of ridge of {rows:,} × {DIMENSION:,} ({seconds - drawing:.0f} s, {each[-1] * 1e6:.0f} µs a "
                f"row, drawing them not included)",
                f"{megabytes:,.0f} MB",
                "< 2,000 MB",
            )
        )
    figures.append(
        Figure(f"time for a row, {SIZES[-1]:,} against {SIZES[0]:,}", f"{each[-1] / each[0]:.2f}", "about 1, or less")
    )
    return figures


def _difference() -> float:
    """Return the largest difference of a weight, as part of the largest weight, with the same ``alpha``."""
    chunks = list(shards(FEW))
    features = np.concatenate([chunk.features for chunk in chunks])
    labels = np.concatenate([chunk.labels for chunk in chunks])
    with patch.object(in_passes, "ALPHAS", (ALPHA,)), patch.object(in_memory, "ALPHAS", (ALPHA,)):
        one = _weights(fit_ridge_in_passes(lambda: shards(FEW), DIMENSION, CLASSES, 0, silent))
        other = _weights(fit_ridge(rows_of(features, labels, CLASSES), silent))
    return float(np.abs(one - other).max() / np.abs(other).max())


def _weights(fit: Fit) -> NDArray[Any]:
    return np.asarray(fit.head.tensors()["0/kernel"] * np.float32(fit.chosen["temperature"]))


def _measured(rows: int) -> tuple[float, float, float]:
    """Return the seconds of a fit with drawing the rows and of drawing them alone, and the most memory in MB."""
    child = subprocess.Popen([sys.executable, "-m", "benchmarks.ridge", str(rows)], stdout=subprocess.PIPE, text=True)
    peaks: list[float] = []
    watcher = threading.Thread(target=watch, args=(child.pid, peaks))
    watcher.start()
    output, _ = child.communicate()
    watcher.join()
    if child.returncode:
        sys.exit(f"ridge of {rows} rows failed")
    seconds, drawing = json.loads(output)
    return seconds, drawing, max(peaks)


def main(rows: int) -> None:
    """Fit so many rows, and print the seconds that it and drawing them take."""
    times = [time.perf_counter()]
    fit_ridge_in_passes(lambda: shards(rows), DIMENSION, CLASSES, 0, silent)
    times.append(time.perf_counter())
    for _ in shards(rows):
        pass
    times.append(time.perf_counter())
    print(json.dumps([times[1] - times[0], times[2] - times[1]]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
