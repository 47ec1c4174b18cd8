"""Answers drawn for classifiers whose truth is known, to see how often intervals cover and tests err."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIVES = (5,)
UNEVEN = (1, 2, 3, 4, 5, 6, 7, 8, 9, 5)
"""Sizes of units; thirty pictures of the first, or fifty of the second, and so on, are drawn."""

Right = NDArray[np.bool_]


def members(sizes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the unit of each picture, for the units' sizes."""
    return np.repeat(np.arange(len(sizes)), sizes)


def right_in_groups(
    random: np.random.Generator, draws: int, numbers: NDArray[np.intp], truth: float, alike: float
) -> Right:
    """Return which pictures are right, ``(draws, n_pictures)``, with the correlation ``alike`` inside units."""
    odds = (1 - alike) / alike
    shares = random.beta(truth * odds, (1 - truth) * odds, (draws, int(numbers.max()) + 1))
    return np.asarray(random.random((draws, len(numbers))) < shares[:, numbers])


def pairs_in_groups(
    random: np.random.Generator,
    draws: int,
    numbers: NDArray[np.intp],
    chances: tuple[float, float, float],
    alike: float,
) -> tuple[Right, Right]:
    """Return which pictures each of two classifiers gets right, ``(draws, n_pictures)`` each.

    ``chances`` are those that both are right, only a, and only b; units have their own, with the correlation ``alike``
    inside; 0 is for units that don't matter.
    """
    wanted = np.array([*chances, 1 - sum(chances)])
    units = int(numbers.max()) + 1
    own = np.broadcast_to(wanted, (draws, units, 4))
    if alike:
        drawn = random.gamma(np.maximum(own * (1 - alike) / alike, 1e-9))
        own = drawn / np.maximum(drawn.sum(axis=2, keepdims=True), 1e-300)
    limits = np.cumsum(own, axis=2)[:, numbers]
    place = (random.random((draws, len(numbers), 1)) > limits[:, :, :3]).sum(axis=2)
    return place <= 1, (place == 0) | (place == 2)
