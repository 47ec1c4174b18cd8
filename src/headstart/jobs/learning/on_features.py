"""frozen+HEAD and handcrafted+HEAD: vectors from the store, and a head fitted to those of the train part."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset
from headstart.errors import UserError
from headstart.jobs.extraction import Features, extracted
from headstart.jobs.learning.given import Given, Learned, labels_of, of_sides, vectors_for
from headstart.jobs.seconds import Seconds
from headstart.jobs.setup import Wish, setup_of, weights_warnings, wish_of
from headstart.learn.approaches import APPROACHES
from headstart.learn.class_weights import class_weights
from headstart.learn.fit import Fit
from headstart.learn.passes import Chunk
from headstart.learn.rows import Rows
from headstart.networks.cuts import cut_of
from headstart.progress import Entered, Listener, Said
from headstart.settings import TrainSettings
from headstart.sizes import in_words


def vectors_wish(settings: TrainSettings) -> Wish:
    """Return the wish of the settings; raise `UserError` if it isn't for vectors."""
    wish = wish_of(settings)
    if cut_of(wish.record, wish.recipe.layer).is_map:
        raise UserError("--pool none keeps maps as they are, for `headstart features`; choose avg or max to train.")
    return wish


def learnt_on_features(given: Given, listen: Listener) -> Learned:
    """Return a head on features that stay as they are; see `headstart.jobs.learning.Family`."""
    assert given.way.head is not None  # noqa: S101 - the families of this file have one
    setup, origin = setup_of(given.wish, listen)
    seconds = Seconds()
    features = extracted(given.dataset, setup, given.store, listen, training=given.part("train"))
    seconds.end("features")
    dataset = features.dataset
    listen(Entered(f"fitting {given.way.name}"))
    learnt = rows_known(given, of_sides(dataset, given.split, "train"))
    if learnt.weighting != "none" and given.settings.class_weight == "auto":
        listen(
            Said("Classes differ much in size: each counts the same in training (--class-weight none changes that).")
        )
    fit = fitted(given, features, learnt, listen)
    val_head = fit.head
    if given.settings.refit != "none":
        fit = fitted(given, features, rows_known(given, of_sides(dataset, given.split, "train", "val")), listen)
    seconds.end("fit")
    return Learned(
        dataset,
        features,
        origin,
        fit.head,
        val_head,
        fit.chosen,
        learnt.weighting,
        seconds.spent,
        warnings=weights_warnings(setup, origin),
    )


@dataclass(frozen=True)
class Known:
    """What is known of pictures to learn from, beside their features; arrays as in `headstart.learn.rows.Rows`.

    ``weighting`` says how classes are weighted.
    """

    dataset: Dataset
    labels: NDArray[np.intp]
    units: NDArray[np.intp]
    weights: NDArray[np.float32]
    weighting: str


def rows_known(given: Given, dataset: Dataset) -> Known:
    """Return what is known of the pictures of ``dataset`` as rows to learn from."""
    labels = labels_of(dataset)
    weights, weighting = class_weights(labels, len(dataset.classes), given.settings.class_weight)
    # Numbered as they come, and rows come in the order of their contents: names of files change nothing.
    numbers: dict[int, int] = {}
    units = [numbers.setdefault(given.units[record.sha256], len(numbers)) for record in dataset.records]
    return Known(dataset, labels, np.array(units, np.intp), weights[labels], weighting)


def fitted(given: Given, features: Features, known: Known, listen: Listener) -> Fit:
    """Return the approach's head fitted to the rows: all at once, or in passes where memory doesn't hold them.

    Raises
    ------
    UserError
        If memory doesn't hold them, and the head needs them all at once.
    """
    way, seed, n_classes = given.way, given.settings.seed, len(known.dataset.classes)
    assert way.head is not None  # noqa: S101 - it is fitted to features
    part = vectors_for(features, known.dataset.records)
    dimension = features.setup.dimension
    size, room = len(known.labels) * dimension * 4, _room()
    if size <= room:
        return way.head.fit(Rows(part.matrix(), known.labels, n_classes, known.units, known.weights, seed), listen)
    too_many = (
        f"{len(known.labels)} vectors of {dimension} numbers take {in_words(size)}, and {in_words(room)} may be used"
    )
    if not way.in_passes:
        takers = [other.name for other in APPROACHES.values() if other.family == way.family and other.in_passes]
        raise UserError(f"{too_many}: {way.name} needs all at once; choose {' or '.join(takers)}, which don't.")
    listen(Said(f"{too_many}: {way.name} learns from them in passes."))
    return way.in_passes(partial(_chunks, part, known), dimension, n_classes, seed, listen)


def _chunks(features: Features, known: Known) -> Iterator[Chunk]:
    start = 0
    for vectors in features.chunks():
        own = slice(start, start + len(vectors))
        yield Chunk(vectors, known.labels[own], known.weights[own], known.units[own])
        start = own.stop


def _room() -> int:
    """Return how many bytes the features of training pictures may take: a part of the machine's memory."""
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _SHARE_OF_MEMORY)
    except (AttributeError, ValueError, OSError):  # not every system tells
        return _ROOM_UNTOLD


_SHARE_OF_MEMORY = 1 / 8  # a fit holds them standardised, and in its folds, too
_ROOM_UNTOLD = 2**30
