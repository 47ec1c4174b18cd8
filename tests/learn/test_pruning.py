"""The order in which a tree loses its nodes: scikit-learn's, for all strengths at once."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from headstart.learn.pruning import pruned_at, strengths_of
from learn.blobs import drawn


@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_strengths_are_scikit_learns(n_classes: int) -> None:
    data = drawn(120, 6, n_classes, apart=0.6)
    tree = DecisionTreeClassifier(random_state=0)
    theirs = tree.cost_complexity_pruning_path(data.features, data.labels).ccp_alphas
    at = pruned_at(tree.fit(data.features, data.labels).tree_)
    ours = np.unique(at[np.isfinite(at)])
    np.testing.assert_allclose(ours, np.unique(theirs[theirs > 0]), rtol=1e-6)


def test_a_leaf_is_never_pruned() -> None:
    at = pruned_at(DecisionTreeClassifier().fit([[0], [1]], [0, 1]).tree_)
    np.testing.assert_array_equal(at, [0.5, np.inf, np.inf])


def test_strengths_lie_between_those_that_change_the_tree() -> None:
    assert strengths_of(np.array([np.inf, 1.0, 4.0, 4.0, 16.0]), 9) == [0.0, 2.0, 8.0, 16.0]
    assert strengths_of(np.array([np.inf, 1.0]), 9) == [0.0, 1.0]
    assert strengths_of(np.array([np.inf]), 9) == [0.0]


def test_of_many_strengths_some_are_taken_up_to_the_last() -> None:
    found = strengths_of(np.geomspace(1, 2.0**100, 101), 5)
    assert len(found) == 6
    assert found[-1] == pytest.approx(2.0**100)
