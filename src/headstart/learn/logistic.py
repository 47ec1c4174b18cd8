"""frozen+logistic: a softmax layer fitted to its optimum, its strength chosen by cross-validation inside train.

Multinomial logistic regression with an L2 penalty on standardised features (Bishop 2006, section 4.3.4): the
same model as one dense layer with softmax, without the noise of stochastic training. The loss is convex, so
L-BFGS (Liu & Nocedal 1989) finds its one optimum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.learn.axes import PrincipalAxes, standardised_axes
from headstart.learn.fit import Fit, best
from headstart.learn.folds import folds_of
from headstart.learn.heads import DenseHead, Floats, softmax
from headstart.learn.penalised import EXACT, Linear, nothing, optimum
from headstart.learn.rows import Rows, rows_of
from headstart.learn.strengths import fitted, trials_of
from headstart.progress import Listener

PENALTIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
"""Penalties tried, per picture: the objective is mean log loss + penalty / 2 × the sum of squared weights.

Where nothing can be held out the first is taken: the cautious choice.
"""

_PENALTY_OF_A_PROBE = 0.1

_CURVATURE = 0.05
"""Typical p (1 - p) of a softmax layer that fits; only the number of steps depends on it, not the optimum."""


def fit_logistic(rows: Rows, listen: Listener) -> Fit:
    """Return the head fitted to ``rows``: of the penalty with the lowest cross-validated log loss."""
    standard = standardised_axes(rows.features)
    trials, start = trials_of(standard.axes, rows, folds_of(rows), PENALTIES, softmax_optimum)
    chosen = best(trials)
    linear = fitted(standard.axes, rows, chosen, start, softmax_optimum)
    head = standard.head(linear.weights, linear.bias).cooled(chosen.temperature)
    return Fit(head, {"penalty": chosen.setting, **chosen.document()})


def fit_probe(features: Floats, labels: NDArray[np.intp], n_classes: int) -> DenseHead:
    """Return a head with a fixed penalty, quickly: to compare features, not to be kept.

    Parameters
    ----------
    features
        ``(n, dimension)`` float32.
    labels
        ``(n,)``, in [0, n_classes).
    n_classes
        How many classes there are.
    """
    standard, rows = standardised_axes(features), rows_of(features, labels, n_classes)
    start = nothing(len(standard.axes.variances), n_classes)
    everything = np.ones(len(labels), np.bool_)
    linear = softmax_optimum(standard.axes, rows, everything, _PENALTY_OF_A_PROBE, start, EXACT)
    return standard.head(linear.weights, linear.bias)


def softmax_optimum(  # noqa: PLR0917 - a `Solver`
    axes: PrincipalAxes, rows: Rows, learnt: NDArray[np.bool_], penalty: float, start: Linear, tolerance: float
) -> Linear:
    """Return what minimises the penalised weighted mean log loss of the rows where ``learnt``: a `Solver`."""
    labels, weights = rows.labels[learnt], rows.weights[learnt]
    row = np.arange(len(labels))
    shares = (weights / weights.sum(dtype=np.float64)).astype(np.float32)

    def loss(scores: Floats) -> tuple[float, Floats]:
        proba = softmax(scores)
        value = -(np.log(np.maximum(proba[row, labels], 1e-30)) * shares).sum(dtype=np.float64)
        proba[row, labels] -= 1
        proba *= shares[:, np.newaxis]
        return float(value), proba

    return optimum(
        axes.scores[learnt],
        axes.variances,
        loss,
        curvature=_CURVATURE,
        penalty=penalty,
        start=start,
        tolerance=tolerance,
    )
