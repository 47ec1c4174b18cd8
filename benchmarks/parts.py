"""The parts of a split as `train` makes them, and two sides judged on the same test pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset
from headstart.data.split import new_split
from headstart.jobs.learning.given import labels_of, of_sides
from headstart.jobs.pictures import Pictures
from headstart.judge.pairs import mcnemar_p_value
from headstart.learn.class_weights import class_weights
from headstart.learn.heads import Floats, Head
from headstart.learn.rows import Rows

SEEDS = range(5)

Right = NDArray[np.bool_]
"""Which pictures a side got right, ``(n,)``; the same pictures in the same order for all sides of a seed."""


@dataclass(frozen=True)
class Parts:
    """Rows to fit a head to, and the test part: ``test`` ``(n_test, dimension)`` and its ``labels``."""

    train: Rows
    test: Floats
    labels: NDArray[np.intp]

    def right(self, head: Head) -> Right:
        """Return which test pictures ``head`` gets right."""
        return np.asarray(head.scores(self.test).argmax(axis=1) == self.labels)


def sides_of(read: Pictures, dataset: Dataset, seed: int) -> dict[str, Dataset]:
    """Return the train, val and test part of ``dataset``, what could be read, split as `train` does it."""
    split, _ = new_split(dataset, seed, read.together.units)
    return {side: of_sides(dataset, split, side) for side in ("train", "val", "test")}


def parts_of(read: Pictures, dataset: Dataset, features: Floats, seed: int) -> Parts:
    """Return the parts of the split of ``seed``, with ``features`` that were computed once, a row a record."""
    sides, units = sides_of(read, dataset, seed), read.units()
    row = {record.sha256: number for number, record in enumerate(dataset.records)}
    vectors = {side: features[[row[r.sha256] for r in part.records]] for side, part in sides.items()}
    labels, n_classes = labels_of(sides["train"]), len(dataset.classes)
    weights, _ = class_weights(labels, n_classes, "auto")
    own = np.array([units[record.sha256] for record in sides["train"].records], np.intp)
    train = Rows(vectors["train"], labels, n_classes, own, weights[labels], seed)
    return Parts(train, vectors["test"], labels_of(sides["test"]))


def spread(values: Sequence[float]) -> str:
    """Return the mean with the lowest and the highest."""
    return f"{np.mean(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def shares(rights: Sequence[Right]) -> list[float]:
    """Return the accuracy of each seed."""
    return [float(right.mean()) for right in rights]


@dataclass(frozen=True)
class Difference:
    """Two sides on the same pictures: how many only one of them got right, and McNemar's exact p-value."""

    won: int
    lost: int
    pictures: int
    p_value: float

    @property
    def is_gain(self) -> bool:
        """Whether the first side is better, and chance doesn't explain it."""
        return self.won > self.lost and self.p_value < 0.05

    def __str__(self) -> str:
        points = 100 * (self.won - self.lost) / self.pictures
        told = f"{self.won} pictures won, {self.lost} lost of {self.pictures:,}"
        return f"{points:+.2f} points ({told}; exact McNemar p = {self.p_value:.2g})"


def difference(ours: Sequence[Right], theirs: Sequence[Right]) -> Difference:
    """Return by how much two sides differ on the pooled test pictures of all seeds."""
    a, b = np.concatenate(ours), np.concatenate(theirs)
    return Difference(int((a & ~b).sum()), int((b & ~a).sum()), len(a), mcnemar_p_value(a, b))
