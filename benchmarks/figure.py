"""What a benchmark returns, and how two sides are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

ROUNDS = 3

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """A line of the table."""

    what: str
    measured: str
    target: str = "–"


@dataclass(frozen=True)
class Table:
    """A table with columns of its own, where lines of three don't say it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Measured = Sequence[Figure] | Table
"""What a benchmark returns."""


def table_of(measured: Measured) -> Table:
    """Return what was measured as a table."""
    if isinstance(measured, Table):
        return measured
    return Table(("what", "measured", "target"), tuple((each.what, each.measured, each.target) for each in measured))


def timed(task: Callable[[], T]) -> tuple[T, float]:
    """Return what ``task`` returns, and the seconds that it takes."""
    since = time.perf_counter()
    result = task()
    return result, time.perf_counter() - since


def seconds_of(task: Callable[[], object]) -> float:
    """Return how long ``task`` takes."""
    return timed(task)[1]


def median_seconds(*sides: Callable[[], object]) -> list[float]:
    """Return the median seconds of each side, timed in turns: on a shared machine only ratios of such rounds hold."""
    rounds = [[seconds_of(side) for side in sides] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]
