"""Likely label errors, told by the features of a frozen network: among the pictures to learn from, and in test.

Every picture of train and val is judged by a ridge classifier that was fitted without it and what belongs to it, for
which there is a formula (`headstart.learn.ridge`): no folds are drawn, and 1,000 pictures take a second. Of the ways
tried on swapped labels in three sets of real pictures (ridge, logistic and discriminants) it found most. The test part
is judged by the same classifier, and nothing is suggested for it: labels corrected with a model's help would flatter
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.jobs.extraction import Features, extracted
from headstart.jobs.learning.given import Given, labels_of, of_sides, probabilities, vectors_for
from headstart.jobs.learning.on_features import Known, rows_known
from headstart.jobs.setup import setup_of
from headstart.judge.suspects import can_tell_apart, class_thresholds, suspects
from headstart.learn.folds import folds
from headstart.learn.heads import Floats, Head
from headstart.learn.ridge import fit_ridge_and_left_out
from headstart.learn.rows import Rows
from headstart.progress import Entered, Listener

MOST, MOST_IN_TEST = 100, 24

AT_CHANCE = "the features can't tell the classes apart"
NOT_HELD_OUT = "no class has pictures that can be held out"
"""Why nothing can be said of any label."""

_AT_ONCE = 20_000
"""Pictures to one classifier: more hardly make it better, and memory needn't hold them."""


def suspects_in(given: Given, listen: Listener) -> dict[str, Any]:
    """Return the pictures whose labels are likely wrong, as a document (``suspects`` in ``docs/formats.md``).

    Parameters
    ----------
    given
        Pictures, their split, and the frozen network by whose features they are judged.
    listen
        Told of the progress.
    """
    setup, _ = setup_of(given.wish, listen)
    features = extracted(given.dataset, setup, given.store, listen, training=given.part("train"))
    listen(Entered("looking for label errors"))
    known = rows_known(given, of_sides(features.dataset, given.split, "train", "val"))
    judged = _judged(features, known, given.settings.seed)
    rows = np.flatnonzero(judged.left_out >= 0)
    labels, proba, units = known.labels[rows], judged.proba[rows], known.units[rows]
    classes = known.dataset.classes
    seen = set(labels.tolist())
    document: dict[str, Any] = {
        "on": given.wish.record.name,
        "folds": len(np.unique(units)),
        "checked": len(rows),
        "found": 0,
        "reason": None,
        "items": [],
        "test": [],
        "test_count": 0,
        "left_out": [classes[label] for label in np.unique(known.labels).tolist() if label not in seen],
    }
    if not len(rows) or not can_tell_apart(labels, proba, units):
        return document | {"reason": AT_CHANCE if len(rows) else NOT_HELD_OUT}
    thresholds = class_thresholds(labels, proba)
    found = suspects(labels, proba, thresholds)
    records = [known.dataset.records[row] for row in rows[found.positions[:MOST]]]
    test = vectors_for(features, of_sides(features.dataset, given.split, "test").records)
    of_test = np.mean([probabilities(head, test) for head in judged.heads], axis=0)
    tested = suspects(labels_of(test.dataset), of_test, thresholds)
    return document | {
        "found": len(found.positions),
        "items": [
            {
                "path": record.path,
                "side": given.split.sides[record.sha256],
                "label": record.label,
                "suggested": classes[suggested],
                "probability": float(proba[position, suggested]),
                "own_probability": float(proba[position, labels[position]]),
                "picture": None,
            }
            for record, position, suggested in zip(
                records, found.positions.tolist(), found.suggested.tolist(), strict=False
            )
        ],
        "test": [
            {"path": record.path, "label": record.label, "picture": None}
            for record in (test.dataset.records[position] for position in tested.positions[:MOST_IN_TEST])
        ],
        "test_count": len(tested.positions),
    }


@dataclass(frozen=True)
class _Judged:
    """What is said of each picture by a classifier that hadn't seen it, and classifiers for others.

    ``left_out``, ``(n,)``, is each picture's unit, or -1 if it couldn't be held out: what ``proba``, ``(n, n_classes)``
    float32, has for it means nothing.
    """

    left_out: NDArray[np.intp]
    proba: Floats
    heads: tuple[Head, ...]


def _judged(features: Features, known: Known, seed: int) -> _Judged:
    n, n_classes = len(known.labels), len(known.dataset.classes)
    parts = -(-n // _AT_ONCE)
    part_of = folds(known.labels, known.units, parts, seed) if parts > 1 else np.zeros(n, np.intp)
    left_out, proba, heads = np.full(n, -1), np.zeros((n, n_classes), np.float32), []
    for number in range(parts):
        part = np.flatnonzero(part_of == number)
        labels, units = known.labels[part], known.units[part]
        left_out[part] = np.where(_can_be_held_out(labels, units), units, -1)
        vectors = vectors_for(features, [known.dataset.records[row] for row in part]).matrix()
        rows = Rows(vectors, labels, n_classes, units, known.weights[part], seed)
        fit, proba[part] = fit_ridge_and_left_out(rows, left_out[part])
        heads.append(fit.head)
    return _Judged(left_out, proba, tuple(heads))


def _can_be_held_out(labels: NDArray[np.intp], units: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return for which pictures, ``(n,)``, there are others of each class in their unit outside of it."""
    pairs = np.unique(np.stack([labels, units]), axis=1)
    units_of = np.bincount(pairs[0])
    alone = np.unique(units[units_of[labels] == 1])
    return ~np.isin(units, alone)
