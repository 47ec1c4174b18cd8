"""scikit-learn's trees as arrays: without smoothing they give its probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from headstart.learn.pruning import pruned_at
from headstart.learn.rows import rows_of
from headstart.learn.sklearn_trees import grown_tree, prior_of, trees_head_of
from learn.blobs import drawn

DATA = drawn(150, 9, 5, apart=0.7)
UNIFORM = np.full(5, 0.2, np.float32)
WEIGHTS = np.random.default_rng(0).uniform(0.1, 3, 150)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
def test_a_tree_has_the_probabilities_of_scikit_learns(weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    theirs = DecisionTreeClassifier(random_state=0, max_depth=5).fit(DATA.features, DATA.labels, sample_weight=weights)
    ours = trees_head_of([grown_tree(theirs.tree_, theirs.classes_)], UNIFORM, 9, 0)
    np.testing.assert_allclose(ours.predict_proba(DATA.fresh), theirs.predict_proba(DATA.fresh), atol=1e-6)


@pytest.mark.parametrize("forest", [RandomForestClassifier, ExtraTreesClassifier])
def test_a_forest_has_the_probabilities_of_scikit_learns(forest: type) -> None:
    theirs = forest(20, random_state=0).fit(DATA.features, DATA.labels)
    trees = [grown_tree(each.tree_, theirs.classes_) for each in theirs.estimators_]
    ours = trees_head_of(trees, UNIFORM, 9, 0)
    np.testing.assert_allclose(ours.predict_proba(DATA.fresh), theirs.predict_proba(DATA.fresh), atol=1e-6)


@pytest.mark.parametrize("alpha", [0, 0.004, 0.01, 0.03, 0.5])
def test_a_pruned_tree_is_the_one_that_scikit_learn_prunes(alpha: float) -> None:
    theirs = DecisionTreeClassifier(random_state=0, ccp_alpha=alpha).fit(DATA.features, DATA.labels)
    whole = DecisionTreeClassifier(random_state=0).fit(DATA.features, DATA.labels)
    ours = trees_head_of([grown_tree(whole.tree_, whole.classes_, pruned_at(whole.tree_) <= alpha)], UNIFORM, 9, 0)
    assert len(ours.feature) == theirs.tree_.node_count
    np.testing.assert_allclose(ours.predict_proba(DATA.fresh), theirs.predict_proba(DATA.fresh), atol=1e-6)


def test_rows_on_a_threshold_stay_on_their_side() -> None:
    features = np.nextafter(np.float32(1), np.float32(2) * np.arange(2, dtype=np.float32)[:, np.newaxis])
    theirs = DecisionTreeClassifier().fit(features, [0, 1])
    ours = trees_head_of([grown_tree(theirs.tree_, theirs.classes_)], UNIFORM[:2], 1, 0)
    np.testing.assert_array_equal(ours.predict_proba(features).argmax(axis=1), [0, 1])


def test_classes_without_rows_keep_their_place() -> None:
    theirs = DecisionTreeClassifier().fit([[0], [1], [2]], [1, 1, 4])
    ours = trees_head_of([grown_tree(theirs.tree_, theirs.classes_)], UNIFORM, 1, 0)
    np.testing.assert_allclose(ours.predict_proba(np.array([[0], [2]], np.float32)), np.eye(5)[[1, 4]], atol=1e-6)


def test_smoothing_draws_a_leaf_to_the_prior_by_its_rows() -> None:
    theirs = DecisionTreeClassifier().fit([[0]] * 3 + [[1]], [0, 0, 0, 1])
    ours = trees_head_of([grown_tree(theirs.tree_, theirs.classes_)], np.array([0.5, 0.5], np.float32), 1, 1.0)
    proba = ours.predict_proba(np.array([[0], [1]], np.float32))
    np.testing.assert_allclose(proba, [[0.875, 0.125], [0.25, 0.75]], rtol=1e-5)


def test_the_prior_is_the_share_of_each_class_and_never_0() -> None:
    rows = rows_of(np.zeros((4, 1), np.float32), np.array([0, 0, 0, 1]), 3)
    np.testing.assert_allclose(prior_of(rows), np.array([3.5, 1.5, 0.5]) / 5.5, rtol=1e-6)
