"""The draw of a split: which units of pictures are held out, by their contents, their classes and a seed alone."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset

FEWEST = 3
"""Units that a class needs for a train, val and test part."""

Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Unit:
    """Pictures that stay together: their contents, sorted, and how many there are of each class."""

    contents: tuple[str, ...]
    counts: Mapping[str, int]


@dataclass
class _Side:
    """A part, or a fold, that is being filled: its units, how many pictures it has of each class, and altogether."""

    units: list[Unit] = field(default_factory=list)
    pictures: Counter[str] = field(default_factory=Counter)
    size: int = 0

    def take(self, unit: Unit) -> None:
        self.units.append(unit)
        for label, n in unit.counts.items():
            self.pictures[label] += n
        self.size += len(unit.contents)

    def is_nearer_with(self, unit: Unit, targets: Mapping[str, int]) -> bool:
        """Return whether ``unit`` brings its classes nearer to their ``targets``, all in all."""
        off = sum(
            abs(self.pictures[label] + n - targets[label]) - abs(self.pictures[label] - targets[label])
            for label, n in unit.counts.items()
        )
        return off < 0


def units_of(dataset: Dataset, numbers: Numbers | None = None, without: Collection[str] = ()) -> list[Unit]:
    """Return the units of the pictures of ``dataset``, in the order of their contents.

    Parameters
    ----------
    dataset
        The pictures; a content found in two classes counts for the first.
    numbers
        ``(n_pictures,)``: pictures with the same number belong together. None if only copies do.
    without
        Contents to leave out.
    """
    left_out = set(without)
    order = {name: i for i, name in enumerate(dataset.classes)}
    labels: dict[str, str] = {}
    unit_of: dict[str, int] = {}
    for position, record in enumerate(dataset.records):
        content = record.sha256
        if content in left_out:
            continue
        labels[content] = min(record.label, labels.get(content, record.label), key=order.__getitem__)
        unit_of.setdefault(content, position if numbers is None else int(numbers[position]))
    members: dict[int, list[str]] = defaultdict(list)
    for content in sorted(labels):
        members[unit_of[content]].append(content)
    alone = {label: {label: 1} for label in dataset.classes}  # shared by all units of one picture
    return [
        Unit(tuple(own), Counter(labels[content] for content in own) if len(own) > 1 else alone[labels[own[0]]])
        for own in members.values()
    ]


def units_per_class(units: Iterable[Unit]) -> Counter[str]:
    """Return in how many units each class is."""
    return Counter(label for unit in units for label in unit.counts)


def pictures_per_class(units: Iterable[Unit]) -> Counter[str]:
    """Return how many pictures there are of each class."""
    totals: Counter[str] = Counter()
    for unit in units:
        for label, n in unit.counts.items():
            totals[label] += n
    return totals


def may_be_held_out(units: Iterable[Unit]) -> list[Unit]:
    """Return the units without a class that has fewer than three: those classes need all of theirs in train."""
    few = {label for label, n in units_per_class(units).items() if n < FEWEST}
    return [unit for unit in units if few.isdisjoint(unit.counts)]


def drawn_sides(units: Sequence[Unit], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Return the side of every content that is held out.

    Class by class the units are shuffled, and a side takes one if that brings its numbers of pictures nearer to its
    share of each class. With units of one picture that is a stratified draw; with larger ones it comes as near to
    one as whole units allow. Every class keeps a unit in train, and every side gets one of each class, if there are
    so many and their other classes allow it.

    Parameters
    ----------
    units
        In the order of their contents.
    shares
        By side, of the pictures of each class; the first is drawn first.
    seed
        Of the draw.
    """
    free = may_be_held_out(units)
    totals = pictures_per_class(free)
    targets = {side: {label: round(share * n) for label, n in totals.items()} for side, share in shares.items()}
    sides = {side: _Side() for side in shares}
    spare = _spare(units, free)
    rest: list[Unit] = []
    for own in _shuffled(free, seed):
        left = own
        for name, side in sides.items():
            others = [other for other in sides.values() if other is not side]
            passed = []
            for unit in left:
                if side.is_nearer_with(unit, targets[name]) and _can_go(unit, side, others, spare):
                    side.take(unit)
                    spare.subtract(unit.counts.keys())
                else:
                    passed.append(unit)
            left = passed
        rest += left
    for side in sides.values():
        _take_one_of_each_class(side, rest, spare, totals.keys())
    return {content: name for name, side in sides.items() for unit in side.units for content in unit.contents}


def _spare(units: Sequence[Unit], free: Sequence[Unit]) -> Counter[str]:
    """Return how many of the ``free`` units of each class can be held out so that train has the class."""
    taught = units_per_class(units)
    return Counter({label: n - (n == taught[label]) for label, n in units_per_class(free).items()})


def _shuffled(units: Iterable[Unit], seed: int) -> Iterator[list[Unit]]:
    """Yield the units class by class, each once, with the class that it has most pictures of, in a random order."""
    homes: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        homes[min(unit.counts, key=lambda label: (-unit.counts[label], label))].append(unit)
    for label in sorted(homes):
        key = f"{seed} {label}".encode(errors="surrogateescape")
        random.Random(key).shuffle(homes[label])  # noqa: S311 - a reproducible draw, not a secret
        yield homes[label]


def _can_go(unit: Unit, side: _Side, others: Sequence[_Side], spare: Mapping[str, int]) -> bool:
    """Return whether train can spare the unit, and if the side has its classes already, the other sides can too."""
    return all(
        spare[label] > (sum(not other.pictures[label] for other in others) if side.pictures[label] else 0)
        for label in unit.counts
    )


def _take_one_of_each_class(side: _Side, rest: list[Unit], spare: Counter[str], classes: Iterable[str]) -> None:
    """Let the side take the smallest unit, if one is to spare, of each class that it has no picture of."""
    missing = {label for label in classes if not side.pictures[label]}
    if not missing:
        return
    candidates: dict[str, list[int]] = defaultdict(list)
    for i in sorted(range(len(rest)), key=lambda i: len(rest[i].contents)):
        for label in missing & rest[i].counts.keys():
            candidates[label].append(i)
    taken = set()
    for label in sorted(missing):
        if side.pictures[label]:
            continue  # it came along with another
        able = (i for i in candidates[label] if all(spare[other] > 0 for other in rest[i].counts))
        chosen = next(able, None)
        if chosen is not None:
            side.take(rest[chosen])
            spare.subtract(rest[chosen].counts.keys())
            taken.add(chosen)
    rest[:] = [unit for i, unit in enumerate(rest) if i not in taken]


def drawn_folds(units: Sequence[Unit], folds: int, seed: int) -> dict[str, int]:
    """Return the fold, from 0, of every content; those that may not be held out have none.

    Class by class the units are shuffled, and dealt out, the largest first: each to a fold that has fewest pictures
    of its classes, and of these to the one that has fewest pictures.

    Parameters
    ----------
    units
        In the order of their contents.
    folds
        How many, at least 3.
    seed
        Of the draw.
    """
    sides = [_Side() for _ in range(folds)]
    spread: Counter[str] = Counter()  # in how many folds each class is
    for own in _shuffled(may_be_held_out(units), seed):
        for unit in sorted(own, key=lambda unit: -len(unit.contents)):
            fold = min(sides, key=lambda side: _unfit(side, unit, spread))
            spread.update(label for label in unit.counts if not fold.pictures[label])
            fold.take(unit)
    return {content: fold for fold, side in enumerate(sides) for unit in side.units for content in unit.contents}


def _unfit(fold: _Side, unit: Unit, spread: Mapping[str, int]) -> tuple[int, int, int]:
    """Return how little the unit should go to the fold.

    What counts most is that each class comes into three folds: of two, one could be test and the other val, and
    nothing left to train on.
    """
    crowded = sum(spread[label] < FEWEST and fold.pictures[label] > 0 for label in unit.counts)
    return crowded, sum(fold.pictures[label] for label in unit.counts), fold.size
