"""Labels that were made wrong on purpose, and what a good classifier says of the pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def swapped(
    truth: NDArray[np.intp], n_classes: int, share: float, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return labels of which a ``share`` is another class, drawn, and which these are, ``(n,)`` each."""
    random = np.random.default_rng(seed)
    wrong = np.zeros(len(truth), np.bool_)
    wrong[random.permutation(len(truth))[: round(share * len(truth))]] = True
    return np.where(wrong, (truth + random.integers(1, n_classes, len(truth))) % n_classes, truth), wrong


def answers(truth: NDArray[np.intp], n_classes: int, seed: int) -> NDArray[np.float64]:
    """Return probabilities, ``(n, n_classes)``, that are nearly always highest for the ``truth``."""
    scores = np.random.default_rng(seed).normal(size=(len(truth), n_classes))
    scores[np.arange(len(truth)), truth] += 6
    proba = np.exp(scores)
    return np.asarray(proba / proba.sum(axis=1, keepdims=True))
