"""A model that looks at squares of pixels which no file need hold, and says of them what it says of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from headstart.data.decode import Geometry
from headstart.data.views import MIRRORED, WHOLE, mirrored
from headstart.features.engine import Engine, Pixels, engine_for
from headstart.features.recipe import brought_together
from headstart.jobs.classifier import setup_for
from headstart.jobs.precision import as_trained
from headstart.learn.heads import Floats
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Listener
from headstart.ship.bundle import Bundle

Squares = Mapping[int, Pixels]
"""A picture brought to each size of a recipe, ``(size, size, 3)`` uint8 RGB in [0, 255]; never mirrored."""


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
        return self.bundle.head.scores(self.vectors(pictures))

    def vectors(self, pictures: Sequence[Squares]) -> Floats:
        """Return the vector of each picture, ``(n_pictures, dimension)`` float32, in their order."""
        recipe = self.bundle.recipe
        rows = {look: self._rows(pictures, look) for look in recipe.looks()}
        return brought_together(recipe, rows, self.networks[0].lengths, WHOLE)

    def probabilities(self, pictures: Sequence[Squares]) -> Iterator[tuple[int, Floats]]:
        """Yield each picture's position and its ``(n_classes,)`` float32 probabilities, as soon as they are there."""
        recipe = self.bundle.recipe
        *before, last = recipe.looks()
        rows = {look: self._rows(pictures, look) for look in before}
        for position, vector in self.engines[last.size].vectors(enumerate(_shown(pictures, last))):
            own = {look: matrix[position : position + 1] for look, matrix in rows.items()}
            # One row at a time: the result must not depend on what else was asked.
            row = brought_together(recipe, own | {last: vector[np.newaxis]}, self.networks[0].lengths, WHOLE)
            yield position, self.bundle.head.predict_proba(row)[0]

    def _rows(self, pictures: Sequence[Squares], look: Geometry) -> Floats:
        return outputs(self.engines[look.size], _shown(pictures, look))


def looking_through(bundle: Bundle, listen: Listener) -> Looking:
    """Return the model, its networks converted if they weren't."""
    setup = setup_for(bundle, listen)
    networks = as_trained(setup.networks, bundle.precision, bundle.calibration, setup.engine, listen)
    return Looking(bundle, networks, setup.engine)


def outputs(engine: Engine, squares: Iterable[Pixels]) -> Floats:
    """Return what ``engine`` makes of each square, ``(n_squares, dimension)`` float32, in their order."""
    made = dict(engine.vectors(enumerate(squares)))
    return np.stack([made[key] for key in range(len(made))])


def _shown(pictures: Sequence[Squares], look: Geometry) -> Iterator[Pixels]:
    for squares in pictures:
        pixels = squares[look.size]
        yield mirrored(pixels) if look.view == MIRRORED else pixels
