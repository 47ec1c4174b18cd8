"""What a feature vector is made of: one or several looks at a picture, brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.views import MIRRORED, WHOLE

COMBINATIONS = ("stack", "average")
"""What becomes of the vectors of several sizes: side by side, or their mean."""

MOST_SIZES = 8
"""More would cost much and say little."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How a picture becomes a vector, beside the network's weights: Simonyan & Zisserman 2015, appendix B.

    Parameters
    ----------
    layer
        Where the network is cut, see `headstart.networks.cuts`.
    fit
        See `headstart.data.decode.Geometry`.
    sizes
        Sides of the squares that pictures are brought to, in pixels; the network sees each.
    flip
        Take the mean of the picture's vector and its mirror image's.
    combine
        One of `COMBINATIONS`.
    l2
        Bring each layer's part of the vector, and then the whole, to length 1.
    """

    layer: str
    fit: str
    sizes: tuple[int, ...]
    flip: bool = False
    combine: str = "stack"
    l2: bool = False

    def document(self) -> dict[str, Any]:
        """Return the recipe as plain JSON values."""
        return asdict(self) | {"sizes": list(self.sizes)}

    def looks(self, view: str = WHOLE) -> tuple[Geometry, ...]:
        """Return every look at a picture that its vector is made of; ``view`` is what is taken for the picture."""
        views = (view, MIRRORED) if self.flip else (view,)
        return tuple(Geometry(size, self.fit, each) for size in self.sizes for each in views)

    def dimension(self, parts: Sequence[int]) -> int:
        """Return the vector's length, if the network's has parts of these lengths."""
        return sum(parts) * (len(self.sizes) if self.combine == "stack" else 1)


def brought_together(recipe: Recipe, rows: Mapping[Geometry, Matrix], parts: Sequence[int], view: str) -> Matrix:
    """Return the vectors ``(n, dimension)`` float32 made of the network's for each look of the recipe.

    A row depends on the rows of the same picture alone, to the last bit.

    Parameters
    ----------
    recipe
        What to do.
    rows
        For each of ``recipe.looks(view)`` the network's vectors, ``(n, sum(parts))`` float32, picture by picture.
    parts
        How many numbers of the network's vector come from each layer.
    view
        As for `Recipe.looks`.
    """
    looks = recipe.looks(view)
    each = len(looks) // len(recipe.sizes)
    of_sizes = []
    for first in range(0, len(looks), each):
        mean = _mean([rows[look] for look in looks[first : first + each]])
        of_sizes.append(_of_length_one(mean, parts) if recipe.l2 else mean)
    matrix = np.hstack(of_sizes) if recipe.combine == "stack" and len(of_sizes) > 1 else _mean(of_sizes)
    return _of_length_one(matrix, (matrix.shape[1],)) if recipe.l2 else matrix


def _mean(matrices: Sequence[Matrix]) -> Matrix:
    if len(matrices) == 1:
        return matrices[0]
    total = matrices[0].copy()
    for matrix in matrices[1:]:
        total += matrix
    return total / np.float32(len(matrices))


def _of_length_one(matrix: Matrix, parts: Sequence[int]) -> Matrix:
    """Return the matrix with each of its column groups brought to length 1, row by row; zeros stay zeros."""
    groups = []
    for group in np.split(matrix, np.cumsum(parts)[:-1], axis=1):
        length = np.sqrt(np.square(group).sum(axis=1, keepdims=True))
        groups.append(group / np.where(length > 0, length, 1))
    return np.hstack(groups).astype(np.float32, copy=False)
