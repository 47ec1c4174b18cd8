"""Rows that pass by in chunks, and what one pass over them leaves: sums by fold, and a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import blake2b
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.learn.gram import Sums, no_sums
from headstart.learn.rows import Floats, Labels

FOLDS = 4

SAMPLE = 8192
"""Rows that are kept: for a temperature, for figures, and as a start."""

_NUMBERS = 2**25
"""Features that are in memory at once."""


@dataclass(frozen=True)
class Chunk:
    """Some of the rows.

    Attributes
    ----------
    features
        ``(m, dimension)`` float32.
    labels
        ``(m,)``, in [0, n_classes).
    weights
        ``(m,)`` float32: what each row counts.
    units
        ``(m,)`` integers, or texts such as the digests of contents: rows of one unit are in the same fold, whichever
        chunk they are in.
    """

    features: Floats
    labels: Labels
    weights: Floats
    units: NDArray[Any]


Chunks = Callable[[], Iterator[Chunk]]
"""Begins a pass over all rows: the same rows each time."""


@dataclass(frozen=True)
class Sample:
    """Rows of all that were seen: those of the lowest ``priorities``, so that which they are depends on no order.

    All are arrays of one row each; ``folds`` says in which of the sums a row is.
    """

    priorities: NDArray[np.uint64]
    folds: NDArray[np.intp]
    features: Floats
    labels: Labels
    weights: Floats

    def of(self, rows: NDArray[Any]) -> Sample:
        """Return some of these rows, by number or mask."""
        return Sample(
            self.priorities[rows], self.folds[rows], self.features[rows], self.labels[rows], self.weights[rows]
        )

    def fewest(self, size: int) -> Sample:
        """Return the ``size`` rows of the lowest priority, in the order of that."""
        return self.of(np.argsort(self.priorities, kind="stable")[:size])

    def __add__(self, other: Sample) -> Sample:
        """Return the sample of the rows that either is of, as large as the larger may be."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Sample(*(np.concatenate(pair) for pair in pairs)).fewest(SAMPLE)


@dataclass(frozen=True)
class Gathered:
    """What one pass over rows leaves of them: sums by fold, and a sample."""

    folds: tuple[Sums, ...]
    sample: Sample

    def __add__(self, other: Gathered) -> Gathered:
        """Return what a pass over the rows of both leaves."""
        return Gathered(tuple(map(add, self.folds, other.folds)), self.sample + other.sample)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.folds[0].class_weights)

    @property
    def total(self) -> Sums:
        """The sums over all rows."""
        return reduce(add, self.folds)


def gathered(chunks: Iterable[Chunk], shift: Floats, n_classes: int, seed: int) -> Gathered:
    """Return what one pass leaves.

    Parameters
    ----------
    chunks
        The rows; none is not wrong.
    shift
        ``(dimension,)`` float32, near the mean of the features; what is to be added up must have the same.
    n_classes
        Of the labels.
    seed
        By which units are dealt out to folds.
    """
    folds = tuple(no_sums(shift, n_classes) for _ in range(FOLDS))
    none = np.zeros(0, np.intp)
    sample = Sample(none.astype(np.uint64), none, np.zeros((0, len(shift)), np.float32), none, np.zeros(0, np.float32))
    for chunk in blocks(chunks, len(shift)):
        fold = folds_of_units(chunk.units, seed)
        for number, sums in enumerate(folds):
            own = fold == number
            sums.include(chunk.features[own], chunk.labels[own], chunk.weights[own])
        some = Sample(_priorities(chunk, seed), fold, chunk.features, chunk.labels, chunk.weights)
        sample = sample + some.fewest(SAMPLE)
    return Gathered(folds, sample)


def first_mean(chunks: Iterator[Chunk]) -> Floats:
    """Return the mean of the features in the first chunk that has rows; raise `ValueError` if there is none."""
    for chunk in chunks:
        if len(chunk.labels):
            return np.asarray(chunk.features.mean(axis=0), np.float32)
    raise ValueError("there are no rows to learn from")


def folds_of_units(units: NDArray[Any], seed: int) -> NDArray[np.intp]:
    """Return the fold, in [0, FOLDS), of each row, by its unit alone: ``(m,)``."""
    return (_hashed(units, seed) % FOLDS).astype(np.intp)


def _hashed(units: NDArray[Any], seed: int) -> NDArray[np.uint64]:
    """Return 64 bits for each unit that look drawn at random, the same for the same unit and seed wherever it is."""
    if units.dtype.kind in "iu":
        numbers = units.astype(np.uint64)
    else:
        digests = (blake2b(str(unit).encode(), digest_size=8).digest() for unit in units.tolist())
        numbers = np.array([int.from_bytes(digest, "little") for digest in digests], np.uint64)
    return _mixed(numbers + _mixed(np.full(1, seed, np.uint64)))


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the bits of each number well mixed (Steele, Lea & Flood 2014, SplitMix64)."""
    z = numbers + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def _priorities(chunk: Chunk, seed: int) -> NDArray[np.uint64]:
    """Return a number for each row that depends on its unit and on some of its features.

    Not on the unit alone: of a unit of very many rows, all would be in the sample or none.
    """
    step = max(1, chunk.features.shape[1] // 32)
    some = np.ascontiguousarray(chunk.features[:, ::step], np.float32).view(np.uint32).astype(np.uint64)
    factors = _mixed(np.arange(some.shape[1], dtype=np.uint64)) | np.uint64(1)
    return _mixed(_hashed(chunk.units, seed) + (some * factors).sum(axis=1, dtype=np.uint64))


def blocks(chunks: Iterable[Chunk], dimension: int, most: int | None = None) -> Iterator[Chunk]:
    """Yield the same rows in blocks, of ``most`` rows or fewer: large enough for speed, small enough for memory."""
    rows = min(max(1024, _NUMBERS // dimension), most or _NUMBERS)
    waiting: list[Chunk] = []
    room = rows
    for chunk in chunks:
        start = 0
        while start < len(chunk.labels):
            waiting.append(_part(chunk, slice(start, start + room)))
            start += room
            room -= len(waiting[-1].labels)
            if not room:
                yield _joined(waiting)
                waiting, room = [], rows
    if waiting:
        yield _joined(waiting)


def _part(chunk: Chunk, rows: slice) -> Chunk:
    return Chunk(chunk.features[rows], chunk.labels[rows], chunk.weights[rows], chunk.units[rows])


def _joined(chunks: Sequence[Chunk]) -> Chunk:
    return Chunk(*(np.concatenate(each) for each in zip(*(vars(chunk).values() for chunk in chunks), strict=True)))
