"""Scales: numbers to positions on a drawing, and the round numbers that stand on an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """From ``low`` to ``high``; ``logarithmic`` ones need positive numbers."""

    low: float
    high: float
    ticks: Sequence[float]
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Return the position of ``value`` in percent, kept on the drawing."""
        low, high, here = self.low, self.high, value
        if self.logarithmic:
            low, high, here = math.log(low), math.log(high), math.log(max(value, 1e-9))
        share = (here - low) / (high - low) if high > low else 0.5
        return 100 * min(1.0, max(0.0, share))

    def up(self, value: float) -> float:
        """Return the position from the top, for an axis that points upwards."""
        return 100 - self.at(value)


def linear(values: Iterable[float], least: float = -math.inf, most: float = math.inf, about: int = 5) -> Scale:
    """Return a scale with round ends around all ``values``, from ``least`` to ``most``; ``about`` so many ticks."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = max(min(known), least), min(max(known), most)
    if high - low < 1e-9:
        low, high = max(low - 0.05, least), min(high + 0.05, most)
    step = _round_step((high - low) / about)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    ticks = [round(step * i, 10) for i in range(first, last + 1)]
    ends = max(ticks[0], least), min(ticks[-1], most)
    return Scale(*ends, [tick for tick in ticks if ends[0] <= tick <= ends[1]])


def logarithmic(values: Sequence[float], ticks: Sequence[float]) -> Scale:
    """Return a logarithmic scale from the least to the greatest of ``values``, all positive."""
    return Scale(min(values), max(values), ticks, logarithmic=True)


def counting(most: float) -> Scale:
    """Return a scale from 0 to just ``most``."""
    return Scale(0.0, most or 1.0, [])


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * 0.999)
