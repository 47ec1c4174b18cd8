"""A kernel machine: Gaussian likeness to stored rows, weighed for each class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.learn.heads.head import Head, Tensors, check_names, chunks, directions_of, floats_in
from headstart.learn.rows import Floats


@dataclass(frozen=True)
class KernelHead(Head):
    """Scores ``exp(-gamma |z - support|²) @ coefficients + bias``, where z is ``(x - mean) / std`` at length 1.

    Attributes
    ----------
    mean, std
        ``(dimension,)`` float32; std over 0.
    support
        ``(m, dimension)`` float32 of length 1, or 0.
    coefficients
        ``(m, n_classes)`` float32.
    bias
        ``(n_classes,)`` float32.
    gamma
        ``(1,)`` float32, at least 0.
    """

    mean: Floats
    std: Floats
    support: Floats
    coefficients: Floats
    bias: Floats
    gamma: Floats
    kind: ClassVar[str] = "kernel"

    @property
    def dimension(self) -> int:
        """How many features it takes."""
        return len(self.mean)

    def scores(self, features: Floats) -> Floats:
        """Return ``(n, n_classes)`` float32 scores for ``(n, dimension)`` features."""
        out = np.empty((len(features), len(self.bias)), np.float32)
        for part in chunks(len(features), len(self.support) + self.dimension):
            z = directions_of(features[part], self.mean, self.std)
            out[part] = gaussian(z, self.support, float(self.gamma[0])) @ self.coefficients + self.bias
        return out

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as they are stored."""
        return {name: getattr(self, name) for name in _NAMES}

    def cooled(self, temperature: float) -> KernelHead:
        """Return the head with coefficients and bias divided by ``temperature``."""
        by = np.float32(temperature)
        return replace(self, coefficients=self.coefficients / by, bias=self.bias / by)


_NAMES = ("mean", "std", "support", "coefficients", "bias", "gamma")


def kernel_head(tensors: Tensors, dimension: int, n_classes: int) -> KernelHead:
    """Return the kernel machine stored as ``tensors``; raise `UserError` if they don't form one of that size."""
    check_names(tensors, set(_NAMES))
    support = floats_in(tensors, "support", (None, dimension))
    return KernelHead(
        mean=floats_in(tensors, "mean", (dimension,)),
        std=floats_in(tensors, "std", (dimension,), lowest=float(np.finfo(np.float32).tiny)),
        support=support,
        coefficients=floats_in(tensors, "coefficients", (len(support), n_classes)),
        bias=floats_in(tensors, "bias", (n_classes,)),
        gamma=floats_in(tensors, "gamma", (1,), lowest=0),
    )


def gaussian(left: Floats, right: Floats, gamma: float) -> Floats:
    """Return ``exp(-gamma |l - r|²)`` of all rows, ``(n, m)`` float32 in [0, 1] for ``(n, d)`` and ``(m, d)``."""
    squares = (left**2).sum(axis=1)[:, np.newaxis] + (right**2).sum(axis=1) - 2 * (left @ right.T)
    return np.asarray(np.exp(np.float32(-gamma) * np.maximum(squares, 0)), np.float32)
