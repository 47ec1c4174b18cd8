"""Whether two classifiers differ, judged on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.judge.differences import paired_difference
from headstart.judge.groups import Units, are_alone, numbered
from headstart.judge.intervals import Interval

Right = NDArray[np.bool_]
"""``(n_pictures,)``: which pictures a classifier got right."""

LEVEL = 0.05
"""Below this a p-value is taken for evidence."""

MCNEMAR, SIGN_FLIP = "mcnemar", "sign-flip"


@dataclass(frozen=True)
class Compared:
    """Two classifiers, a and b, on the same pictures.

    ``difference`` is the accuracy of a less that of b; ``test`` names how ``p_value`` was found; ``only_a`` and
    ``only_b`` count the pictures that one of them alone got right.
    """

    difference: Interval
    p_value: float
    test: str
    only_a: int
    only_b: int


def compared(a_right: Right, b_right: Right, units: Units) -> Compared:
    """Return how much more often a is right than b, and whether that could be chance.

    Where each picture is a unit by itself the test is McNemar's, else it flips the signs of whole units. The interval
    holds 0 wherever p is 0.05 or more. It may do so below 0.05 too, but only for units of several pictures, whose
    interval needs more of them than the test.

    Parameters
    ----------
    a_right, b_right
        ``(n_pictures,)``, at least one: which of the same pictures each classifier got right.
    units
        ``(n_pictures,)``: what belongs together (copies, a patient's pictures) has the same number.
    """
    numbers = numbered(units)
    if are_alone(numbers):
        test, p_value = MCNEMAR, mcnemar_p_value(a_right, b_right)
    else:
        sums = np.bincount(numbers, a_right.astype(np.float64) - b_right).astype(np.intp)
        test, p_value = SIGN_FLIP, sign_flip_p_value(sums)
    difference = paired_difference(a_right, b_right, numbers)
    if p_value >= LEVEL:
        difference = Interval(difference.value, min(0.0, difference.low), max(0.0, difference.high))
    return Compared(difference, p_value, test, int((a_right & ~b_right).sum()), int((b_right & ~a_right).sum()))


def mcnemar_p_value(a_right: Right, b_right: Right) -> float:
    """Return the two-sided exact p-value that two classifiers are right equally often (McNemar 1947, exact form).

    Parameters
    ----------
    a_right, b_right
        ``(n_pictures,)``: which of the same pictures each classifier got right.
    """
    from scipy.special import bdtr

    only_a, only_b = int((a_right & ~b_right).sum()), int((b_right & ~a_right).sum())
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def sign_flip_p_value(sums: NDArray[np.integer]) -> float:
    """Return the two-sided exact p-value that each unit might as well have differed the other way (Fisher 1935).

    If nothing differs, the sum over units has the distribution of the sum of ``± sums``, all signs equally likely.
    The numbers are small integers, so that distribution is computed whole, and nothing is drawn. With units of one
    picture this is McNemar's exact test.

    Parameters
    ----------
    sums
        ``(n_units,)`` integers: in how many more of a unit's pictures one classifier was right than the other.
    """
    steps = np.abs(sums[sums != 0])
    total = int(steps.sum())
    # chances[j]: that the units which keep their sign have j of the total; the sum is then 2 j - total.
    chances = np.zeros(total + 1)
    chances[0] = 1
    for step in steps.tolist():
        chances[step:] += chances[:-step].copy()
        chances /= 2
    reached = np.abs(2 * np.arange(total + 1) - total)
    return float(min(1.0, chances[reached >= abs(int(sums.sum()))].sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values corrected for their number, in their order (Holm 1979).

    Claiming what is below 0.05 here, the chance of one false claim among all is at most 0.05.
    """
    n, corrected, highest = len(p_values), [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(n), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (n - rank) * p_values[i]))
        corrected[i] = highest
    return corrected
