"""The feature store: what a second run costs, how fast it loads, and memory against the number of pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure, seconds_of
from benchmarks.rows import network_of
from benchmarks.runs import run
from headstart.data.decode import Geometry
from headstart.features.extractor import extractor_of
from headstart.features.store import opened_store

ROWS, DIMENSION = 100_000, 1280
FEW, MANY = 1_000, 10_000


def again(pictures: Path) -> list[Figure]:
    """Compare a first run of VGG16 with a second on the same pictures, whole commands."""
    with tempfile.TemporaryDirectory() as place:
        some = _copies(pictures, Path(place, "pictures"), FEW)
        options = ("--backbone", "vgg16", "--weights", "none", "--cache", Path(place, "cache"))
        run("features", _copies(pictures, Path(place, "one"), 10), "--out", Path(place, "0.npz"), *options)  # converts
        first, _, _ = run("features", some, "--out", Path(place, "1.npz"), *options)
        second, _, _ = run("features", some, "--out", Path(place, "2.npz"), *options)
    what = f"`headstart features`, VGG16, {FEW:,} pictures: the first run against the second ({first:.0f} and "
    return [Figure(f"{what}{second:.1f} s)", f"{first / second:.0f}", "≥ 50")]


def load(pictures: Path) -> list[Figure]:
    """Measure loading many vectors, each compared with its checksum."""
    extractor = extractor_of(network_of(), Geometry(224), "none")
    contents = [f"{number:064x}" for number in range(ROWS)]
    row = np.ones(DIMENSION, np.float32)
    with tempfile.TemporaryDirectory() as place, opened_store(Path(place)) as store:
        for start in range(0, ROWS, 1000):
            store.put(extractor, dict.fromkeys(contents[start : start + 1000], row))
        seconds = seconds_of(lambda: store.load(extractor, contents))
    return [Figure(f"loading {ROWS:,} vectors of {DIMENSION:,} numbers", f"{seconds:.2f} s", "< 2 s")]


def flat(pictures: Path) -> list[Figure]:
    """Compare memory and time of `headstart features` on few and on many pictures."""
    with tempfile.TemporaryDirectory() as place:
        options = ("--precision", "f32", "--cache")
        few, many = (_copies(pictures, Path(place, str(count)), count) for count in (FEW, MANY))
        short, small, _ = run("features", few, "--out", Path(place, "few.npz"), *options, Path(place, "a"))
        long, large, _ = run("features", many, "--out", Path(place, "many.npz"), *options, Path(place, "b"))
    return [
        Figure(
            f"memory of `headstart features` on {MANY:,} pictures against {FEW:,} ({large:.0f} and {small:.0f} MB)",
            f"{large / small:.2f}",
            "≤ 1.1",
        ),
        Figure(
            f"its time for a picture, {MANY:,} against {FEW:,} ({long:.0f} and {short:.0f} s)",
            f"{long / MANY / (short / FEW):.2f}",
            "about 1, start-up included",
        ),
    ]


def _copies(pictures: Path, to: Path, count: int) -> Path:
    """Write ``count`` pictures of different content: copies have a few bytes more behind the picture's end."""
    files = sorted(pictures.rglob("*.jpg"))
    for number in range(count):
        file = files[number % len(files)]
        target = to / file.parent.name / f"{number}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes() + (number // len(files)).to_bytes(2, "big"))
    return to
