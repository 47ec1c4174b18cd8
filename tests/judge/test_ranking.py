"""Ranking figures agree with scikit-learn's, ties and weights included; what a part can't give is NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from headstart.judge.ranking import macro, rankings

quick = settings(deadline=None, max_examples=40)


@st.composite
def any_ranked(draw: st.DrawFn) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw up to 40 pictures of 2 to 5 classes that all have some, with few different scores or many."""
    n_classes = draw(st.integers(2, 5))
    labels = [*range(n_classes), *draw(st.lists(st.integers(0, n_classes - 1), max_size=35))]
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scores = random.random((len(labels), n_classes))
    levels = draw(st.sampled_from([1, 2, 5, 1000]))
    return np.array(labels), np.round(scores * levels) / levels


def of_class(
    labels: NDArray[np.intp], scores: NDArray[np.float64], weights: NDArray[np.float64], i: int
) -> list[float]:
    """Return scikit-learn's area and average precision of class ``i``."""
    own = labels == i
    return [of(own, scores[:, i], sample_weight=weights) for of in (roc_auc_score, average_precision_score)]


@given(any_ranked())
@quick
def test_figures_of_each_class_are_scikit_learns(drawn: tuple[NDArray[np.intp], NDArray[np.float64]]) -> None:
    labels, scores = drawn
    figures = rankings(labels, scores, np.ones((1, len(labels))))
    ours = np.stack([figures["roc_auc"][0], figures["average_precision"][0]], axis=1)
    expected = [of_class(labels, scores, np.ones(len(labels)), i) for i in range(scores.shape[1])]
    np.testing.assert_allclose(ours, expected, atol=1e-9)


@given(any_ranked(), st.integers(0, 2**32 - 1))
@quick
def test_figures_under_weights_are_scikit_learns(
    drawn: tuple[NDArray[np.intp], NDArray[np.float64]], seed: int
) -> None:
    labels, scores = drawn
    weights = np.random.default_rng(seed).integers(1, 4, (3, len(labels))).astype(np.float64)
    figures = rankings(labels, scores, weights)
    ours = np.stack([figures["roc_auc"], figures["average_precision"]], axis=2)
    expected = [[of_class(labels, scores, row, i) for i in range(scores.shape[1])] for row in weights]
    np.testing.assert_allclose(ours, expected, atol=1e-9)


@given(any_ranked())
@quick
def test_the_mean_area_is_scikit_learns_one_against_rest(
    drawn: tuple[NDArray[np.intp], NDArray[np.float64]],
) -> None:
    labels, scores = drawn
    figures = rankings(labels, scores, np.ones((1, len(labels))))
    truth = np.eye(scores.shape[1])[labels]
    for name, of in (("roc_auc", roc_auc_score), ("average_precision", average_precision_score)):
        assert macro(figures[name])[0] == pytest.approx(of(truth, scores, average="macro"), abs=1e-9)


@given(any_ranked(), st.integers(0, 2**32 - 1))
@quick
def test_a_picture_of_weight_two_counts_as_if_it_were_there_twice_and_of_weight_0_not_at_all(
    drawn: tuple[NDArray[np.intp], NDArray[np.float64]], seed: int
) -> None:
    labels, scores = drawn
    times = np.random.default_rng(seed).integers(0, 3, len(labels))
    weighted = rankings(labels, scores, times[np.newaxis].astype(np.float32))
    repeated = rankings(np.repeat(labels, times), np.repeat(scores, times, axis=0), np.ones((1, times.sum())))
    np.testing.assert_allclose(weighted["roc_auc"], repeated["roc_auc"], atol=1e-5)
    np.testing.assert_allclose(weighted["average_precision"], repeated["average_precision"], atol=1e-5)


def test_a_tie_counts_half_in_the_area() -> None:
    figures = rankings(np.array([1, 0, 0]), np.array([[0.5, 0.5], [0.5, 0.5], [0.9, 0.1]]), np.ones((1, 3)))
    np.testing.assert_allclose(figures["roc_auc"], [[0.75, 0.75]])


def test_average_precision_by_hand() -> None:
    # Of ranks 1 to 5 the class has 1, 3 and 4.
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    figures = rankings(np.array([1, 0, 1, 1, 0]), np.stack([1 - scores, scores], axis=1), np.ones((1, 5)))
    assert figures["average_precision"][0, 1] == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    assert figures["roc_auc"][0, 1] == pytest.approx((2 + 1 + 1) / 6)


def test_classes_without_pictures_or_without_others_have_no_figure() -> None:
    figures = rankings(np.array([1, 1]), np.full((2, 3), 1 / 3), np.ones((4, 2), np.float32))
    assert np.isnan(figures["roc_auc"]).all()
    assert np.isnan(figures["average_precision"]).all()
    assert np.isnan(macro(figures["roc_auc"])).all()


def test_a_resample_without_pictures_of_a_class_has_no_figure_of_it_and_a_mean_of_the_others() -> None:
    labels, scores = np.array([0, 1, 2]), np.eye(3)
    figures = rankings(labels, scores, np.array([[1, 1, 1], [1, 2, 0], [3, 0, 0]], np.float32))
    expected = [[1, 1, 1], [1, 1, np.nan], [np.nan, np.nan, np.nan]]
    np.testing.assert_array_equal(figures["roc_auc"], expected)
    np.testing.assert_array_equal(figures["average_precision"], expected)
    np.testing.assert_array_equal(macro(figures["roc_auc"]), [1, 1, np.nan])
