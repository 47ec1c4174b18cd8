"""Nearest neighbours by cosine: how many, and by what power nearer ones count more, chosen by cross-validation.

Cover & Hart 1967, with votes weighted by likeness (Dudani 1976): see `NeighboursHead`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.learn.fit import Fit, best, trial
from headstart.learn.folds import folds_of, sides
from headstart.learn.heads import Floats, NeighboursHead
from headstart.learn.heads.head import chunks, directions_of
from headstart.learn.heads.neighbours import most_similar, shares_of_votes
from headstart.learn.rows import Rows
from headstart.learn.sklearn_trees import prior_of
from headstart.learn.standardisation import standardisation
from headstart.progress import Listener

NEIGHBOURS = (1, 3, 5, 10, 20, 40, 80)
POWERS = (1.0, 2.0, 4.0)
SMOOTHING = 0.01
"""Added to the votes: about what one neighbour that is a little nearer counts."""

_FIRST = (5, 1.0)
"""Taken where nothing can be held out."""


def fit_knn(rows: Rows, listen: Listener) -> Fit:
    """Return the neighbours among ``rows``; number and power have the lowest cross-validated log loss."""
    n = len(rows.labels)
    mean, std = standardisation(rows.features)
    directions = directions_of(rows.features, mean, std).astype(np.float16)
    prior = prior_of(rows)
    fold = folds_of(rows)
    most = max(NEIGHBOURS)
    nearest, similar = _nearest(directions.astype(np.float32), fold, most + 1)
    labels, votes = rows.labels[nearest], rows.weights[nearest]

    def scores(k: int, power: float) -> Floats:
        return np.log(shares_of_votes(similar, labels, votes, k=k, power=power, smoothing=SMOOTHING, prior=prior))

    settings = sorted(((k, power) for k in NEIGHBOURS for power in POWERS if k <= n), key=lambda each: each != _FIRST)
    chosen = best(trial(each, scores(*each), rows, fold) for each in settings)
    k, power = chosen.setting
    head = NeighboursHead(
        mean,
        std,
        directions,
        rows.labels.astype(np.int32),
        rows.weights.astype(np.float32),
        prior,
        np.array([k, power, SMOOTHING, chosen.temperature], np.float32),
    )
    return Fit(head, {"neighbours": k, "power": power, **chosen.document()})


def _nearest(directions: Floats, fold: NDArray[np.intp], count: int) -> tuple[NDArray[np.intp], Floats]:
    """Return, for each held-out row, the ``count`` nearest of the rows outside of its fold, as `most_similar`."""
    nearest = np.zeros((len(directions), count), np.intp)
    similar = np.full((len(directions), count), -1, np.float32)
    for learnt, held in sides(fold):
        others, own = np.flatnonzero(learnt), np.flatnonzero(held)
        for part in chunks(len(own), len(others)):
            columns, similar[own[part]] = most_similar(directions[own[part]] @ directions[others].T, count)
            nearest[own[part]] = others[columns]
    return nearest, similar
