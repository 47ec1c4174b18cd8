"""The difference of two accuracies on the same pictures, with its interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from headstart.judge.groups import Numbers, effective_size
from headstart.judge.intervals import Interval

_STEPS = 44
"""Halvings of [-1, 1]: ends are exact to 12 digits."""


def paired_difference(a_right: NDArray[np.bool_], b_right: NDArray[np.bool_], numbers: Numbers) -> Interval:
    """Return the accuracy of a less that of b, with Tango's interval for as many pictures as they count for.

    Parameters
    ----------
    a_right, b_right
        ``(n_pictures,)``, at least one: which of the same pictures each classifier got right.
    numbers
        ``(n_pictures,)``: each picture's unit, from `headstart.judge.groups.numbered`.
    """
    differences = a_right.astype(np.float64) - b_right
    n = len(differences)
    size = effective_size(differences, numbers)
    only_a, only_b = (float((differences == sign).sum()) * size.pictures / n for sign in (1, -1))
    low, high = tango_ends(only_a, only_b, size.pictures, size.quantile)
    value = float(differences.sum() / n)
    return Interval(value, min(value, low), max(value, high))


def tango_ends(only_a: float, only_b: float, n: float, quantile: float) -> tuple[float, float]:
    """Return the ends, in [-1, 1], of the score interval of a paired difference of two shares (Tango 1998).

    They are the differences that a score test just accepts; at 0 that is McNemar's test without correction.

    Parameters
    ----------
    only_a, only_b
        Pictures, of ``n``, that one of the two alone got right; neither need be a whole number.
    n
        More than 0.
    quantile
        Of the score's distribution: 1.96 for 95 %.
    """

    def score(difference: float) -> float:
        # share: the likeliest share of pictures that b alone gets right, if this is the difference.
        linear = (2 * n - only_a + only_b) * difference - only_a - only_b
        constant = -only_b * difference * (1 - difference)
        share = (math.sqrt(max(0.0, linear**2 - 8 * n * constant)) - linear) / (4 * n)
        variance = n * (2 * share + difference * (1 - difference))
        distance = only_a - only_b - n * difference
        return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)

    def accepted(wanted: float, low: float, high: float) -> float:
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if score(middle) > wanted else (low, middle)
        return (low + high) / 2

    value = (only_a - only_b) / n
    return accepted(quantile, -1.0, value), accepted(-quantile, value, 1.0)
