"""Labels and probabilities in, the figures of a results document out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.judge.groups import Numbers, Units, are_alone, numbered, share_interval
from headstart.judge.intervals import (
    Interval,
    logit_interval,
    lowered_interval,
    percentile_interval,
    resampling_weights,
)
from headstart.judge.metrics import Array, confusion_matrix, counts, f1, precision, recall, summary
from headstart.judge.operating_point import Part, operating_point
from headstart.judge.ranking import macro, rankings
from headstart.judge.reliability import reliability

FEW_ERRORS, FEW_PICTURES, FEW_GROUPS = 5, 30, 20
UNEVEN = 0.5
"""Chance from which on accuracy alone misleads; with two classes 0.7."""

RANKING_RESAMPLES = 500
"""The first of all resamples: enough for two digits, and each costs a pass through all pictures for every class."""

_RANKING = ("roc_auc", "average_precision")
_INTERVALS = {"ece": lowered_interval} | dict.fromkeys(
    [*_RANKING, *(f"{name}_macro" for name in _RANKING)], logit_interval
)
"""Of figures whose percentiles cover too seldom."""

_PER_CLASS = {"precision": precision, "recall": recall, "f1": f1}


@dataclass(frozen=True)
class _Figures:
    """Figures of several resamples, or of one: ``(n_resamples,)`` each, and ``(n_resamples, n_classes)``."""

    whole: dict[str, Array]
    per_class: dict[str, Array]


def plain_figures(labels: NDArray[np.intp], proba: Array) -> dict[str, float | None]:
    """Return the one-number figures without intervals, as on the val part; None where a part can't give one."""
    return {name: _number(values[0]) for name, values in _once(labels, proba).whole.items()}


def figures_with_intervals(
    labels: NDArray[np.intp],
    proba: Array,
    classes: Sequence[str],
    chance: float,
    seed: int,
    *,
    units: Units | None = None,
    val: Part | None = None,
) -> dict[str, Any]:
    """Return every figure with its 95 % interval, per-class figures, the confusion matrix, and warnings.

    Accuracy has Wilson's interval, for as many pictures as grouped ones count for; all others have intervals from
    bootstrap resamples, in which whole units are drawn: percentiles, if nothing better is known for the figure.

    Parameters
    ----------
    labels
        ``(n_pictures,)`` positions of the true classes in ``classes``.
    proba
        ``(n_pictures, n_classes)`` float32 probabilities.
    classes
        Class names.
    chance
        What always answering the most frequent class would reach.
    seed
        Of the bootstrap.
    units
        ``(n_pictures,)``: what belongs together has the same number; None if no pictures do.
    val
        Labels and probabilities by which a threshold for two classes is chosen.
    """
    numbers = numbered(range(len(labels)) if units is None else units)
    predicted = proba.argmax(axis=1)
    once, resampled = _once(labels, proba), _resampled(labels, proba, numbers, seed)
    document: dict[str, Any] = {
        name: _with_interval(name, values[0], resampled.whole[name]) for name, values in once.whole.items()
    }
    document["accuracy"] = share_interval(predicted == labels, numbers).document()
    document["chance"] = chance
    document["pictures"] = len(labels)
    document["groups"] = int(numbers.max()) + 1
    document["per_class"] = {
        name: {"pictures": int((labels == i).sum()), "predicted": int((predicted == i).sum())}
        | {
            figure: _with_interval(figure, values[0, i], resampled.per_class[figure][:, i])
            for figure, values in once.per_class.items()
        }
        for i, name in enumerate(classes)
    }
    document["confusion_matrix"] = confusion_matrix(labels, predicted, len(classes)).tolist()
    document["reliability"] = reliability(labels, proba, numbers)
    document["operating_point"] = operating_point((labels, proba), numbers, classes, val)
    document["warnings"] = _warnings(int((predicted == labels).sum()), numbers) + _chance_warnings(
        document, chance, len(classes)
    )
    return document


def _once(labels: NDArray[np.intp], proba: Array) -> _Figures:
    """Return the plain figures."""
    weights = np.ones((1, len(labels)), np.float32)
    return _all_figures(labels, proba, weights, weights)


def _resampled(labels: NDArray[np.intp], proba: Array, numbers: Numbers, seed: int) -> _Figures:
    """Return the figures of each resample of units; those of ranking are fewer."""
    blocks, done = [], 0
    for weights in resampling_weights(numbers, seed):
        blocks.append(_all_figures(labels, proba, weights, weights[: max(0, RANKING_RESAMPLES - done)]))
        done += len(weights)
    return _Figures(
        {name: np.concatenate([block.whole[name] for block in blocks]) for name in blocks[0].whole},
        {name: np.concatenate([block.per_class[name] for block in blocks]) for name in blocks[0].per_class},
    )


def _all_figures(labels: NDArray[np.intp], proba: Array, weights: Array, ranking_weights: Array) -> _Figures:
    counted = counts(labels, proba.argmax(axis=1), proba.shape[1], weights)
    ranked = rankings(labels, proba, ranking_weights)
    return _Figures(
        summary(labels, proba, weights) | {f"{name}_macro": macro(values) for name, values in ranked.items()},
        {name: of(counted) for name, of in _PER_CLASS.items()} | ranked,
    )


def _with_interval(name: str, value: float, resampled: Array) -> dict[str, float] | None:
    if math.isnan(value):
        return None
    interval: Interval = _INTERVALS.get(name, percentile_interval)(float(value), resampled)
    return interval.document()


def _warnings(hits: int, numbers: Numbers) -> list[str]:
    pictures, groups = len(numbers), int(numbers.max()) + 1
    warnings, errors = [], pictures - hits
    if pictures < FEW_PICTURES:
        warnings.append(f"Only {pictures} pictures were judged: the intervals are wide and rough.")
    if groups < FEW_GROUPS and not are_alone(numbers):
        warnings.append(f"The {pictures} judged pictures come from {groups} groups only: the intervals are rough.")
    if errors < FEW_ERRORS:
        counted = {0: "No error", 1: "Only 1 error"}.get(errors, f"Only {errors} errors")
        warnings.append(f"{counted} in {pictures} pictures: intervals other than accuracy's are too narrow.")
    return warnings


def _chance_warnings(figures: dict[str, Any], chance: float, n_classes: int) -> list[str]:
    """Say what an accuracy is worth where one class outweighs the others."""
    if figures["accuracy"]["low"] <= chance:
        return [
            f"The accuracy can't be told from that of always answering the most frequent class, {chance:.3f}: nothing "
            "shows that the pictures were looked at."
        ]
    if chance >= max(UNEVEN, 1.4 / n_classes):
        return [
            f"One class is {chance:.0%} of the judged pictures, so accuracy says little; balanced accuracy is "
            f"{figures['balanced_accuracy']['value']:.3f}, Matthews correlation {figures['mcc']['value']:.3f}."
        ]
    return []


def chance_of(train_labels: NDArray[np.intp], labels: NDArray[np.intp]) -> float:
    """Return the accuracy on ``labels`` of always answering the class that is most frequent in train."""
    return float(majority_right(train_labels, labels).mean())


def majority_right(train_labels: NDArray[np.intp], labels: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which of ``labels`` are the class that is most frequent in train, ``(n_pictures,)``."""
    return np.asarray(labels == np.bincount(train_labels).argmax())


def _number(value: float) -> float | None:
    """Return a float that JSON knows, or None for NaN."""
    return None if math.isnan(value) else float(value)
