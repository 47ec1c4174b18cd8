"""How well the probability of each class ranks its pictures before the others: no threshold, one against rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Float32 or float64."""


def rankings(labels: NDArray[np.intp], proba: Array, weights: Array) -> dict[str, Array]:
    """Return ``roc_auc`` and ``average_precision`` of each class, ``(n_resamples, n_classes)``.

    ``roc_auc`` is the chance that a picture of the class gets a higher probability of it than another picture, ties
    counting half (Hanley and McNeil 1982). ``average_precision`` is the mean, over pictures of the class, of the
    precision at the threshold that lets each in (Salton and McGill 1983). Both are NaN where pictures of the class, or
    all others, are missing. They agree with scikit-learn's ``roc_auc_score`` and ``average_precision_score``.

    Parameters
    ----------
    labels
        ``(n_pictures,)`` positions of the true classes.
    proba
        ``(n_pictures, n_classes)`` probabilities; any scores would do.
    weights
        ``(n_resamples, n_pictures)``: how often each picture counts.
    """
    by_picture = np.ascontiguousarray(weights.T)
    figures = [_of_class(labels == i, proba[:, i], by_picture) for i in range(proba.shape[1])]
    roc_auc, average_precision = (np.stack(columns, axis=1) for columns in zip(*figures, strict=True))
    return {"roc_auc": roc_auc, "average_precision": average_precision}


def macro(per_class: Array) -> Array:
    """Return the mean over the classes that have a figure, ``(n_resamples,)``; NaN where none has."""
    known = ~np.isnan(per_class)
    over = np.where(known, per_class, 0).sum(axis=1)
    return np.asarray(np.where(known.any(axis=1), over / np.maximum(known.sum(axis=1), 1), np.nan))


def _of_class(own: NDArray[np.bool_], scores: Array, weights: Array) -> tuple[Array, Array]:
    """Return both figures, ``(n_resamples,)`` each, of the class of the ``own`` pictures; weights by picture."""
    if not own.any() or own.all():
        unknown = np.full(weights.shape[1], np.nan)
        return unknown, unknown
    order = np.argsort(-scores, kind="stable")
    falling, own = -scores[order], own[order]
    # Of each own picture: how many pictures, and own ones, are ranked above its score, and above or at it.
    above, until = (np.searchsorted(falling, falling[own], side) for side in ("left", "right"))
    own_before = np.concatenate([[0], np.cumsum(own)])
    all_sums, own_weights = _sums_before(weights[order]), weights[order[own]]
    own_sums = _sums_before(own_weights)
    positives = own_sums[-1]
    negatives = all_sums[-1] - positives
    own_until, all_until = own_sums[own_before[until]], all_sums[until]
    others_below_or_half = negatives - (all_sums[above] - own_sums[own_before[above]] + all_until - own_until) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        roc_auc = (own_weights * others_below_or_half).sum(axis=0) / (positives * negatives)
        precision = own_until / np.maximum(all_until, 1e-12)
        average_precision = (own_weights * precision).sum(axis=0) / positives
    return roc_auc, np.where(negatives > 0, average_precision, np.nan)


def _sums_before(rows: Array) -> Array:
    """Return the sums of the first 0, 1, 2 ... of the ``rows``."""
    sums = np.empty((len(rows) + 1, rows.shape[1]), rows.dtype)
    sums[0] = 0
    np.cumsum(rows, axis=0, out=sums[1:])
    return sums
