"""95 % intervals of figures measured on held-out pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""

RESAMPLES = 2000

_BLOCK = 1 << 24  # weights held at once


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
    low, high = wilson_ends(share, n)
    return Interval(share, low, high)


def wilson_ends(share: float, n: float, quantile: float = Z) -> tuple[float, float]:
    """Return the ends of Wilson's interval of a ``share`` of ``n``, which need not be a whole number."""
    square = quantile**2
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = quantile / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n**2))
    # For shares of 0 and 1 the ends are 0 and 1 exactly; rounding must not put them beyond the share.
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))


def resampling_weights(numbers: NDArray[np.intp], seed: int) -> Iterator[NDArray[np.float32]]:
    """Yield how often each picture is drawn in each resample, ``(n_resamples, n_pictures)``, `RESAMPLES` in all.

    Whole units are drawn, as many as there are (Efron 1979; Davison and Hinkley 1997, 3.8). The blocks hold so many
    resamples that memory doesn't grow with the pictures; where they end changes no draw.

    Parameters
    ----------
    numbers
        ``(n_pictures,)``: each picture's unit, as from `headstart.judge.groups.numbered`.
    seed
        Of the draws.
    """
    random = np.random.default_rng(seed)
    units = int(numbers.max()) + 1
    block = max(1, _BLOCK // len(numbers))
    for start in range(0, RESAMPLES, block):
        drawn = random.multinomial(units, np.full(units, 1 / units), size=min(block, RESAMPLES - start))
        yield np.take(drawn.astype(np.float32), numbers, axis=1)


def percentile_interval(value: float, resampled: NDArray[np.floating]) -> Interval:
    """Return ``value`` with the 2.5 and 97.5 percentiles of its resampled values, ``(n_resamples,)``, without NaNs."""
    known = resampled[~np.isnan(resampled)]
    if not len(known):
        return Interval(value, value, value)
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def logit_interval(value: float, resampled: NDArray[np.floating]) -> Interval:
    """Return ``value``, in [0, 1], with an interval that is symmetric in its log odds (Pepe 2003, 5.2).

    Its width comes from the deviation of the resampled values, ``(n_resamples,)``, without NaNs. For figures near 1 and
    for those of few pictures, whose percentiles cover too seldom. At 0 and 1 it has no width.
    """
    from scipy.special import expit, logit

    known = resampled[~np.isnan(resampled)]
    if not len(known) or not 0 < value < 1:
        return Interval(value, value, value)
    half = Z * float(known.std(dtype=np.float64)) / (value * (1 - value))
    low, high = expit(logit(value) - half), expit(logit(value) + half)
    return Interval(value, min(value, float(low)), max(value, float(high)))


def lowered_interval(value: float, resampled: NDArray[np.floating]) -> Interval:
    """Return ``value``, 0 or more, with an interval for figures that few pictures make too high.

    Resampling makes them too high once more, by about as much. The upper end is therefore the 97.5 percentile less the
    mean excess of the resampled values, ``(n_resamples,)``, and the lower one lies as far below the value as that
    percentile above it (the basic bootstrap; Davison and Hinkley 1997, 5.2).
    """
    percentile = float(np.percentile(resampled, 97.5))
    excess = float(resampled.mean(dtype=np.float64)) - value
    return Interval(value, max(0.0, min(value, 2 * value - percentile)), max(value, percentile - excess))
