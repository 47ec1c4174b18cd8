"""frozen+logistic: a softmax layer fitted to its optimum, its strength chosen by cross-validation inside train.

Multinomial logistic regression with an L2 penalty on standardised features (Bishop 2006, section 4.3.4): the
same model as one dense layer with softmax, without the noise of stochastic training. The loss is convex, so
L-BFGS (Liu & Nocedal 1989) finds its one optimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.learn.heads import DenseHead, Floats, on_raw_features, softmax, standardisation
from headstart.learn.lbfgs import minimum

PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Penalties tried, per picture: the objective is mean log loss + penalty / 2 × the sum of squared weights."""

FOLDS = 4

_PENALTY_OF_A_PROBE = 0.1

_EXACT, _NEAR = 1e-5, 1e-3
"""Largest gradient component at the end: for the head that is kept, and for comparing penalties."""

_CURVATURE = 0.05
"""Typical p (1 - p) of a softmax layer that fits; only the number of steps depends on it, not the optimum."""


def fit_logistic(features: Floats, labels: NDArray[np.intp], n_classes: int, seed: int) -> DenseHead:
    """Return the head fitted to ``features``, ``(n, dimension)`` float32, and ``labels``, ``(n,)`` in [0, n_classes).

    The penalty with the lowest cross-validated log loss is taken.
    """
    return _fitted(features, labels, n_classes, lambda axes: chosen_penalty(axes, labels, n_classes, seed))


def fit_probe(features: Floats, labels: NDArray[np.intp], n_classes: int) -> DenseHead:
    """Return a head with a fixed penalty, quickly: to compare features, not to be kept. Arguments as `fit_logistic`."""
    return _fitted(features, labels, n_classes, lambda axes: _PENALTY_OF_A_PROBE)


def _fitted(
    features: Floats, labels: NDArray[np.intp], n_classes: int, penalty_for: Callable[[PrincipalAxes], float]
) -> DenseHead:
    mean, std = standardisation(features)
    axes = principal_axes((features - mean) / std)
    weights, bias = optimum(axes.scores, axes.variances, labels, n_classes, penalty_for(axes))
    return DenseHead((on_raw_features(axes.directions @ weights, bias, mean, std),))


@dataclass(frozen=True)
class PrincipalAxes:
    """Rows in the coordinates of their principal axes.

    ``scores`` is ``(n, r)``, ``directions`` ``(dimension, r)`` with orthonormal columns, ``variances`` ``(r,)``. An
    L2 penalty is the same in these coordinates, and directions in which no row varies get no weight at the
    optimum, so nothing is lost. What is gained: the curvature of the loss is known beforehand, once for all folds
    and penalties.
    """

    scores: Floats
    directions: Floats
    variances: Floats


def principal_axes(x: Floats) -> PrincipalAxes:
    """Return the rows of ``x``, ``(n, dimension)``, in their principal axes."""
    from scipy.linalg import eigh

    n, dimension = x.shape
    if dimension <= n:
        variances, directions = eigh(x.T @ x / n)
    else:
        variances, left = eigh(x @ x.T / n)
        directions = x.T @ (left / np.sqrt(np.maximum(variances, 1e-12) * n))
    kept = variances > 1e-6 * max(float(variances[-1]), 1e-12)
    directions = np.ascontiguousarray(directions[:, kept], np.float32)
    return PrincipalAxes(x @ directions, directions, variances[kept].astype(np.float32))


def chosen_penalty(axes: PrincipalAxes, labels: NDArray[np.intp], n_classes: int, seed: int) -> float:
    """Return the penalty of `PENALTIES` with the lowest log loss on held-out folds."""
    fold = folds(labels, FOLDS, seed)
    if (fold < 0).all():
        return PENALTIES[-1]  # one picture per class can't tell: the cautious choice
    losses = np.zeros(len(PENALTIES))
    for number in range(FOLDS):
        held, rest = fold == number, fold != number
        if not held.any():
            continue
        start = None
        # From the strongest to the weakest: each optimum is a good start for the next.
        for i in reversed(range(len(PENALTIES))):
            start = optimum(
                axes.scores[rest], axes.variances, labels[rest], n_classes, PENALTIES[i], start=start, tolerance=_NEAR
            )
            proba = softmax(axes.scores[held] @ start[0] + start[1])
            losses[i] -= np.log(np.maximum(proba[np.arange(held.sum()), labels[held]], 1e-12)).sum()
    return PENALTIES[int(losses.argmin())]


def folds(labels: NDArray[np.intp], n_folds: int, seed: int) -> NDArray[np.intp]:
    """Return a fold for each picture, dealt out evenly within each class; -1 (never held out) for lone pictures."""
    random = np.random.default_rng(seed)
    fold = np.full(len(labels), -1)
    start = 0
    for label in np.unique(labels):
        own = random.permutation(np.flatnonzero(labels == label))
        if len(own) > 1:
            fold[own] = (start + np.arange(len(own))) % n_folds
            start += len(own)
    return fold


def optimum(
    scores: Floats,
    variances: Floats,
    labels: NDArray[np.intp],
    n_classes: int,
    penalty: float,
    *,
    start: tuple[Floats, Floats] | None = None,
    tolerance: float = _EXACT,
) -> tuple[Floats, Floats]:
    """Return the weights ``(r, n_classes)`` and bias ``(n_classes,)`` that minimise the penalised mean log loss.

    L-BFGS works on weights divided by ``scale``, in which the curvature is about the same in every direction
    (Boehning 1992 bounds it by the variances), so that it needs tens of steps and not hundreds.
    """
    n, r = scores.shape
    target = np.zeros((n, n_classes), np.float32)
    target[np.arange(n), labels] = 1
    split = r * n_classes
    scale = (1 / np.sqrt(_CURVATURE * variances + penalty))[:, np.newaxis].astype(np.float32)
    scaled = scores * scale.T
    penalty_scaled = np.float32(penalty) * scale**2

    def loss_and_gradient(flat: Floats) -> tuple[float, Floats]:
        v, bias = flat[:split].reshape(r, n_classes), flat[split:]
        proba = softmax(scaled @ v + bias)
        loss = -np.log(np.maximum(proba[np.arange(n), labels], 1e-30)).mean(dtype=np.float64)
        error = (proba - target) / np.float32(n)
        shrunk = penalty_scaled * v
        gradient = np.concatenate([(scaled.T @ error + shrunk).ravel(), error.sum(axis=0)])
        return float(loss) + float((v * shrunk).sum(dtype=np.float64)) / 2, gradient

    first = np.zeros(split + n_classes, np.float32)
    if start is not None:
        first[:split], first[split:] = (start[0] / scale).ravel(), start[1]
    flat = minimum(loss_and_gradient, first, tolerance=tolerance)
    return flat[:split].reshape(r, n_classes) * scale, flat[split:]
