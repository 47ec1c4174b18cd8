"""Which labels are likely wrong: confident learning on what heads say of pictures that they hadn't learnt from.

Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", J. AI Research 70. How
many labels are wrong is estimated from the confident joint (section 3.1); which ones is told by rank (section 3.2):
here by the odds of another class against the label, which ranked labels that were swapped on purpose in three sets of
real pictures better than the paper's margin, and as well as or better than the probability of the label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.judge.groups import Units, numbered, share_interval
from headstart.judge.metrics import Array, confusion_matrix

LEAST_ODDS = 2.0
"""So many times likelier than its label must the class be that is suggested for a suspect."""

MOST_WRONG = 0.5
"""Where a larger share of the labels seems wrong, it is the features that are."""


@dataclass(frozen=True)
class Suspects:
    """Pictures whose labels are likely wrong, worst first.

    Attributes
    ----------
    positions
        ``(n_suspects,)``: which rows they are.
    suggested
        ``(n_suspects,)``: for each the likeliest class but its label.
    """

    positions: NDArray[np.intp]
    suggested: NDArray[np.intp]


def class_thresholds(labels: NDArray[np.intp], proba: Array) -> NDArray[np.float64]:
    """Return the mean probability of each class among the pictures labelled so, ``(n_classes,)`` (equation 2).

    It is infinite for a class without pictures: none is confidently of it.

    Parameters
    ----------
    labels
        ``(n,)``, in [0, n_classes).
    proba
        ``(n, n_classes)``, rows summing to 1, each by a head that didn't learn from the picture.
    """
    counts = np.bincount(labels, minlength=proba.shape[1])
    sums = np.bincount(labels, _of_label(labels, proba), proba.shape[1])
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def estimated_errors(labels: NDArray[np.intp], proba: Array, thresholds: NDArray[np.float64]) -> float:
    """Return how many labels are likely wrong, in [0, n].

    A picture is confidently of the likeliest class whose threshold its probability reaches (equation 1); the share of
    those of a label that are confidently of another class is taken for that of all pictures of the label (equation 3).
    """
    reached = proba >= thresholds
    told = reached.any(axis=1)
    confident = np.where(reached, proba, -1).argmax(axis=1)
    joint = confusion_matrix(labels[told], confident[told], proba.shape[1])
    counted = joint.sum(axis=1)
    wrong = (counted - np.diag(joint)) / np.maximum(counted, 1)
    return float(np.bincount(labels, minlength=len(joint)) @ wrong)


def suspects(labels: NDArray[np.intp], proba: Array, thresholds: NDArray[np.float64]) -> Suspects:
    """Return as many pictures as labels are likely wrong, those whose label has the worst odds.

    Pictures whose odds are better than `LEAST_ODDS` are left out, whatever the estimate. Arguments as for
    `class_thresholds`, which need not be of these pictures.
    """
    others = proba.astype(np.float64)
    np.put_along_axis(others, labels[:, np.newaxis], -1, axis=1)
    suggested = others.argmax(axis=1)
    tiny = np.finfo(np.float32).tiny
    odds = np.maximum(others.max(axis=1), tiny) / np.maximum(_of_label(labels, proba), tiny)
    worst = np.argsort(-odds, kind="stable")[: round(estimated_errors(labels, proba, thresholds))]
    positions = worst[odds[worst] >= LEAST_ODDS]
    return Suspects(positions, suggested[positions])


def can_tell_apart(labels: NDArray[np.intp], proba: Array, units: Units) -> bool:
    """Return whether the answers are so good that one that differs from the label speaks against the label.

    They must agree with the labels more often than if they had nothing to do with them (the chance agreement of Cohen
    1960), beyond doubt, and the labels that seem wrong must be at most a share of `MOST_WRONG`.

    Parameters
    ----------
    labels, proba
        As for `class_thresholds`, of at least one picture.
    units
        ``(n,)``: pictures with the same number belong together, and count for less than as many others.
    """
    n, n_classes = len(labels), proba.shape[1]
    answers = proba.argmax(axis=1)
    shares = np.bincount(labels, minlength=n_classes) / n
    by_chance = float(shares @ np.bincount(answers, minlength=n_classes)) / n
    wrong = estimated_errors(labels, proba, class_thresholds(labels, proba))
    return share_interval(answers == labels, numbered(units)).low > by_chance and wrong <= MOST_WRONG * n


def _of_label(labels: NDArray[np.intp], proba: Array) -> NDArray[np.float64]:
    return np.take_along_axis(proba, labels[:, np.newaxis], axis=1)[:, 0].astype(np.float64)
