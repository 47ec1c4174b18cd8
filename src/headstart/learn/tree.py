"""One decision tree, grown to the end and pruned by cross-validation.

CART (Breiman, Friedman, Olshen & Stone 1984): Gini impurity, and pruning by cost and complexity. One tree per fold
tells the held-out loss for every strength of pruning.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.learn.fit import Fit, crossvalidated
from headstart.learn.folds import folds_of
from headstart.learn.heads import TreesHead
from headstart.learn.pruning import pruned_at, strengths_of
from headstart.learn.rows import Rows
from headstart.learn.sklearn_trees import grown_tree, prior_of, quiet, trees_head_of
from headstart.progress import Listener

SMOOTHINGS = (3.0, 1.0)
"""Rows by which a leaf is drawn to the shares of all, the first where nothing can be held out."""

_STRENGTHS = 8
"""How many strengths of pruning are tried."""


def fit_tree(rows: Rows, listen: Listener) -> Fit:
    """Return the tree fitted to ``rows``; pruning and smoothing have the lowest cross-validated log loss."""
    everything, at = _grown(rows, np.ones(len(rows.labels), np.bool_))
    prior = prior_of(rows)

    def pruned(grown: tuple[Any, NDArray[np.float64]], setting: tuple[float, float]) -> TreesHead:
        (classifier, strengths), (strength, smoothing) = grown, setting
        tree = grown_tree(classifier.tree_, classifier.classes_, strengths <= strength)
        return trees_head_of([tree], prior, rows.features.shape[1], smoothing)

    chosen = crossvalidated(
        [(strength, smoothing) for strength in strengths_of(at, _STRENGTHS) for smoothing in SMOOTHINGS],
        rows,
        folds_of(rows),
        lambda learnt: _grown(rows, learnt),
        lambda grown, setting, held: pruned(grown, setting).scores(rows.features[held]),
    )
    head = pruned((everything, at), chosen.setting).cooled(chosen.temperature)
    strength, smoothing = chosen.setting
    described = {"pruning": strength, "smoothing": smoothing, "leaves": len(head.starts) - 1}
    return Fit(head, {**described, **chosen.document()})


def _grown(rows: Rows, learnt: NDArray[np.bool_]) -> tuple[Any, NDArray[np.float64]]:
    """Return scikit-learn's tree of the rows where ``learnt``, and when it loses its nodes."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(random_state=rows.seed)
    with quiet():
        tree.fit(rows.features[learnt], rows.labels[learnt], sample_weight=rows.weights[learnt])
    return tree, pruned_at(tree.tree_)
