"""95 % intervals of figures measured on held-out pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""

RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def document(self) -> dict[str, float]:
        """Return the interval as it stands in results."""
        return {"value": self.value, "low": self.low, "high": self.high}


def wilson(successes: int, n: int) -> Interval:
    """Return a share with its score interval (Wilson 1927): good for small n and for shares near 0 and 1.

    Parameters
    ----------
    successes
        How many of ``n`` succeeded.
    n
        At least 1.
    """
    share = successes / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    # At 0 and n successes the ends are 0 and 1 exactly; rounding must not put them beyond the share.
    return Interval(share, min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def resampling_weights(n: int, seed: int) -> NDArray[np.float32]:
    """Return how often each of ``n`` pictures is drawn in each resample, ``(RESAMPLES, n)`` (Efron 1979)."""
    random = np.random.default_rng(seed)
    return random.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float32)


def percentile_interval(value: float, resampled: NDArray[np.floating]) -> Interval:
    """Return ``value`` with the 2.5 and 97.5 percentiles of its resampled values, ``(n_resamples,)``, without NaNs."""
    known = resampled[~np.isnan(resampled)]
    if not len(known):
        return Interval(value, value, value)
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(value, min(value, float(low)), max(value, float(high)))
