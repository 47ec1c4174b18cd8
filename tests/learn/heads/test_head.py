"""What all heads share: the softmax, directions, and the checks of what a stranger's file holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.heads import KINDS, Floats, head_from, softmax
from headstart.learn.heads.head import check_names, chunks, directions_of, floats_in, integers_in


def random_floats(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_softmax_of_known_logits() -> None:
    proba = softmax(np.log([[1, 2, 5], [1, 1, 2]]).astype(np.float32))
    np.testing.assert_allclose(proba, [[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]], rtol=1e-6)


def test_softmax_does_not_overflow() -> None:
    proba = softmax(np.array([[1e38, -1e38, 0], [-1e30, -1e30, -1e30], [1e4, 1e4, -1e4]], np.float32))
    np.testing.assert_allclose(proba, [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]], rtol=1e-6)


def test_softmax_keeps_float32() -> None:
    assert softmax(random_floats(2, 3)).dtype == np.float32


@pytest.mark.parametrize(("n", "numbers"), [(0, 5), (1, 1), (7, 2**30), (1000, 2**20), (100, 0)])
def test_chunks_cover_every_row_once(n: int, numbers: int) -> None:
    covered = [row for part in chunks(n, numbers) for row in range(n)[part]]
    assert covered == list(range(n))


def test_chunks_are_short_where_rows_are_long() -> None:
    assert [part.stop - part.start for part in chunks(3, 2**40)] == [1, 1, 1]


def test_directions_have_length_1() -> None:
    features = random_floats(5, 4) * np.array([[1e-30], [1e-3], [1], [1e18], [1e30]], np.float32)
    lengths = np.linalg.norm(directions_of(features, np.zeros(4, np.float32), np.ones(4, np.float32)), axis=1)
    np.testing.assert_allclose(lengths, np.ones(5), rtol=1e-5)


def test_a_row_at_the_mean_has_no_direction() -> None:
    mean = random_floats(4)
    np.testing.assert_array_equal(directions_of(mean[np.newaxis], mean, np.ones(4, np.float32)), np.zeros((1, 4)))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UserError, match="doesn't know its kind of head 'oracle'"):
        head_from("oracle", {}, 3, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_no_tensors_are_refused(kind: str) -> None:
    with pytest.raises(UserError, match="its head doesn't"):
        head_from(kind, {}, 3, 2)


@pytest.mark.parametrize("names", [{"a"}, {"a", "b", "c"}, set()])
def test_tensors_too_many_or_too_few_are_refused(names: set[str]) -> None:
    with pytest.raises(UserError, match="doesn't have the tensors that it should: "):
        check_names(dict.fromkeys(names, np.zeros(1)), {"a", "b"})


@pytest.mark.parametrize(
    "found",
    [np.zeros((2, 3)), np.zeros(4), np.zeros((3, 2, 1)), np.zeros((3, 2), np.bool_), np.zeros((3, 2), np.complex64)],
    ids=["turned", "flat", "deep", "of truths", "complex"],
)
def test_floats_of_another_shape_or_kind_are_refused(found: NDArray[Any]) -> None:
    with pytest.raises(UserError, match="doesn't fit together in x"):
        floats_in({"x": found}, "x", (3, 2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_floats_that_are_not_numbers_are_refused(value: float) -> None:
    with pytest.raises(UserError, match="aren't numbers in x"):
        floats_in({"x": np.array([0, value])}, "x", (None,))


def test_floats_below_the_lowest_are_refused() -> None:
    with pytest.raises(UserError, match="too small in x"):
        floats_in({"x": np.array([1, -0.1])}, "x", (2,), lowest=0)


@pytest.mark.parametrize("found", [np.array([0, 4]), np.array([-1, 3]), np.array([0.0, 1.0])])
def test_integers_out_of_range_are_refused(found: NDArray[Any]) -> None:
    with pytest.raises(UserError, match="points to what there isn't in x"):
        integers_in({"x": found}, "x", (2,), 0, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.int32])
def test_integers_are_32_bits_however_they_were_stored(dtype: type) -> None:
    found = integers_in({"x": np.array([0, 3], dtype)}, "x", (2,), 0, 3)
    assert found.dtype == np.int32
    assert found.tolist() == [0, 3]


def test_scores_that_are_no_numbers_are_never_taken_for_probabilities() -> None:
    kernel, bias = np.full((2, 2), 3e38, np.float32), np.zeros(2, np.float32)
    with pytest.raises(UserError, match="The model is spoilt: its scores aren't numbers"):
        head_from("dense", {"0/kernel": kernel, "0/bias": bias}, 2, 2).predict_proba(np.full((1, 2), 9, np.float32))
