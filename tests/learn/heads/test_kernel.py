"""A kernel machine: its scores, and that a stranger's file is checked."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel

from headstart.errors import UserError
from headstart.learn.heads import Floats, KernelHead, head_from
from headstart.learn.heads.head import directions_of
from headstart.learn.heads.kernel import gaussian

DIMENSION, CLASSES, ROWS = 4, 3, 9


def random_floats(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture
def head() -> KernelHead:
    mean, std = random_floats(DIMENSION, seed=1), np.arange(1, DIMENSION + 1, dtype=np.float32)
    return KernelHead(
        mean=mean,
        std=std,
        support=directions_of(random_floats(ROWS, DIMENSION, seed=2), mean, std),
        coefficients=random_floats(ROWS, CLASSES, seed=3),
        bias=random_floats(CLASSES, seed=4),
        gamma=np.array([0.7], np.float32),
    )


@pytest.mark.parametrize("gamma", [0, 0.1, 5])
def test_the_kernel_is_scikit_learns(gamma: float) -> None:
    left, right = random_floats(7, DIMENSION), random_floats(5, DIMENSION, seed=1)
    np.testing.assert_allclose(gaussian(left, right, gamma), rbf_kernel(left, right, gamma), rtol=1e-4)


def test_no_row_is_liker_to_another_than_to_itself() -> None:
    rows = 1000 + random_floats(30, DIMENSION)
    assert gaussian(rows, rows, 100).max() <= 1


def test_scores_are_likeness_times_coefficients(head: KernelHead) -> None:
    features = random_floats(6, DIMENSION, seed=9)
    z = (features - head.mean) / head.std
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    expected = rbf_kernel(z, head.support, 0.7) @ head.coefficients + head.bias
    np.testing.assert_allclose(head.scores(features), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("mean", (DIMENSION + 1,)),
        ("std", (1,)),
        ("support", (ROWS, DIMENSION + 1)),
        ("support", (ROWS + 1, DIMENSION)),
        ("coefficients", (ROWS, CLASSES + 1)),
        ("bias", (1,)),
        ("gamma", ()),
        ("gamma", (2,)),
    ],
)
def test_tensors_that_do_not_fit_together_are_refused(head: KernelHead, name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="doesn't fit together"):
        head_from("kernel", {**head.tensors(), name: np.ones(shape, np.float32)}, DIMENSION, CLASSES)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["mean", "std", "support", "coefficients", "bias", "gamma"])
def test_values_that_are_not_numbers_are_refused(head: KernelHead, name: str, value: float) -> None:
    spoilt = head.tensors()[name].copy()
    spoilt.flat[-1] = value
    with pytest.raises(UserError, match=f"aren't numbers in {name}"):
        head_from("kernel", {**head.tensors(), name: spoilt}, DIMENSION, CLASSES)


@pytest.mark.parametrize(("name", "value"), [("std", 0), ("std", -1), ("gamma", -1)])
def test_values_that_are_too_small_are_refused(head: KernelHead, name: str, value: float) -> None:
    spoilt = head.tensors()[name].copy()
    spoilt[0] = value
    with pytest.raises(UserError, match=f"too small in {name}"):
        head_from("kernel", {**head.tensors(), name: spoilt}, DIMENSION, CLASSES)
