"""tree: pruned as cross-validation prefers, and no less accurate than a tree that isn't."""

from __future__ import annotations

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from headstart.learn.rows import rows_of
from headstart.learn.tree import fit_tree
from headstart.progress import silent
from learn.blobs import drawn


def test_noise_makes_no_leaf_sure() -> None:
    random = np.random.default_rng(0)
    rows = rows_of(random.normal(size=(200, 5)).astype(np.float32), random.integers(0, 2, 200), 2)
    assert fit_tree(rows, silent).head.predict_proba(rows.features).max() < 0.7


def test_a_board_of_squares_keeps_its_leaves() -> None:
    x = np.random.default_rng(0).uniform(0, 4, (600, 2)).astype(np.float32)
    fit = fit_tree(rows_of(x, (x.astype(int).sum(axis=1) % 2), 2), silent)
    assert fit.chosen["leaves"] >= 12
    assert fit.chosen["accuracy"] > 0.9


def test_it_is_about_as_accurate_as_scikit_learns_or_more() -> None:
    data = drawn(300, 10, 3, apart=0.6)
    ours = (fit_tree(data.rows(3), silent).head.scores(data.fresh).argmax(axis=1) == data.fresh_labels).mean()
    theirs = DecisionTreeClassifier(random_state=0).fit(data.features, data.labels)
    assert ours >= theirs.score(data.fresh, data.fresh_labels) - 0.01


def test_the_seed_reaches_the_tree() -> None:
    # Two columns are the same: which of them splits is drawn.
    column = np.random.default_rng(0).normal(size=(60, 1)).astype(np.float32)
    splits = {
        int(
            fit_tree(
                rows_of(np.hstack([column] * 8), (column[:, 0] > 0).astype(np.intp), 2, seed), silent
            ).head.tensors()["feature"][0]
        )
        for seed in range(6)
    }
    assert len(splits) > 1
