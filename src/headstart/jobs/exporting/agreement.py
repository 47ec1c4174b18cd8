"""Whether an exported graph says what the model says: arrays in, figures and the pictures that disagree out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.judge.intervals import wilson
from headstart.judge.pairs import LEVEL, mcnemar_p_value
from headstart.learn.heads import Floats

TOLERANCE = 1e-4
"""By how much a probability may differ."""

TIE = 2 * TOLERANCE
"""Where the model's two highest probabilities are as near as that, either class may be named.

Where they aren't, no other class can be the highest while all probabilities are within the tolerance.
"""

STEPPED = ("neighbours", "trees")
"""Kinds of heads whose answer can jump where a feature crosses a threshold, or one neighbour takes another's place."""

_ROUNDING = 2e-5
"""What features are moved by to find those pictures: some ten times what two runtimes were seen to differ by."""

_MOVES = 16

Answers = Callable[[Floats], Floats]
"""Makes ``(n, n_classes)`` probabilities of ``(n, dimension)`` features."""

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Range:
    """Between which probabilities the model may jump for next to nothing, and for which pictures it does.

    ``low`` and ``high`` are ``(n_pictures, n_classes)`` float32 in [0, 1], ``on_edge`` is ``(n_pictures,)``.
    """

    low: Floats
    high: Floats
    on_edge: Booleans


def range_of(features: Floats, answers: Answers, *, is_stepped: bool) -> Range:
    """Return what the model says of features, and of the same features moved by as much as runtimes round.

    The moves are drawn with a fixed seed: each feature up or down, by a few millionths of itself and of the root mean
    square of its row. A head without steps isn't moved, and so has no edges: of it the same answer is asked.

    Parameters
    ----------
    features
        ``(n_pictures, dimension)`` float32.
    answers
        The model's head.
    is_stepped
        Whether the head is one of `STEPPED`.
    """
    low = high = answers(features)
    if not is_stepped:
        return Range(low, high, np.zeros(len(features), np.bool_))
    random = np.random.default_rng(0)
    scale = np.sqrt(np.square(features).mean(axis=1, keepdims=True))
    for _ in range(_MOVES):
        signs = random.choice(np.array([-1, 1], np.float32), features.shape)
        moved = answers(features + np.float32(_ROUNDING) * signs * (np.abs(features) + scale))
        low, high = np.minimum(low, moved), np.maximum(high, moved)
    return Range(low, high, (high - low).max(axis=1) > TOLERANCE)


@dataclass(frozen=True)
class Agreement:
    """What was found when an export was compared with its model.

    ``largest_difference`` is that of probabilities of pictures that aren't on an edge; ``disagreeing`` are positions
    of pictures of which the export says what the model may not.
    """

    pictures: int
    same_class: int
    largest_difference: float
    ties: int
    edges: int
    disagreeing: tuple[int, ...]

    def document(self) -> dict[str, Any]:
        """Return the figures as they stand beside the export."""
        return {
            "pictures": self.pictures,
            "same_class": self.same_class,
            "largest_difference": self.largest_difference,
            "ties": self.ties,
            "edges": self.edges,
        }


def agreement(model: Floats, export: Floats, allowed: Range) -> Agreement:
    """Return how the ``export`` compares with the ``model`` that it was made of.

    They agree on a picture if all probabilities do, to `TOLERANCE`; so does the most likely class then, but for a
    `TIE`. On an edge the export may say anything between what the model says on its two sides.

    Parameters
    ----------
    model, export
        ``(n_pictures, n_classes)`` float32 probabilities of the same pictures.
    allowed
        From `range_of`.
    """
    differences = np.abs(export - model).max(axis=1)
    same_class = model.argmax(axis=1) == export.argmax(axis=1)
    highest = np.sort(model, axis=1)[:, -2:]
    ties = (highest[:, -1] - highest[:, 0] <= TIE) if model.shape[1] > 1 else np.zeros(len(model), np.bool_)
    within = ((export >= allowed.low - TOLERANCE) & (export <= allowed.high + TOLERANCE)).all(axis=1)
    agrees = np.where(allowed.on_edge, within, differences <= TOLERANCE)  # whatever isn't a number is neither
    plain = differences[~allowed.on_edge]
    return Agreement(
        pictures=len(model),
        same_class=int(same_class.sum()),
        largest_difference=float(plain.max()) if len(plain) else 0.0,
        ties=int(ties.sum()),
        edges=int(allowed.on_edge.sum()),
        disagreeing=tuple(np.flatnonzero(~agrees).tolist()),
    )


def change(before: Floats, after: Floats) -> dict[str, Any]:
    """Return how probabilities changed, without a judgement; arguments as for `agreement`."""
    return {
        "pictures": len(before),
        "same_class": int((before.argmax(axis=1) == after.argmax(axis=1)).sum()),
        "largest_difference": float(np.abs(after - before).max()),
    }


def accuracies(labels: NDArray[np.intp], model: Floats, export: Floats) -> dict[str, Any]:
    """Return the accuracy of both with intervals, and the exact p-value that they differ by chance.

    Parameters
    ----------
    labels
        ``(n_pictures,)``: the true class of each picture.
    model, export
        As for `agreement`.
    """
    right = {"model": model.argmax(axis=1) == labels, "export": export.argmax(axis=1) == labels}
    figures = {name: wilson(int(own.sum()), len(own)).document() for name, own in right.items()}
    return figures | {"p_value": mcnemar_p_value(right["model"], right["export"])}


def is_worse(accuracy: dict[str, Any]) -> bool:
    """Return whether the export is less accurate than its model by more than chance; of `accuracies`."""
    lost = accuracy["export"]["value"] < accuracy["model"]["value"]
    return bool(lost and accuracy["p_value"] < LEVEL)
