"""A forest of extremely randomised trees (Geurts, Ernst & Wehenkel 2006), calibrated by cross-validation.

Drawn thresholds did as well as or better than Breiman's searched ones on features of frozen networks, in less time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.learn.fit import Fit, crossvalidated
from headstart.learn.folds import folds_of
from headstart.learn.heads import TreesHead
from headstart.learn.rows import Rows
from headstart.learn.sklearn_trees import GrownTree, grown_tree, prior_of, quiet, trees_head_of
from headstart.progress import Listener

TREES, TREES_OF_A_TRIAL = 300, 100

SMOOTHINGS = (0.1, 0.01, 1.0)
"""Rows by which each leaf is drawn to the shares of all, the first where nothing can be held out."""

_MOST_NUMBERS = 2**26
"""What scikit-learn's trees may hold at once: they have a number for each class at every node."""


def fit_forest(rows: Rows, listen: Listener) -> Fit:
    """Return the forest fitted to ``rows``; its smoothing has the lowest cross-validated log loss."""
    prior = prior_of(rows)

    def head(trees: list[GrownTree], smoothing: float) -> TreesHead:
        return trees_head_of(trees, prior, rows.features.shape[1], smoothing)

    chosen = crossvalidated(
        SMOOTHINGS,
        rows,
        folds_of(rows),
        lambda learnt: _grown(rows, learnt, TREES_OF_A_TRIAL),
        lambda trees, smoothing, held: head(trees, smoothing).scores(rows.features[held]),
    )
    trees = _grown(rows, np.ones(len(rows.labels), np.bool_), TREES)
    described = {"trees": TREES, "smoothing": chosen.setting}
    return Fit(head(trees, chosen.setting).cooled(chosen.temperature), {**described, **chosen.document()})


def _grown(rows: Rows, learnt: NDArray[np.bool_], count: int) -> list[GrownTree]:
    """Return ``count`` trees of the rows where ``learnt``, grown some at a time so that memory stays flat."""
    from sklearn.ensemble import ExtraTreesClassifier

    features, labels, weights = rows.features[learnt], rows.labels[learnt], rows.weights[learnt]
    together = max(1, min(count, _MOST_NUMBERS // (2 * len(labels) * rows.n_classes)))
    trees: list[GrownTree] = []
    for seed in np.random.default_rng(rows.seed).integers(2**31, size=-(-count // together)):
        # Each tree has a seed of its own, so the number of threads changes nothing.
        forest = ExtraTreesClassifier(min(together, count - len(trees)), random_state=int(seed), n_jobs=-1)
        with quiet():
            forest.fit(features, labels, sample_weight=weights)
        # The trees of a forest know classes by their place among the forest's.
        trees += [grown_tree(each.tree_, forest.classes_) for each in forest.estimators_]
    return trees
