"""What a benchmark returns, and how two sides are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 3


@dataclass(frozen=True)
class Figure:
    """A line of the table."""

    what: str
    measured: str
    target: str = "–"


def seconds_of(task: Callable[[], object]) -> float:
    """Return how long ``task`` takes."""
    since = time.perf_counter()
    task()
    return time.perf_counter() - since


def median_seconds(*sides: Callable[[], object]) -> list[float]:
    """Return the median seconds of each side, timed in turns: on a shared machine only ratios of such rounds hold."""
    rounds = [[seconds_of(side) for side in sides] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]
