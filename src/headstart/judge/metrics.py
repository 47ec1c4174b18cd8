"""Figures of a classifier from labels and probabilities.

Everything is computed from weighted counts, so that the figure and its bootstrap resamples come from the same
lines. Definitions agree with scikit-learn's (``zero_division=0``), which the tests compare with. A figure that a
part can't give (the recall of a class without pictures) is NaN here and null in documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.judge.reliability import calibration_errors

LOG_LOSS_EPSILON = 1e-7
"""Probabilities are clipped to at least this before the logarithm: about the resolution of float32."""

TOP_K = 5

Array = NDArray[Any]
"""Float32 or float64."""


@dataclass(frozen=True)
class Counts:
    """Weighted counts per class: ``(n_resamples, n_classes)`` arrays, one row for plain figures."""

    hits: Array
    labelled: Array
    predicted: Array


def counts(labels: NDArray[np.intp], predicted: NDArray[np.intp], n_classes: int, weights: Array) -> Counts:
    """Return counts under ``weights``, ``(n_resamples, n_pictures)``, for labels and predictions ``(n_pictures,)``."""
    truth = np.eye(n_classes, dtype=np.float32)[labels]
    guess = np.eye(n_classes, dtype=np.float32)[predicted]
    return Counts(weights @ (truth * guess), weights @ truth, weights @ guess)


def precision(c: Counts) -> Array:
    """Return the precision of each class: hits / predicted, 0 where nothing was predicted, NaN for unseen classes."""
    return _ratio(c.hits, c.predicted, c)


def recall(c: Counts) -> Array:
    """Return the recall of each class: hits / labelled, 0 where nothing was labelled, NaN for unseen classes."""
    return _ratio(c.hits, c.labelled, c)


def f1(c: Counts) -> Array:
    """Return the F1 of each class: the harmonic mean of precision and recall; NaN for unseen classes."""
    return _ratio(2 * c.hits, c.predicted + c.labelled, c)


def _ratio(over: Array, under: Array, c: Counts) -> Array:
    unseen = c.labelled + c.predicted == 0
    return np.asarray(np.where(unseen, np.nan, over / np.maximum(under, 1e-12)))


def _macro(per_class: Array) -> Array:
    """Return the mean over the classes that occur among labels or predictions."""
    return np.asarray(np.nanmean(per_class, axis=1))


def _weighted(per_class: Array, c: Counts) -> Array:
    """Return the mean over classes, weighted by their number of pictures."""
    return np.asarray(np.nansum(per_class * c.labelled, axis=1) / c.labelled.sum(axis=1))


def _balanced_accuracy(c: Counts) -> Array:
    """Return the mean recall over the classes that have pictures."""
    return np.asarray(np.nanmean(np.where(c.labelled > 0, recall(c), np.nan), axis=1))


def _matthews(c: Counts) -> Array:
    """Return Matthews' correlation of labels and predictions, for any number of classes (Gorodkin 2004, R_K).

    In [-1, 1]; 0 is no better than guessing, and what always answering one class gets.
    """
    hits, labelled, predicted = (x.astype(np.float64) for x in (c.hits, c.labelled, c.predicted))
    total = labelled.sum(axis=1)
    over = hits.sum(axis=1) * total - (labelled * predicted).sum(axis=1)
    under = (total**2 - (labelled**2).sum(axis=1)) * (total**2 - (predicted**2).sum(axis=1))
    return np.asarray(np.where(under > 0, over / np.sqrt(np.maximum(under, 1e-12)), 0.0))


def summary(labels: NDArray[np.intp], proba: Array, weights: Array) -> dict[str, Array]:
    """Return every figure that is one number, ``(n_resamples,)`` each.

    Parameters
    ----------
    labels
        ``(n_pictures,)`` positions of the true classes.
    proba
        ``(n_pictures, n_classes)`` probabilities, rows summing to 1.
    weights
        ``(n_resamples, n_pictures)``: how often each picture counts.
    """
    n_classes = proba.shape[1]
    predicted = proba.argmax(axis=1)
    c = counts(labels, predicted, n_classes, weights)
    total = weights.sum(axis=1)
    figures = {
        "accuracy": c.hits.sum(axis=1) / total,
        "balanced_accuracy": _balanced_accuracy(c),
        "precision_macro": _macro(precision(c)),
        "recall_macro": _macro(recall(c)),
        "f1_macro": _macro(f1(c)),
        "precision_weighted": _weighted(precision(c), c),
        "recall_weighted": _weighted(recall(c), c),
        "f1_weighted": _weighted(f1(c), c),
        "mcc": _matthews(c),
        "log_loss": weights @ picture_losses(labels, proba) / total,
        "brier": weights @ _squared_errors(labels, proba) / total,
        "ece": calibration_errors(labels, proba, weights),
    }
    if n_classes > TOP_K:
        figures["top5_accuracy"] = weights @ _in_top(labels, proba, TOP_K) / total
    return figures


def picture_losses(labels: NDArray[np.intp], proba: Array) -> Array:
    """Return ``-log p`` of the true class of each picture, with ``p`` clipped at `LOG_LOSS_EPSILON`."""
    return np.asarray(-np.log(np.clip(proba[np.arange(len(labels)), labels], LOG_LOSS_EPSILON, 1)))


def _squared_errors(labels: NDArray[np.intp], proba: Array) -> Array:
    """Return the sum, over classes, of (probability - 1 or 0)² of each picture, in [0, 2] (Brier 1950)."""
    truth = np.eye(proba.shape[1], dtype=proba.dtype)[labels]
    return np.asarray(((proba - truth) ** 2).sum(axis=1))


def _in_top(labels: NDArray[np.intp], proba: Array, k: int) -> Array:
    best = np.argsort(-proba, axis=1, kind="stable")[:, :k]
    return np.asarray((best == labels[:, np.newaxis]).any(axis=1), np.float32)


def confusion_matrix(labels: NDArray[np.intp], predicted: NDArray[np.intp], n_classes: int) -> NDArray[np.intp]:
    """Return ``(n_classes, n_classes)`` counts: rows are true classes, columns predicted ones."""
    matrix = np.zeros((n_classes, n_classes), np.intp)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix
