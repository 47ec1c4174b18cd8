"""The squares that a model sees of pictures: read as it reads them, shown to it again, and kept as small JPEGs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, PictureRecord
from headstart.data.views import MIRRORED, WHOLE, mirrored
from headstart.data.workers import Task, replies
from headstart.features.engine import Engine, Pixels, engine_for
from headstart.features.recipe import Recipe, brought_together
from headstart.jobs.classifier import setup_for
from headstart.jobs.comparing.place import PICTURES
from headstart.jobs.precision import as_trained
from headstart.learn.heads import Floats
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Listener
from headstart.ship.bundle import Bundle

SIDE = 224
"""Pixels along a side of what is kept."""

_QUALITY = 80

Squares = Mapping[int, Pixels]
"""A picture brought to each size of a recipe, ``(size, size, 3)`` uint8 RGB in [0, 255]; never mirrored."""


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


@dataclass(frozen=True)
class Looking:
    """A model, ready to say what it sees in squares that no file need hold; it predicts as it does for files.

    ``networks`` has one for each size, in the precision that the model runs in; ``kind`` is what runs them.
    """

    bundle: Bundle
    networks: tuple[ConvertedNetwork, ...]
    kind: str

    @cached_property
    def engines(self) -> Mapping[int, Engine]:
        """What runs the network of each size."""
        return {network.image_size: engine_for(network, self.kind) for network in self.networks}

    def scores(self, pictures: Sequence[Squares]) -> Floats:
        """Return what the model says of each picture, ``(n_pictures, n_classes)`` float32, before the softmax."""
        recipe = self.bundle.recipe
        rows = {look: self._rows(pictures, look) for look in recipe.looks()}
        return self.bundle.head.scores(brought_together(recipe, rows, self.networks[0].lengths, WHOLE))

    def _rows(self, pictures: Sequence[Squares], look: Geometry) -> Floats:
        shown = (squares[look.size] for squares in pictures)
        views = (mirrored(pixels) if look.view == MIRRORED else pixels for pixels in shown)
        return outputs(self.engines[look.size], views)


def looking_through(bundle: Bundle, listen: Listener) -> Looking:
    """Return the model, its networks converted if they weren't."""
    setup = setup_for(bundle, listen)
    networks = as_trained(setup.networks, bundle.precision, bundle.calibration, setup.engine, listen)
    return Looking(bundle, networks, setup.engine)


def outputs(engine: Engine, squares: Iterable[Pixels]) -> Floats:
    """Return what ``engine`` makes of each square, ``(n_squares, dimension)`` float32, in their order."""
    made = dict(engine.vectors(enumerate(squares)))
    return np.stack([made[key] for key in range(len(made))])


def write_jpeg(pixels: Pixels, run: Path, name: str) -> str:
    """Write pixels, RGB or grey, as ``run/pictures/name``, without metadata, and return that relative to ``run``."""
    (run / PICTURES).mkdir(exist_ok=True)
    Image.fromarray(pixels).save(run / PICTURES / name, "JPEG", quality=_QUALITY)
    return f"{PICTURES}/{name}"


def resized(pixels: Pixels, side: int = SIDE) -> Pixels:
    """Return a square, RGB or grey, with ``side`` pixels along a side."""
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
