"""What every family of approaches is given, and what it returns."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset, PictureRecord
from headstart.data.split import Split
from headstart.features.store import FeatureStore
from headstart.jobs.extraction import Features
from headstart.jobs.holdout import Prepared
from headstart.jobs.pictures import Pictures
from headstart.jobs.setup import Wish
from headstart.learn.approaches import Approach
from headstart.learn.heads import Floats, Head
from headstart.networks.weights import WeightsOrigin
from headstart.settings import TrainSettings


@dataclass(frozen=True)
class Given:
    """What there is to learn from, and how.

    ``units`` has the unit of each picture by content (see `headstart.data.together`), ``sides`` the length in pixels
    of each picture's shorter side, ``(n_pictures,)``; ``deadline`` is when training must have ended, by
    ``time.monotonic``; None if it may take what it takes.
    """

    settings: TrainSettings
    way: Approach
    wish: Wish
    dataset: Dataset
    split: Split
    units: Mapping[str, int]
    sides: NDArray[np.integer]
    store: FeatureStore
    deadline: float | None = None

    def part(self, *sides: str) -> Dataset:
        """Return the pictures on these sides of the split, in the order of their contents.

        Sums of floats depend on the order of what is summed: in this one the names of the files change nothing.
        """
        return of_sides(self.dataset, self.split, *sides)

    def to_train_on(self) -> dict[str, Dataset]:
        """Return the train part, and the val part by which a training is stopped."""
        return {part: self.part(part) for part in ("train", "val")}

    def seconds_left(self, reserved: float) -> float | None:
        """Return the seconds until the deadline, less what is reserved for what follows; None without a deadline."""
        return None if self.deadline is None else self.deadline - time.monotonic() - reserved


def given_of(
    settings: TrainSettings,
    way: Approach,
    wish: Wish,
    *,
    prepared: Prepared,
    pictures: Pictures,
    store: FeatureStore,
    deadline: float | None = None,
) -> Given:
    """Return what there is to learn from in pictures whose split is ``prepared``."""
    return Given(
        settings=settings,
        way=way,
        wish=wish,
        dataset=prepared.dataset,
        split=prepared.split,
        units=pictures.units(),
        sides=pictures.shorter_sides(),
        store=store,
        deadline=deadline,
    )


@dataclass(frozen=True)
class Learned:
    """What was learnt: features of a network, and a head on them.

    ``dataset`` has the pictures that could be read; ``features`` gives vectors of at least its val and test part.
    ``val_head`` judges the val part, ``head`` is what is kept: another one if it was fitted to the val part too.
    ``chosen`` says what was chosen by which figures, ``training`` how a network's training went.
    """

    dataset: Dataset
    features: Features
    origin: WeightsOrigin
    head: Head
    val_head: Head
    chosen: dict[str, Any]
    class_weight: str
    seconds: dict[str, float]
    training: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()


def of_sides(dataset: Dataset, split: Split, *sides: str) -> Dataset:
    """Return the pictures of ``dataset`` on these ``sides``, in the order of their contents."""
    records = [record for record in dataset.records if split.sides[record.sha256] in sides]
    return by_content(replace(dataset, records=tuple(records)))


def by_content(dataset: Dataset) -> Dataset:
    """Return the pictures in the order of their contents: names of files then change no sum, and no bootstrap."""
    return replace(dataset, records=tuple(sorted(dataset.records, key=lambda r: (r.sha256, dataset.label_index(r)))))


def labels_of(dataset: Dataset) -> NDArray[np.intp]:
    """Return the position of each picture's class, ``(n_pictures,)``."""
    return np.array([dataset.label_index(record) for record in dataset.records], np.intp)


def vectors_for(features: Features, records: Sequence[PictureRecord]) -> Features:
    """Return the features of some pictures alone."""
    return replace(features, dataset=replace(features.dataset, records=tuple(records)))


def probabilities(head: Head, features: Features) -> Floats:
    """Return what ``head`` says of the pictures of ``features``, ``(n_pictures, n_classes)``, in flat memory."""
    return np.concatenate([head.predict_proba(chunk) for chunk in features.chunks()])
