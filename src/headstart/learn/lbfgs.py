"""L-BFGS in float32 for large smooth convex problems.

SciPy's L-BFGS-B handles bounds in float64 and spends most of its time on that: on the 48,000 weights of a softmax
layer a step costs five times what the loss itself does (``benchmarks/head.py``). This is Nocedal & Wright 2006,
algorithms 7.4 and 7.5, with a backtracking line search.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

_MEMORY = 10
_SUFFICIENT_DECREASE = 1e-4
_MAX_HALVINGS = 25
_RESOLUTION = 1e-8
"""Relative decrease of a mean over float32 values that is more than rounding."""

_PATIENCE = 5
"""Steps in a row without such a decrease before the end."""


def minimum(
    loss_and_gradient: Callable[[Vector], tuple[float, Vector]],
    start: Vector,
    *,
    tolerance: float,
    max_steps: int = 500,
) -> Vector:
    """Return where a smooth convex function is smallest, ``(n,)`` float32 like ``start``.

    Stops when no component of the gradient exceeds ``tolerance``, when float32 can't resolve a further decrease,
    or after ``max_steps``.
    """
    x = start
    loss, gradient = loss_and_gradient(x)
    memory: deque[tuple[Vector, Vector, float]] = deque(maxlen=_MEMORY)
    unresolved = 0
    for _ in range(max_steps):
        if np.abs(gradient).max() <= tolerance:
            break
        direction = -_inverse_curvature(gradient, memory)
        slope = float(direction @ gradient)
        if slope >= 0:  # rounding spoilt the memory
            memory.clear()
            direction, slope = -gradient, -float(gradient @ gradient)
        step = 1.0 if memory else min(1.0, 1 / float(np.abs(gradient).sum()))
        for _ in range(_MAX_HALVINGS):
            new_x = x + np.float32(step) * direction
            new_loss, new_gradient = loss_and_gradient(new_x)
            if new_loss <= loss + _SUFFICIENT_DECREASE * step * slope:
                break
            step /= 2
        else:
            break
        moved, turned = new_x - x, new_gradient - gradient
        curvature = float(moved @ turned)
        if curvature > 1e-10 * float(turned @ turned):
            memory.append((moved, turned, curvature))
        unresolved = 0 if loss - new_loss > _RESOLUTION * abs(loss) else unresolved + 1
        x, loss, gradient = new_x, new_loss, new_gradient
        if unresolved == _PATIENCE:
            break
    return x


def _inverse_curvature(gradient: Vector, memory: deque[tuple[Vector, Vector, float]]) -> Vector:
    """Return the gradient times the approximate inverse Hessian (algorithm 7.4, the two-loop recursion)."""
    q = gradient.copy()
    shares = []
    for moved, turned, curvature in reversed(memory):
        share = float(moved @ q) / curvature
        q -= np.float32(share) * turned
        shares.append(share)
    if memory:
        _, turned, curvature = memory[-1]
        q *= np.float32(curvature / float(turned @ turned))
    for (moved, turned, curvature), share in zip(memory, reversed(shares), strict=True):
        q += np.float32(share - float(turned @ q) / curvature) * moved
    return q
