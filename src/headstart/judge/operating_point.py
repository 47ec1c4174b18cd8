"""Two classes: a threshold chosen on val, and what it does on test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.judge.groups import Numbers, share_interval

Part = tuple[NDArray[np.intp], NDArray[Any]]
"""``(n_pictures,)`` labels and ``(n_pictures, n_classes)`` probabilities of a part."""

USUAL = 0.5
"""The threshold unless another does better."""


def operating_point(test: Part, numbers: Numbers, classes: Sequence[str], val: Part | None) -> dict[str, Any] | None:
    """Return threshold, sensitivity and specificity for the second of two classes; None where there is no telling.

    A picture counts as of the second class if that has a probability of at least the threshold. Sensitivity is the
    share of the second class's test pictures that do, specificity the share of the first's that don't; None without
    such.

    Parameters
    ----------
    test
        What is judged.
    numbers
        ``(n_test,)``: each test picture's unit, from `headstart.judge.groups.numbered`.
    classes
        Class names.
    val
        What the threshold is chosen on; None, or without pictures of both classes, there is no operating point.
    """
    if len(classes) != 2 or val is None or len(np.unique(val[0])) < 2:
        return None
    threshold = best_threshold(val[0] == 1, val[1][:, 1])
    labels, positive = test[0], test[1][:, 1] >= threshold
    rates: dict[str, Any] = {}
    for name, i, right in (("sensitivity", 1, positive), ("specificity", 0, ~positive)):
        own = labels == i
        rates[name] = share_interval(right[own], numbers[own]).document() if own.any() else None
    return {"positive": classes[1], "threshold": threshold, **rates, "chosen_on": "val"}


def best_threshold(own: NDArray[np.bool_], scores: NDArray[Any]) -> float:
    """Return the threshold with the largest sum of sensitivity and specificity (Youden 1950).

    Candidates are the middles between scores that follow each other, and `USUAL`; of equally good ones that nearest
    to `USUAL` is taken.

    Parameters
    ----------
    own
        ``(n_pictures,)``: which are of the class; some are, some aren't.
    scores
        ``(n_pictures,)`` in [0, 1].
    """
    values = np.unique(scores.astype(np.float64))
    candidates = np.append((values[1:] + values[:-1]) / 2, USUAL)
    inside, outside = np.sort(scores[own]), np.sort(scores[~own])
    sensitivity = 1 - np.searchsorted(inside, candidates) / len(inside)
    specificity = np.searchsorted(outside, candidates) / len(outside)
    # Rounded, so that equal sums of unlike fractions are equal.
    gains = np.round(sensitivity + specificity, 9)
    best = candidates[gains == gains.max()]
    return float(best[np.abs(best - USUAL).argmin()])
