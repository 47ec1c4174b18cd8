"""Pictures that belong together count for less than as many independent ones: by how much, and shares of such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.judge.intervals import Interval, Z, wilson_ends

Units = Sequence[int] | NDArray[np.integer]
"""``(n_pictures,)``: a number for each picture, the same for pictures that belong together."""

Numbers = NDArray[np.intp]
"""The same from 0 on, in the order in which units come first."""

ADDED_UNITS = 0.2
"""Of a share's design effect; see `effective_size`. Of 0.15, 0.2 and 0.25 the one whose intervals covered best."""


@dataclass(frozen=True)
class EffectiveSize:
    """As how many independent ``pictures`` grouped ones count, and the ``quantile`` that takes the place of 1.96."""

    pictures: float
    quantile: float


def numbered(units: Units) -> Numbers:
    """Return each picture's unit, numbered from 0 on as units come first: 0, 1, 2 ... where all are alone."""
    _, first, inverse = np.unique(np.asarray(units), return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def are_alone(numbers: Numbers) -> bool:
    """Return whether every picture is a unit by itself."""
    return bool(numbers.max() + 1 == len(numbers))


def effective_size(values: NDArray[np.floating], numbers: Numbers, added: float = 0.0) -> EffectiveSize:
    """Return as how many independent pictures these count when the mean of ``values`` is judged.

    The design effect is the variance of the mean, by the sums over units (a ratio estimate; Cochran 1977, 11.8, with
    each residual scaled up by its unit's share of the pictures), over that of as many independent pictures, and is
    never taken for less than 1. Where values don't differ nothing shows how alike units are inside, so they are taken
    for wholly alike. The quantile is Student's, with the degrees of freedom of units of one size that would do as well.

    Parameters
    ----------
    values
        ``(n_pictures,)`` in [-1, 1].
    numbers
        ``(n_pictures,)``: each picture's unit, from `numbered`.
    added
        So many units of value 0, and as many of value 1, are added to the data from which the effect is estimated. With
        shares near 1 few units have errors, and without this it is taken for too small.
    """
    from scipy.special import stdtrit

    if are_alone(numbers):
        return EffectiveSize(len(values), Z)
    sizes, sums = np.bincount(numbers), np.bincount(numbers, values)
    n = len(values)
    size = float((sizes**2).sum() / n)
    total = n + 2 * added * size
    mean = (sums.sum() + added * size) / total
    spread = ((values**2).sum() + added * size) / total - mean**2
    effect = size
    if spread > 0 and len(sizes) > 1:
        squares = ((sums - mean * sizes) ** 2 / (1 - sizes / total)).sum()
        squares += added * size**2 * (mean**2 + (1 - mean) ** 2) / (1 - size / total)
        effect = max(1.0, float(squares / (total * spread)))
    return EffectiveSize(n / effect, float(stdtrit(max(1.0, n / size - 1), 0.975)))


def share_interval(right: NDArray[np.bool_], units: Units) -> Interval:
    """Return the share that is true with its score interval (Wilson 1927), for as many pictures as they count for.

    Parameters
    ----------
    right
        ``(n_pictures,)``, at least one.
    units
        ``(n_pictures,)``: what belongs together has the same number.
    """
    share = float(right.sum() / len(right))
    size = effective_size(right.astype(np.float64), numbered(units), ADDED_UNITS)
    return Interval(share, *wilson_ends(share, size.pictures, size.quantile))
