"""Labels and probabilities in, the figures of a results document out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.judge.intervals import percentile_interval, resampling_weights, wilson
from headstart.judge.metrics import Array, confusion_matrix, counts, f1, precision, recall, summary

FEW_ERRORS, FEW_PICTURES = 5, 30
UNEVEN = 0.5
"""Chance from which on accuracy alone misleads; with two classes 0.7."""

_PER_CLASS = {"precision": precision, "recall": recall, "f1": f1}


def plain_figures(labels: NDArray[np.intp], proba: Array) -> dict[str, float | None]:
    """Return the one-number figures without intervals, as on the val part."""
    weights = np.ones((1, len(labels)), np.float32)
    return {name: _number(values[0]) for name, values in summary(labels, proba, weights).items()}


def figures_with_intervals(
    labels: NDArray[np.intp], proba: Array, classes: Sequence[str], chance: float, seed: int
) -> dict[str, Any]:
    """Return every figure with its 95 % interval, per-class figures, the confusion matrix, and warnings.

    Accuracy has Wilson's interval, all others the percentiles of bootstrap resamples of the pictures.

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
    """
    predicted = proba.argmax(axis=1)
    once = np.ones((1, len(labels)), np.float32)
    often = resampling_weights(len(labels), seed)
    resampled = summary(labels, proba, often)
    document: dict[str, Any] = {
        name: percentile_interval(float(values[0]), resampled[name]).document()
        for name, values in summary(labels, proba, once).items()
    }
    hits = int((predicted == labels).sum())
    document["accuracy"] = wilson(hits, len(labels)).document()
    document["chance"] = chance
    document["pictures"] = len(labels)
    document["per_class"] = _per_class(labels, predicted, classes, once, often)
    document["confusion_matrix"] = confusion_matrix(labels, predicted, len(classes)).tolist()
    document["warnings"] = _warnings(hits, len(labels)) + _chance_warnings(document, chance, len(classes))
    return document


def _per_class(
    labels: NDArray[np.intp], predicted: NDArray[np.intp], classes: Sequence[str], once: Array, often: Array
) -> dict[str, Any]:
    plain, resampled = (counts(labels, predicted, len(classes), weights) for weights in (once, often))
    document: dict[str, Any] = {
        name: {"pictures": int(plain.labelled[0, i]), "predicted": int(plain.predicted[0, i])}
        for i, name in enumerate(classes)
    }
    for figure, of in _PER_CLASS.items():
        values, draws = of(plain)[0], of(resampled)
        for i, name in enumerate(classes):
            known = _number(values[i]) is not None
            document[name][figure] = percentile_interval(float(values[i]), draws[:, i]).document() if known else None
    return document


def _warnings(hits: int, pictures: int) -> list[str]:
    warnings, errors = [], pictures - hits
    if pictures < FEW_PICTURES:
        warnings.append(f"Only {pictures} pictures were judged: the intervals are wide and rough.")
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
    return float((labels == np.bincount(train_labels).argmax()).mean())


def _number(value: float) -> float | None:
    """Return a float that JSON knows, or None for NaN."""
    return None if math.isnan(value) else float(value)
