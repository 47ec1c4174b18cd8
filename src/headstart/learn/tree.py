"""One decision tree, grown to the end and pruned by cross-validation.

CART (Breiman, Friedman, Olshen & Stone 1984): Gini impurity, and pruning by cost and complexity. One tree per fold
tells the held-out loss for every strength of pruning.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.learn.fit import Fit, crossvalidated
from headstart.learn.folds import folds_of, sides
from headstart.learn.heads import TreesHead
from headstart.learn.pruning import pruned_at, strengths_of
from headstart.learn.rows import Rows
from headstart.learn.sklearn_trees import grown_tree, prior_of, quiet, trees_head_of
from headstart.progress import Listener

SMOOTHINGS = (3.0, 1.0)
"""Rows by which a leaf is drawn to the shares of all, the first where nothing can be held out."""

_AT_ONCE = 4  # trees grown at once: each has a copy of its rows
_STRENGTHS = 8
"""How many strengths of pruning are tried."""


def fit_tree(rows: Rows, listen: Listener) -> Fit:
    """Return the tree fitted to ``rows``; pruning and smoothing have the lowest cross-validated log loss."""
    fold, whole = folds_of(rows), np.ones(len(rows.labels), np.bool_)
    grown = _all_grown(rows, [whole, *(learnt for learnt, _ in sides(fold))])
    everything, at = grown[whole.tobytes()]
    prior = prior_of(rows)

    def pruned(one: Grown, setting: tuple[float, float]) -> TreesHead:
        (classifier, strengths), (strength, smoothing) = one, setting
        tree = grown_tree(classifier.tree_, classifier.classes_, strengths <= strength)
        return trees_head_of([tree], prior, rows.features.shape[1], smoothing)

    chosen = crossvalidated(
        [(strength, smoothing) for strength in strengths_of(at, _STRENGTHS) for smoothing in SMOOTHINGS],
        rows,
        fold,
        lambda learnt: grown[learnt.tobytes()],
        lambda one, setting, held: pruned(one, setting).scores(rows.features[held]),
    )
    head = pruned((everything, at), chosen.setting).cooled(chosen.temperature)
    strength, smoothing = chosen.setting
    described = {"pruning": strength, "smoothing": smoothing, "leaves": len(head.starts) - 1}
    return Fit(head, {**described, **chosen.document()})


Grown = tuple[Any, NDArray[np.float64]]
"""scikit-learn's tree, and when it loses each of its nodes."""


def _all_grown(rows: Rows, which: Sequence[NDArray[np.bool_]]) -> dict[bytes, Grown]:
    """Return the tree of each set of rows, ``(n,)``, by that set's bytes; several are grown at once."""
    workers = min(_AT_ONCE, os.cpu_count() or 1)
    with quiet(), ThreadPoolExecutor(workers) as threads:
        return {
            learnt.tobytes(): grown
            for learnt, grown in zip(which, threads.map(lambda learnt: _grown(rows, learnt), which), strict=True)
        }


def _grown(rows: Rows, learnt: NDArray[np.bool_]) -> Grown:
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(random_state=rows.seed)
    tree.fit(rows.features[learnt], rows.labels[learnt], sample_weight=rows.weights[learnt])
    return tree, pruned_at(tree.tree_)
