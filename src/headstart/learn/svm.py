"""Support vector machines, linear or with a Gaussian kernel: whichever does better on held-out rows.

One against the rest for each class, with the squared hinge loss (Chapelle 2007, "Training a support vector machine in
the primal"): smooth, so that L-BFGS finds all classes' optima at once in the principal axes that folds and strengths
share. For the kernel these are axes of the space that it spans over the training rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.learn.axes import PrincipalAxes, StandardisedAxes, kernel_axes, standardised_axes
from headstart.learn.fit import Fit, Trial, best
from headstart.learn.folds import folds_of
from headstart.learn.heads import Head, KernelHead
from headstart.learn.heads.head import directions_of
from headstart.learn.heads.kernel import gaussian
from headstart.learn.penalised import Linear, optimum
from headstart.learn.rows import Floats, Rows
from headstart.learn.strengths import fitted, trials_of
from headstart.progress import Listener

PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Of the linear machine, per picture: the objective is mean loss + penalty / 2 × the sum of squared weights."""

KERNEL_PENALTIES = (0.003, 0.0003)
"""Of the kernel machine: on rows of length 1 its accuracy hardly changes below the second."""

WIDTHS = (0.25, 0.5, 1.0)
"""Of the kernel: gamma is this over the sum of the variances of the rows, as scikit-learn's "scale" is for 1."""

MOST_CLASSES, MOST_ROWS = 60, 4000
"""Beyond, the kernel isn't tried: its time grows with the cube of the rows."""

_LEAST_SPREAD = 1e-8

_CURVATURE = 0.3
"""About 2 × the share of rows within the margin."""


def fit_svm(rows: Rows, listen: Listener) -> Fit:
    """Return the machine fitted to ``rows``: kernel, width and strength have the lowest cross-validated log loss.

    With over `MOST_CLASSES` classes or `MOST_ROWS` rows it is linear, which ``chosen`` says.
    """
    fold = folds_of(rows)
    standard = standardised_axes(rows.features)
    trials, start = trials_of(standard.axes, rows, fold, PENALTIES, hinge_optimum)
    linear = best(trials)
    is_small = rows.n_classes <= MOST_CLASSES and len(rows.labels) <= MOST_ROWS
    kernel = _best_kernel(rows, fold, standard) if is_small and linear.log_loss is not None else None
    if kernel is None or best([linear, kernel.trial]) is linear:
        machine = fitted(standard.axes, rows, linear, start, hinge_optimum)
        head: Head = standard.head(machine.weights, machine.bias)
        chosen, tried = {"kernel": "linear", "penalty": linear.setting}, linear
    else:
        head, tried = kernel.head(rows, standard), kernel.trial
        chosen = {"kernel": "rbf", "penalty": tried.setting, "gamma": kernel.gamma}
    chosen["tried"] = ["linear"] if kernel is None else ["linear", "rbf"]
    return Fit(head.cooled(tried.temperature), {**chosen, **tried.document()})


@dataclass(frozen=True)
class _Kernel:
    """The best kernel machine of one width: what it did, and what its fit to all rows needs."""

    trial: Trial
    gamma: float
    directions: Floats
    axes: PrincipalAxes
    start: Linear

    def head(self, rows: Rows, standard: StandardisedAxes) -> KernelHead:
        """Return the machine fitted to all ``rows``, whose directions these are."""
        machine = fitted(self.axes, rows, self.trial, self.start, hinge_optimum)
        coefficients = np.ascontiguousarray(self.axes.directions @ machine.weights, np.float32)
        gamma = np.array([self.gamma], np.float32)
        return KernelHead(standard.mean, standard.std, self.directions, coefficients, machine.bias, gamma)


def _best_kernel(rows: Rows, fold: NDArray[np.intp], standard: StandardisedAxes) -> _Kernel | None:
    """Return the best width; None if all rows have the same direction."""
    directions = directions_of(rows.features, standard.mean, standard.std)
    spread = float(directions.var(axis=0, dtype=np.float64).sum())
    if spread < _LEAST_SPREAD:
        return None
    found = []
    for width in WIDTHS:
        gamma = width / spread
        axes = kernel_axes(gaussian(directions, directions, gamma))
        trials, start = trials_of(axes, rows, fold, KERNEL_PENALTIES, hinge_optimum)
        found.append(_Kernel(best(trials), gamma, directions, axes, start))
    chosen = best(each.trial for each in found)
    return next(each for each in found if each.trial is chosen)


def hinge_optimum(  # noqa: PLR0917 - a `Solver`
    axes: PrincipalAxes, rows: Rows, learnt: NDArray[np.bool_], penalty: float, start: Linear, tolerance: float
) -> Linear:
    """Return what minimises the penalised weighted mean squared hinge loss where ``learnt``: a `Solver`."""
    labels, weights = rows.labels[learnt], rows.weights[learnt]
    sign = np.full((len(labels), rows.n_classes), -1, np.float32)
    sign[np.arange(len(labels)), labels] = 1
    shares = (weights / weights.sum(dtype=np.float64)).astype(np.float32)[:, np.newaxis]

    def loss(scores: Floats) -> tuple[float, Floats]:
        slack = np.maximum(1 - sign * scores, 0)
        weighed = slack * shares
        return float((weighed * slack).sum(dtype=np.float64)), -2 * sign * weighed

    return optimum(
        axes.scores[learnt],
        axes.variances,
        loss,
        curvature=_CURVATURE,
        penalty=penalty,
        start=start,
        tolerance=tolerance,
    )
