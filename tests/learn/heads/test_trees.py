"""Trees as arrays: how a row finds its leaf, and that no stranger's file makes it lose its way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.heads import TreesHead, head_from

DIMENSION, CLASSES = 2, 3


@pytest.fixture
def head() -> TreesHead:
    """Two trees: one of two inner nodes, and one that is a leaf which gives away half of its share."""
    return TreesHead(
        roots=np.array([0, 5], np.int32),
        feature=np.array([0, -1, 1, -1, -1, -1], np.int32),
        threshold=np.array([0.5, 0, 2, 0, 0, 0], np.float32),
        left=np.array([1, 0, 3, 1, 2, 3], np.int32),
        right=np.array([2, 0, 4, 0, 0, 0], np.int32),
        starts=np.array([0, 1, 2, 4, 5], np.int32),
        classes=np.array([0, 1, 1, 2, 0], np.int32),
        shares=np.array([1, 1, 0.25, 0.75, 0.5], np.float32),
        prior=np.array([0.2, 0.3, 0.5], np.float32),
        n_features=DIMENSION,
        temperature=np.ones(1, np.float32),
    )


FEATURES = np.array([[0.5, 9], [0.6, 2], [0.6, 2.1]], np.float32)
EXPECTED = (np.array([[1, 0, 0], [0, 1, 0], [0, 0.25, 0.75]]) + np.array([0.6, 0.15, 0.25])) / 2


def test_a_row_goes_left_up_to_the_threshold(head: TreesHead) -> None:
    np.testing.assert_array_equal(head.leaves(FEATURES), [[0, 3], [1, 3], [2, 3]])


def test_leaves_are_averaged_and_what_they_keep_is_spread_by_the_prior(head: TreesHead) -> None:
    np.testing.assert_allclose(head.predict_proba(FEATURES), EXPECTED, rtol=1e-5)
    np.testing.assert_allclose(head.scores(FEATURES), np.log(EXPECTED), rtol=1e-5)


def test_many_rows_go_in_chunks(head: TreesHead) -> None:
    many = np.resize(FEATURES, (3_000_000, DIMENSION))
    np.testing.assert_array_equal(head.scores(many)[-3:], head.scores(FEATURES))


def test_a_class_that_nobody_gives_anything_has_a_finite_score(head: TreesHead) -> None:
    scores = replace(head, prior=np.array([0, 0, 1], np.float32)).scores(FEATURES)
    assert np.isfinite(scores).all()
    assert scores[0, 1] < -20


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("left", 0, 0),  # itself
        ("right", 2, 0),  # back to the root
        ("left", 2, 1),  # a node before it
        ("right", 0, 6),  # past the end
        ("right", 0, -1),
        ("left", 1, 4),  # no such leaf
        ("left", 5, -1),
        ("feature", 0, DIMENSION),
        ("feature", 0, -2),
        ("roots", 0, 6),
        ("roots", 1, -1),
        ("starts", 0, 1),
        ("starts", 2, 0),
        ("starts", 4, 6),
        ("starts", 4, 4),
        ("classes", 0, CLASSES),
        ("classes", 0, -1),
        ("shares", 0, -0.1),
        ("shares", 0, np.nan),
        ("threshold", 0, np.inf),
        ("prior", 0, np.nan),
        ("prior", 0, -1),
        ("temperature", 0, 0),
        ("temperature", 0, -1),
    ],
)
def test_trees_that_lead_nowhere_are_refused(head: TreesHead, name: str, place: int, value: float) -> None:
    spoilt = head.tensors()[name].copy()
    spoilt[place] = value
    with pytest.raises(UserError, match="its head"):
        head_from("trees", {**head.tensors(), name: spoilt}, DIMENSION, CLASSES)


NAMES = ["roots", "feature", "threshold", "left", "right", "starts", "classes", "shares", "prior", "temperature"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "tensor",
    [np.zeros(0, np.int32), np.zeros((2, 2), np.float32), np.float32(1), np.zeros(9, np.complex64), np.zeros(9, "U1")],
    ids=["empty", "flat no more", "one number", "complex", "text"],
)
def test_tensors_of_another_shape_are_refused(head: TreesHead, name: str, tensor: NDArray[Any]) -> None:
    with pytest.raises(UserError, match="its head"):
        head_from("trees", {**head.tensors(), name: np.asarray(tensor)}, DIMENSION, CLASSES)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_tensor_is_refused(head: TreesHead, name: str) -> None:
    tensors = {other: tensor for other, tensor in head.tensors().items() if other != name}
    with pytest.raises(UserError, match=f"doesn't have the tensors that it should: {name}"):
        head_from("trees", tensors, DIMENSION, CLASSES)


@pytest.mark.parametrize(("dimension", "n_classes"), [(1, CLASSES), (DIMENSION, 2), (DIMENSION, 4)])
def test_a_head_of_another_size_is_refused(head: TreesHead, dimension: int, n_classes: int) -> None:
    with pytest.raises(UserError, match="its head"):
        head_from("trees", head.tensors(), dimension, n_classes)


def test_trees_that_grow_together_are_refused(head: TreesHead) -> None:
    tensors = {**head.tensors(), "roots": np.array([0, 1], np.int32)}
    with pytest.raises(UserError, match="trees grow together"):
        head_from("trees", tensors, DIMENSION, CLASSES)


@pytest.mark.parametrize(("depth", "is_refused"), [(100, False), (10_000, True)])
def test_a_way_that_would_take_ages_is_refused(head: TreesHead, depth: int, is_refused: bool) -> None:
    n = 2 * depth + 1
    own = np.arange(n, dtype=np.int32)
    is_leaf = (own % 2 == 1) | (own == n - 1)
    tensors = {
        **head.tensors(),
        "roots": np.zeros(1, np.int32),
        "feature": np.where(is_leaf, -1, 0).astype(np.int32),
        "threshold": np.zeros(n, np.float32),
        "left": np.where(is_leaf, 0, own + 1).astype(np.int32),
        "right": np.where(is_leaf, 0, own + 2).astype(np.int32),
    }
    if is_refused:
        with pytest.raises(UserError, match="would take ages"):
            head_from("trees", tensors, DIMENSION, CLASSES)
    else:
        assert head_from("trees", tensors, DIMENSION, CLASSES).predict_proba(FEATURES).shape == (3, CLASSES)
