"""Linear discriminant analysis: one Gaussian per class, with a covariance that all share.

Fisher 1936 for several classes (Hastie, Tibshirani & Friedman 2009, section 4.3). The pooled covariance within classes
is shrunk towards a multiple of the identity, by how much Ledoit & Wolf 2004 ("A well-conditioned estimator for
large-dimensional covariance matrices") derive from the rows, or as cross-validation prefers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.learn.axes import standardised_axes
from headstart.learn.fit import Fit, crossvalidated
from headstart.learn.folds import folds_of
from headstart.learn.penalised import Linear
from headstart.learn.rows import Floats, Rows
from headstart.progress import Listener

SHRINKAGES = (None, 0.1, 0.3, 0.6, 0.9)
"""Tried; None is Ledoit and Wolf's."""


def fit_lda(rows: Rows, listen: Listener) -> Fit:
    """Return the discriminants of ``rows``; their shrinkage has the lowest cross-validated log loss."""
    standard = standardised_axes(rows.features)
    x = standard.axes.scores
    dimension = rows.features.shape[1]
    chosen = crossvalidated(
        SHRINKAGES,
        rows,
        folds_of(rows),
        lambda learnt: within_classes(x, rows, learnt, dimension),
        lambda within, shrinkage, held: within.discriminants(shrinkage).scores(x[held]),
    )
    within = within_classes(x, rows, np.ones(len(x), np.bool_), dimension)
    linear = within.discriminants(chosen.setting)
    head = standard.head(linear.weights, linear.bias).cooled(chosen.temperature)
    used = within.ledoit_wolf if chosen.setting is None else chosen.setting
    return Fit(head, {"shrinkage": round(used, 6), "tuned": chosen.setting is not None, **chosen.document()})


@dataclass(frozen=True)
class _Within:
    """What the discriminants need of some rows: ``(r, r)``, ``(n_classes, r)``, ``(n_classes,)`` float64."""

    covariance: NDArray[np.float64]
    means: NDArray[np.float64]
    shares: NDArray[np.float64]
    ledoit_wolf: float
    identity: float

    def discriminants(self, shrinkage: float | None) -> Linear:
        """Return the log of each class' density times its share, less what is the same for all."""
        from scipy.linalg import cho_factor, cho_solve

        by = self.ledoit_wolf if shrinkage is None else shrinkage
        shrunk = (1 - by) * self.covariance
        shrunk[np.diag_indices_from(shrunk)] += by * self.identity + _LEAST * max(self.identity, _LEAST)
        weights = cho_solve(cho_factor(shrunk, lower=True), self.means.T) if len(shrunk) else self.means.T
        bias = np.log(self.shares) - (self.means.T * weights).sum(axis=0) / 2
        return Linear(weights.astype(np.float32), bias.astype(np.float32))


_LEAST = 1e-6


def within_classes(x: Floats, rows: Rows, learnt: NDArray[np.bool_], dimension: int) -> _Within:
    """Return the weighted means and covariance of the rows where ``learnt``.

    A class without rows gets the mean of all, and half a row's share.
    """
    x, labels, weights = x[learnt].astype(np.float64), rows.labels[learnt], rows.weights[learnt].astype(np.float64)
    total = weights.sum()
    by_class = np.bincount(labels, weights, rows.n_classes)
    sums = np.zeros((rows.n_classes, x.shape[1]))
    np.add.at(sums, labels, x * weights[:, np.newaxis])
    means = np.where(by_class[:, np.newaxis] > 0, sums, (weights @ x) / total)
    means /= np.where(by_class > 0, by_class, 1)[:, np.newaxis]
    rest = (x - means[labels]) * np.sqrt(weights / total)[:, np.newaxis]
    covariance = rest.T @ rest
    # Ledoit & Wolf, section 3.2, in the space of all features: outside of the axes there is no variance.
    identity = np.trace(covariance) / dimension
    distance = (covariance**2).sum() - dimension * identity**2
    n = total**2 / (weights**2).sum()
    lengths = (rest**2).sum(axis=1) / (weights / total)
    noise = ((weights / total) @ lengths**2 - (covariance**2).sum()) / n
    shrinkage = float(np.clip(noise / distance, 0, 1)) if distance > _LEAST * identity**2 else 1.0
    shares = np.maximum(by_class, 0.5 * total / len(labels))
    return _Within(covariance, means, shares / shares.sum(), shrinkage, float(identity))
