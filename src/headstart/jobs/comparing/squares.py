"""The squares that a model sees of pictures: read as it reads them, and kept as small JPEGs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, PictureRecord
from headstart.data.workers import Task, replies
from headstart.features.engine import Pixels
from headstart.features.recipe import Recipe
from headstart.jobs.comparing.place import PICTURES
from headstart.jobs.looking import Squares

SIDE = 224
"""Pixels along a side of what is kept."""

_QUALITY = 80


def squares_of(
    dataset: Dataset, records: Sequence[PictureRecord], recipe: Recipe
) -> list[tuple[PictureRecord, Squares]]:
    """Return what a recipe sees of each picture that can still be read, in their order."""
    found: dict[PictureRecord, dict[int, Pixels]] = {record: {} for record in records}
    for size in recipe.sizes:
        tasks = [Task(dataset.file(record), "pixels", Geometry(size, recipe.fit), record.sha256) for record in found]
        for record, reply in zip(found, replies(tasks), strict=True):
            if not reply.reason:
                found[record][size] = np.frombuffer(reply.payload, np.uint8).reshape(size, size, 3)
    return [(record, squares) for record, squares in found.items() if len(squares) == len(recipe.sizes)]


def write_jpeg(pixels: Pixels, run: Path, name: str) -> str:
    """Write pixels, RGB or grey, as ``run/pictures/name``, without metadata, and return that relative to ``run``."""
    (run / PICTURES).mkdir(exist_ok=True)
    Image.fromarray(pixels).save(run / PICTURES / name, "JPEG", quality=_QUALITY)
    return f"{PICTURES}/{name}"


def resized(pixels: Pixels, side: int = SIDE) -> Pixels:
    """Return a square, RGB or grey, with ``side`` pixels along a side."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
