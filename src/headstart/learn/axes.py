"""Rows in their principal axes: one factorisation, shared by all folds, classes and penalties of a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.learn.heads import DenseHead
from headstart.learn.rows import Floats
from headstart.learn.standardisation import on_raw_features, standardisation


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
        directions = x.T @ (left / np.sqrt(np.maximum(variances, _LEAST_VARIANCE) * n))
    kept = _kept(variances)
    directions = np.ascontiguousarray(directions[:, kept], np.float32)
    return PrincipalAxes(x @ directions, directions, variances[kept].astype(np.float32))


def kernel_axes(likeness: Floats) -> PrincipalAxes:
    """Return the rows in the principal axes of the space that a kernel spans (Schoelkopf et al. 1998), not centred.

    ``likeness`` is ``(n, n)``, symmetric, the kernel of each row with each. ``directions`` is ``(n, r)``: the kernel
    of any row with these, times the directions, is that row in the axes.
    """
    from scipy.linalg import eigh

    n = len(likeness)
    values, left = eigh(likeness)
    kept = _kept(values)
    root = np.sqrt(values[kept])
    left = left[:, kept]
    return PrincipalAxes(
        np.asarray(left * root, np.float32), np.asarray(left / root, np.float32), (values[kept] / n).astype(np.float32)
    )


def _kept(variances: Floats) -> NDArray[np.bool_]:
    return np.asarray(variances > 1e-6 * max(float(variances[-1]), _LEAST_VARIANCE))


_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class StandardisedAxes:
    """The principal axes of standardised features, and the way back: how linear heads see their rows."""

    axes: PrincipalAxes
    mean: Floats
    std: Floats

    def head(self, weights: Floats, bias: Floats) -> DenseHead:
        """Return the head on raw features that ``weights``, ``(r, n_classes)``, and ``bias`` are in the axes."""
        return DenseHead((on_raw_features(self.axes.directions @ weights, bias, self.mean, self.std),))


def standardised_axes(features: Floats) -> StandardisedAxes:
    """Return ``features``, ``(n, dimension)``, standardised and in their principal axes."""
    mean, std = standardisation(features)
    return StandardisedAxes(principal_axes((features - mean) / std), mean, std)
