"""The features of a data set on a map of two dimensions: what lies close together looks alike to the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headstart.data.records import PictureRecord
from headstart.data.split import Split
from headstart.jobs.extraction import Features
from headstart.jobs.learning.given import labels_of, vectors_for
from headstart.learn.axes import standardised_axes
from headstart.learn.heads import Floats

SIDES = ("train", "val", "test")
"""What a side's number in a point means."""

NOT_PREDICTED = -1
"""Stands where a picture's prediction would, if there is none."""

MOST = 1500
"""Pictures on the map: of more, so many are drawn."""

_FEWEST = 30
"""Of fewer pictures t-SNE says nothing."""

_AXES = 50
_PERPLEXITY = 30.0
_STEPS = 500


def map_of(features: Features, split: Split, predicted: Mapping[str, int], seed: int) -> dict[str, Any] | None:
    """Return where each picture lies on the map, None if there are no pictures.

    t-SNE (van der Maaten & Hinton 2008) of the 50 principal axes of the standardised features, begun with the first
    two; those alone ("pca") if there are fewer than 30 pictures. Both coordinates are in [0, 1], in the same scale. The
    names of the files change nothing.

    Parameters
    ----------
    features
        Vectors of the pictures; of more than `MOST`, so many are drawn, in proportion of classes and sides.
    split
        Who is on which side.
    predicted
        The position of the predicted class by content, of the pictures that have one.
    seed
        Of the draw, and of t-SNE.
    """
    records = drawn_records(features, split, seed)
    if not records:
        return None
    part = vectors_for(features, records)
    scores = standardised_axes(part.matrix()).axes.scores[:, ::-1][:, :_AXES]
    is_plain = len(records) < _FEWEST or scores.shape[1] < 2
    places = in_unit_square(_first_two(scores) if is_plain else _neighbours_kept(scores, seed))
    facts = zip(places, labels_of(part.dataset), records, strict=True)
    return {
        "of": features.setup.networks[0].backbone,
        "method": "pca" if is_plain else "t-sne",
        "points": [
            [
                *(round(float(along), 4) for along in place),
                int(label),
                predicted.get(record.sha256, NOT_PREDICTED),
                SIDES.index(split.sides[record.sha256]),
            ]
            for place, label, record in facts
        ],
        "paths": [record.path for record in records],
    }


def drawn_records(features: Features, split: Split, seed: int) -> list[PictureRecord]:
    """Return all pictures by class, side and content, or `MOST` of them: from each class and side its share."""
    dataset = features.dataset
    lots = np.random.default_rng(seed).permutation(len(dataset.records)).tolist()
    by_content = sorted(dataset.records, key=lambda record: (record.sha256, record.label, record.path))
    order = sorted(
        zip(by_content, lots, strict=True),
        key=lambda each: (dataset.label_index(each[0]), split.sides[each[0].sha256], each[1]),
    )
    count = min(MOST, len(order))
    return [order[int((number + 0.5) * len(order) / count)][0] for number in range(count)]


def in_unit_square(places: Floats) -> Floats:
    """Return ``(n, 2)`` places moved and scaled into [0, 1], both coordinates by the same."""
    lowest, highest = places.min(axis=0), places.max(axis=0)
    widest = float((highest - lowest).max())
    return np.asarray((places - (lowest + highest) / 2) / (widest or 1) + 0.5, np.float32).clip(0, 1)


def _first_two(scores: Floats) -> Floats:
    return np.pad(scores[:, :2], ((0, 0), (0, max(0, 2 - scores.shape[1]))))


def _neighbours_kept(scores: Floats, seed: int) -> Floats:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(_PERPLEXITY, (len(scores) - 1) / 3)
    # Its threads wait for each other in a busy loop: with another job on the machine, several are slower than one.
    with threadpool_limits(1, "openmp"):
        places = TSNE(perplexity=perplexity, init="pca", max_iter=_STEPS, random_state=seed).fit_transform(scores)
    return np.asarray(places, np.float32)
