"""Features brought to mean 0 and deviation 1 before a fit, and a fitted layer brought back to raw features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.learn.rows import Floats

Doubles = NDArray[np.float64]


def standardisation(features: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column, ``(dimension,)``, the latter as `deviations` gives them."""
    mean = features.mean(axis=0, dtype=np.float64)
    std = deviations(mean, features.var(axis=0, dtype=np.float64))
    return mean.astype(np.float32), std.astype(np.float32)


def deviations(mean: Doubles, variance: Doubles) -> Doubles:
    """Return by what each column is divided, ``(dimension,)`` float64: its deviation, or 1 if it is constant.

    No deviation is under a hundredth of the median: a channel that is silent in all training pictures but one would
    else be thousands of deviations away in the first other picture that it answers to, and decide alone.
    """
    std = np.sqrt(np.maximum(variance, 0))
    constant = std <= _CONSTANT * np.abs(mean)
    if not constant.all():
        std = np.maximum(std, _LEAST * np.median(std[~constant]))
    std[constant] = 1
    return std


_LEAST = 0.01
_CONSTANT = 1e-6
"""A deviation that is this share of the mean is rounding."""


def on_raw_features(kernel: Floats, bias: Floats, mean: Floats, std: Floats) -> tuple[Floats, Floats]:
    """Return the dense layer that does to raw features what ``kernel`` and ``bias`` do to standardised ones."""
    raw = kernel / std[:, np.newaxis]
    return raw.astype(np.float32), (bias - mean @ raw).astype(np.float32)
