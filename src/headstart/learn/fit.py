"""What a fit gives, and how its hyper-parameters are chosen: by held-out log loss after calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from headstart.learn.calibration import log_loss, temperature_for
from headstart.learn.folds import sides
from headstart.learn.heads import Floats, Head
from headstart.learn.rows import Rows

Part = TypeVar("Part")


@dataclass(frozen=True)
class Fit:
    """A fitted head, and what was chosen for it: plain values for results, `Trial.document` among them."""

    head: Head
    chosen: dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """How one setting did on held-out rows.

    ``log_loss`` is after ``temperature``, and weighted as the rows are; it and ``accuracy`` are None where no row
    could be held out.
    """

    setting: Any
    temperature: float
    log_loss: float | None
    accuracy: float | None
    folds: int

    def document(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "temperature": round(self.temperature, 6),
            "folds": self.folds,
            "accuracy": None if self.accuracy is None else round(self.accuracy, 6),
            "log_loss": None if self.log_loss is None else round(self.log_loss, 6),
        }


def trial(setting: Any, scores: Floats, rows: Rows, fold: NDArray[np.intp]) -> Trial:  # noqa: ANN401
    """Return how ``setting`` did.

    Parameters
    ----------
    setting
        What was tried: any value.
    scores
        ``(n, n_classes)`` float32, each row's by a head that didn't learn from it; others than held-out rows are
        ignored.
    rows, fold
        The rows, and their `headstart.learn.folds.folds`.
    """
    held = fold >= 0
    if not held.any():
        return Trial(setting, 1.0, None, None, 0)
    scores, labels, weights = scores[held], rows.labels[held], rows.weights[held]
    temperature = temperature_for(scores, labels, weights)
    return Trial(
        setting,
        temperature,
        log_loss(scores, labels, weights, temperature),
        float((scores.argmax(axis=1) == labels).mean()),
        len(np.unique(fold[held])),
    )


def crossvalidated(
    settings: Iterable[Any],
    rows: Rows,
    fold: NDArray[np.intp],
    learn: Callable[[NDArray[np.bool_]], Part],
    scores_of: Callable[[Part, Any, NDArray[np.bool_]], Floats],
) -> Trial:
    """Return the best of ``settings``, where one thing learnt from each fold's rest serves all of them.

    Parameters
    ----------
    settings
        What is tried; the first is taken if nothing can be held out.
    rows, fold
        As for `trial`.
    learn
        Learns from the rows where its argument, ``(n,)``, is true.
    scores_of
        Takes what was learnt, a setting, and which rows, ``(n,)``; returns their scores.
    """
    parts = [(learn(learnt), held) for learnt, held in sides(fold)]

    def tried(setting: Any) -> Trial:  # noqa: ANN401
        scores = np.zeros((len(rows.labels), rows.n_classes), np.float32)
        for part, held in parts:
            scores[held] = scores_of(part, setting, held)
        return trial(setting, scores, rows, fold)

    return best(tried(setting) for setting in settings)


def best(trials: Iterable[Trial]) -> Trial:
    """Return the trial with the lowest log loss; the first if nothing could be held out."""
    return min(trials, key=lambda each: np.inf if each.log_loss is None else each.log_loss)
