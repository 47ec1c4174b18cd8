"""A ridge classifier: least squares towards 1 for a picture's class and 0 for the others, with an L2 penalty.

Hoerl & Kennard 1970, with features standardised and an intercept that isn't penalised: the weights that minimise the
weighted mean of the rows' squared errors plus ``alpha`` times the sum of squared weights. Everything follows from one
eigendecomposition: the solution for every ``alpha``, and the scores that each unit of rows gets from a fit to all the
others, for which there is a formula (Hastie, Tibshirani & Friedman 2009, section 7.10).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.learn.fit import Fit, Trial, best, trial
from headstart.learn.folds import folds_of
from headstart.learn.gram import Standard, products_of, standard_of
from headstart.learn.heads import DenseHead, softmax
from headstart.learn.rows import Floats, Rows
from headstart.learn.standardisation import Doubles
from headstart.progress import Listener

ALPHAS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
"""Penalties tried, the most cautious first, per row and for features of variance 1.

scikit-learn's ``alpha`` is this times the number of rows.
"""

_NUMBERS_AT_ONCE = 2**24
"""What is copied at once where units of one size are left out."""

_LEAST = 1e-6
"""Weights and variances are taken for no less."""


@dataclass(frozen=True)
class Solutions:
    """The weights of standardised features for any ``alpha``.

    Attributes
    ----------
    values, directions
        ``(r,)`` and ``(dimension, r)`` float64: eigenvalues, over 0, and eigenvectors of the mean product of features.
    cross
        ``(r, n_classes)`` float64: the mean product of the features in those directions and the targets.
    """

    values: Doubles
    directions: Doubles
    cross: Doubles

    def in_directions(self, alpha: float) -> Doubles:
        """Return the weights along the directions, ``(r, n_classes)``."""
        return self.cross / (self.values + alpha)[:, np.newaxis]

    def layer(self, alpha: float, by: Standard, shares: Doubles) -> tuple[Doubles, Doubles]:
        """Return kernel and bias for raw features, which ``by`` standardises; ``shares`` are those of the classes."""
        kernel = self.directions @ self.in_directions(alpha) / by.std[:, np.newaxis]
        return kernel, shares - by.mean @ kernel


def solutions(gram: Doubles, cross: Doubles) -> Solutions:
    """Return the solutions of ``(gram + alpha I) weights = cross``: ``(d, d)``, and ``(d, n_classes)``."""
    values, directions = eigen(gram)
    return Solutions(values, directions, directions.T @ cross)


def eigen(symmetric: Doubles) -> tuple[Doubles, Doubles]:
    """Return the eigenvalues of a symmetric matrix that aren't 0 but for rounding, ascending, and their vectors."""
    from scipy.linalg import eigh

    values, vectors = eigh(symmetric, driver="evd", overwrite_a=True, check_finite=False)
    kept = values > np.finfo(np.float32).eps * max(float(values[-1]), _LEAST)
    return values[kept], vectors[:, kept]


def head_of(layer: tuple[Doubles, Doubles]) -> DenseHead:
    """Return kernel and bias as a head."""
    kernel, bias = layer
    return DenseHead(((kernel.astype(np.float32), bias.astype(np.float32)),))


def fit_ridge(rows: Rows, listen: Listener) -> Fit:
    """Return the ridge classifier of ``rows``, with the ``alpha`` of `ALPHAS` by which held-out log loss is least.

    Each unit is held out by itself, so with units of one row this is leave-one-out. Least-squares scores aren't
    log-odds: the temperature by which they are divided makes probabilities of them. The penalty stays ``alpha`` times
    the weight of all rows when a unit is left out, and so does the standardisation.
    """
    fitted, unit = _Fitted.to(rows), np.unique(rows.units, return_inverse=True)[1]
    chosen = fitted.best_trial(rows, np.where(folds_of(rows) >= 0, unit, -1))
    return fitted.fit(chosen)


def fit_ridge_and_left_out(rows: Rows, left_out: NDArray[np.intp]) -> tuple[Fit, Floats]:
    """Return the ridge classifier of ``rows``, and what is said of each row by the fit without its unit.

    Parameters
    ----------
    rows
        The rows.
    left_out
        ``(n,)``: each row's unit; -1 for rows that are in every fit, of which nothing is said.

    Returns
    -------
    tuple
        The fit, chosen as by `fit_ridge` but by all rows that are left out once, and probabilities, ``(n, n_classes)``
        float32; the same for all classes where ``left_out`` is -1.
    """
    fitted = _Fitted.to(rows)
    chosen = fitted.best_trial(rows, left_out)
    scores = fitted.held_out(chosen.setting, left_out)
    return fitted.fit(chosen), softmax(scores / np.float32(chosen.temperature))


@dataclass(frozen=True)
class _Fitted:
    """The fits to rows for every ``alpha``.

    ``roots``, ``(n,)``, are the roots of the weights; ``axes``, ``(n, r)``, the standardised rows in the directions of
    ``solutions`` times these; ``targets``, ``(n, n_classes)``, the targets less their means times these.
    """

    by: Standard
    shares: Doubles
    solutions: Solutions
    roots: Floats
    axes: Floats
    targets: Floats

    @classmethod
    def to(cls, rows: Rows) -> _Fitted:
        """Return the fits to ``rows``."""
        n, dimension = rows.features.shape
        weight = rows.weights.sum(dtype=np.float64)
        roots = np.sqrt(rows.weights)
        by = standard_of(rows.features, rows.weights)
        x = by.of(rows.features)
        x *= roots[:, np.newaxis]
        shares = np.bincount(rows.labels, rows.weights, rows.n_classes) / weight
        targets = -roots[:, np.newaxis] * shares.astype(np.float32)
        targets[np.arange(n), rows.labels] += roots
        if dimension <= n:
            values, directions = eigen(products_of(x) / weight)
        else:  # the products of rows have the same eigenvalues, and are fewer
            values, left = eigen(products_of(np.ascontiguousarray(x.T)) / weight)
            directions = x.T @ left / np.sqrt(values * weight)
        axes = x @ directions.astype(np.float32)
        cross = (axes.T @ targets).astype(np.float64) / weight
        return cls(by, shares, Solutions(values, directions, cross), roots, axes, targets)

    def best_trial(self, rows: Rows, left_out: NDArray[np.intp]) -> Trial:
        """Return how the ``alpha`` did by which log loss is least on the rows that are ``left_out`` with their unit."""
        return best(trial(alpha, self.held_out(alpha, left_out), rows, left_out) for alpha in ALPHAS)

    def fit(self, chosen: Trial) -> Fit:
        """Return the fit to all rows with the ``alpha`` that was chosen."""
        head = head_of(self.solutions.layer(chosen.setting, self.by, self.shares)).cooled(chosen.temperature)
        return Fit(head, {"alpha": chosen.setting, **chosen.document()})

    def held_out(self, alpha: float, unit: NDArray[np.intp]) -> Floats:
        """Return for each row the scores by the fit that is without its unit, ``(n, n_classes)`` float32.

        Parameters
        ----------
        alpha
            The penalty.
        unit
            ``(n,)``: each row's unit; -1 for rows that aren't held out, whose scores are 0.

        Notes
        -----
        With H the matrix that makes fitted values of targets, a unit's residuals in the fit without it are
        ``(I - H_uu)^-1`` times those in the fit to all. H is a product Q Q', where Q has a row for each row, and
        where a unit has more rows than that has columns, the inverse is found on the shorter side.
        """
        root_weight = float(np.linalg.norm(self.roots))
        scale = (1 / (np.sqrt(self.solutions.values + alpha) * root_weight)).astype(np.float32)
        coefficients = self.solutions.in_directions(alpha).astype(np.float32)
        scores = np.zeros_like(self.targets)
        for members in _alike(unit, self.axes.shape[1]):  # (units, rows of each)
            axes, roots = self.axes[members], self.roots[members]
            residuals = (self.targets[members] - axes @ coefficients).astype(np.float64)
            q = np.concatenate([axes * scale, roots[..., np.newaxis] / root_weight], axis=2).astype(np.float64)
            turned = q.swapaxes(1, 2)
            if q.shape[1] <= q.shape[2]:
                left_out = np.linalg.solve(np.eye(q.shape[1]) - q @ turned, residuals)
            else:
                left_out = residuals + q @ np.linalg.solve(np.eye(q.shape[2]) - turned @ q, turned @ residuals)
            above = (self.targets[members] - left_out) / np.maximum(roots, _LEAST)[..., np.newaxis]
            scores[members] = self.shares + above
        return scores


def _alike(unit: NDArray[np.intp], numbers_a_row: int) -> Iterator[NDArray[np.intp]]:
    """Yield the rows of some units of one size at once, ``(units, rows of each)``; units of -1 aren't there."""
    order = np.argsort(unit, kind="stable")[np.count_nonzero(unit < 0) :]
    first = np.flatnonzero(np.diff(unit[order], prepend=-1))
    sizes = np.diff(first, append=len(order))
    for size in np.unique(sizes):
        begins = first[sizes == size]
        step = max(1, _NUMBERS_AT_ONCE // (int(size) * (numbers_a_row + 1)))
        for start in range(0, len(begins), step):
            yield order[begins[start : start + step, np.newaxis] + np.arange(size)]
