"""How many more pictures are needed: each approach learns from ever larger parts of train, and a law is fitted.

Parts are nested and made of whole units (copies, a patient): new pictures come from new patients too, and a curve over
parts of patients would promise more than they bring. The val part stays as it is, and all fits are judged on the same
test pictures.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from headstart.data.records import Dataset
from headstart.data.split import LEFT_OUT, Split
from headstart.errors import UserError
from headstart.features.store import store_in_memory
from headstart.jobs.comparing.nested import halved, nested, sizes_for
from headstart.jobs.extraction import Features, extracted
from headstart.jobs.learning import FAMILIES, Given
from headstart.jobs.learning.given import labels_of, of_sides, probabilities, vectors_for
from headstart.jobs.learning.on_features import fitted, rows_known
from headstart.jobs.outcome import approach_id
from headstart.jobs.setup import setup_of
from headstart.judge.curves import Curve, Size, statements
from headstart.judge.groups import ADDED_UNITS, effective_size, numbered
from headstart.judge.power_law import Point
from headstart.learn.heads import Head
from headstart.learn.rules import plan_for
from headstart.progress import Entered, Listener, silent, without_sentences

TRAININGS = 5
"""Sizes at which a network is trained: all pictures, and ever half of them."""

LEAST_SECONDS = 60.0
"""No training is begun with less time: starting Keras, converting and judging take most of that."""


def curve_of(givens: Sequence[Given], draws: int, seconds: float, listen: Listener) -> dict[str, Any]:
    """Return the learning curves of some approaches with their laws and statements, as they stand in results.

    Parameters
    ----------
    givens
        The approaches as `compare` runs them, on the same data and split. Heads learn from features of the store;
        networks are trained anew at each size.
    draws
        How many times a part of each size is drawn, at least 1; a network is trained on one.
    seconds
        What each approach that trains a network may take, for all sizes together.
    listen
        Told of the progress.
    """
    curves = [
        _by_training(given, seconds, listen) if given.way.trains_a_network else _on_features(given, draws, listen)
        for given in givens
    ]
    return {
        "draws": draws,
        "per_class": sorted({size.per_class for curve in curves for size in curve.sizes}),
        "of": [curve.document() for curve in curves],
        "statements": statements(curves),
    }


@dataclass(frozen=True)
class _Fit:
    """One fit: its test accuracy, as how many independent pictures these count, and what `Size` says of it."""

    accuracy: float
    tested: float
    held_out: bool = True
    converged: bool | None = None


Parts = Mapping[int, Sequence[Dataset]]
"""By pictures per class, from the fewest: the draws to learn from."""

_Learn = Callable[[int, Dataset], _Fit]
"""Takes pictures per class and the pictures to learn from.

Raises `UserError` where nothing can be learnt from them, and `_NoTimeError` where there is no time to.
"""


class _NoTimeError(Exception):
    """The time for a curve is over."""


def _on_features(given: Given, draws: int, listen: Listener) -> Curve:
    setup, _ = setup_of(given.wish, listen)
    features = extracted(given.dataset, setup, given.store, listen, training=given.part("train"))
    train, test = (of_sides(features.dataset, given.split, side) for side in ("train", "test"))
    tested = vectors_for(features, test.records)

    def learn(_: int, part: Dataset) -> _Fit:
        fit = fitted(given, features, rows_known(given, part), silent)
        return _Fit(*_judged(given, fit.head, tested), held_out=bool(fit.chosen["folds"]))

    return _curve(given, train, _drawn(given, train, sizes_for(_counts(train)), draws), learn, listen)


def _by_training(given: Given, seconds: float, listen: Listener) -> Curve:
    """Return the curve of an approach that trains a network; what a training doesn't use of its time, the next may."""
    train = given.part("train")
    parts = _drawn(given, train, halved(_counts(train), TRAININGS), draws=1)
    looks = {size: _looks(given, own) for size, (own,) in parts.items()}
    end = time.monotonic() + seconds

    def learn(per_class: int, part: Dataset) -> _Fit:
        ahead = sum(own for size, own in looks.items() if size >= per_class)
        now = time.monotonic()
        if end - now < LEAST_SECONDS:
            raise _NoTimeError
        with store_in_memory() as store:
            own = replace(
                given,
                settings=replace(given.settings, out=given.settings.out / f"curve-{per_class}"),
                split=_split_with(given.split, train, part),
                store=store,
                deadline=now + max(LEAST_SECONDS, (end - now) * looks[per_class] / ahead),
            )
            learned = FAMILIES[given.way.family].learn(own, without_sentences(listen))
            assert learned.training is not None  # noqa: S101 - a network was trained
            if learned.training["stopped"] == "interrupted":
                raise KeyboardInterrupt
            tested = vectors_for(learned.features, of_sides(learned.dataset, own.split, "test").records)
            return _Fit(*_judged(given, learned.head, tested), converged=bool(learned.training["converged"]))

    return _curve(given, train, parts, learn, listen)


def _curve(given: Given, train: Dataset, parts: Parts, learn: _Learn, listen: Listener) -> Curve:
    name = approach_id(given.way, given.wish.record.name)
    sizes, left_out, tested = [], [], 0.0
    for per_class, drawn in parts.items():
        listen(Entered(f"learning curve of {name}: {per_class} a class"))
        try:
            fits = [learn(per_class, part) for part in drawn]
        except UserError as error:
            left_out.append((per_class, str(error)))
            continue
        except _NoTimeError:
            left_out.append((per_class, ""))
            continue
        point = Point(float(np.mean([len(part.records) for part in drawn])), tuple(fit.accuracy for fit in fits))
        sizes.append(Size(per_class, point, all(fit.held_out for fit in fits), fits[0].converged))
        tested = fits[0].tested
    return Curve(name, tuple(sizes), tuple(left_out), tested, is_even=len(set(_counts(train))) == 1)


def _drawn(given: Given, train: Dataset, sizes: Sequence[int], draws: int) -> Parts:
    """Return the draws of each size; where units leave nothing out, or what the size before has, there is one less."""
    drawn = [nested(train, given.units, sizes, (given.settings.seed, draw)) for draw in range(draws)]
    parts: dict[int, list[Dataset]] = {}
    for size in sizes:
        own = [each[size] for each in drawn]
        if all(len(part.records) == len(train.records) for part in own):
            return parts | {sizes[-1]: own[:1]}
        parts[size] = own
    return parts


def _counts(part: Dataset) -> list[int]:
    counts = Counter(record.label for record in part.records)
    return [counts[name] for name in part.classes]


def _split_with(split: Split, train: Dataset, part: Dataset) -> Split:
    """Return the split in which only ``part`` of ``train`` is there to learn from."""
    learnt = {record.sha256 for record in part.records}
    unused = {record.sha256 for record in train.records} - learnt
    return replace(split, sides=split.sides | dict.fromkeys(unused, LEFT_OUT))


def _looks(given: Given, part: Dataset) -> int:
    """Return how many pictures a training of all its epochs looks at."""
    n = len(part.records)
    return n * plan_for(given.way.family, n, given.settings, given.settings.seed).epochs


def _judged(given: Given, head: Head, tested: Features) -> tuple[float, float]:
    """Return the accuracy on the test pictures, and as how many independent ones they count."""
    right = probabilities(head, tested).argmax(axis=1) == labels_of(tested.dataset)
    units = numbered([given.units[record.sha256] for record in tested.dataset.records])
    return float(right.mean()), effective_size(right.astype(np.float64), units, ADDED_UNITS).pictures
