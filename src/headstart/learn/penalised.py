"""Linear scores in principal axes that minimise a convex loss plus an L2 penalty: what logistic and SVM share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.learn.lbfgs import minimum
from headstart.learn.rows import Floats

EXACT, NEAR = 5e-5, 1e-3
"""Largest gradient component at the end: for the head that is kept, and for comparing penalties."""

Loss = Callable[[Floats], tuple[float, Floats]]
"""Of ``(n, n_classes)`` scores: the loss of all rows, and its gradient in the scores, ``(n, n_classes)`` float32."""


@dataclass(frozen=True)
class Linear:
    """Weights ``(r, n_classes)`` and bias ``(n_classes,)``, float32."""

    weights: Floats
    bias: Floats

    def scores(self, rows: Floats) -> Floats:
        """Return ``(m, n_classes)`` float32 scores for ``(m, r)`` rows."""
        return np.asarray(rows @ self.weights + self.bias, np.float32)


def nothing(r: int, n_classes: int) -> Linear:
    """Return weights and bias of 0: where a search begins that knows nothing better."""
    return Linear(np.zeros((r, n_classes), np.float32), np.zeros(n_classes, np.float32))


def optimum(
    rows: Floats,
    variances: Floats,
    loss: Loss,
    *,
    curvature: float,
    penalty: float,
    start: Linear,
    tolerance: float,
) -> Linear:
    """Return the weights and bias that minimise the loss plus ``penalty / 2 ×`` the sum of squared weights.

    L-BFGS works on weights divided by ``scale``, in which the curvature is about the same in every direction
    (Boehning 1992 bounds it by the variances), so that it needs tens of steps and not hundreds.

    Parameters
    ----------
    rows
        ``(n, r)`` float32, in principal axes.
    variances
        ``(r,)``: of the axes.
    loss, curvature
        What is minimised, and about what its second derivative in a score is: only the number of steps depends on it.
    penalty
        Over 0.
    start
        Where the search begins.
    tolerance
        No component of the gradient is larger at the end.
    """
    r, n_classes = start.weights.shape
    split = r * n_classes
    scale = (1 / np.sqrt(curvature * variances + penalty))[:, np.newaxis].astype(np.float32)
    scaled = rows * scale.T
    penalty_scaled = np.float32(penalty) * scale**2

    def loss_and_gradient(flat: Floats) -> tuple[float, Floats]:
        v, bias = flat[:split].reshape(r, n_classes), flat[split:]
        value, error = loss(scaled @ v + bias)
        shrunk = penalty_scaled * v
        gradient = np.concatenate([(scaled.T @ error + shrunk).ravel(), error.sum(axis=0)])
        return value + float((v * shrunk).sum(dtype=np.float64)) / 2, gradient

    first = np.concatenate([(start.weights / scale).ravel(), start.bias])
    flat = minimum(loss_and_gradient, first, tolerance=tolerance)
    return Linear(flat[:split].reshape(r, n_classes) * scale, flat[split:])
