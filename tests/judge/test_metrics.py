"""Figures agree with scikit-learn's, whatever the labels; what a part can't give is NaN and never infinite."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sklearns

from headstart.judge.metrics import (
    LOG_LOSS_EPSILON,
    Counts,
    confusion_matrix,
    counts,
    f1,
    picture_losses,
    precision,
    recall,
    summary,
)


@dataclass(frozen=True)
class Judged:
    """Labels and probabilities of some pictures."""

    labels: NDArray[np.intp]
    proba: NDArray[np.float64]

    @property
    def n_classes(self) -> int:
        """The number of classes, with and without pictures."""
        return len(self.proba[0])

    @property
    def predicted(self) -> NDArray[np.intp]:
        """The most likely classes."""
        return np.asarray(self.proba.argmax(axis=1))

    def figures(self) -> dict[str, float]:
        """Return every one-number figure."""
        once = np.ones((1, len(self.labels)))
        return {name: float(values[0]) for name, values in summary(self.labels, self.proba, once).items()}

    def counts(self) -> Counts:
        """Return the plain counts."""
        return counts(self.labels, self.predicted, self.n_classes, np.ones((1, len(self.labels))))


@st.composite
def any_judged(draw: st.DrawFn, min_classes: int = 2) -> Judged:
    """Draw up to 40 pictures of up to 9 classes, some of which may have no picture or never be predicted."""
    n_classes = draw(st.integers(min_classes, 9))
    labels = np.array(draw(st.lists(st.integers(0, n_classes - 1), min_size=1, max_size=40)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    proba = random.dirichlet(np.full(n_classes, draw(st.sampled_from([0.3, 3.0]))), len(labels))
    # Away from 0: the limit of the log loss has tests of its own.
    return Judged(labels, 0.99 * proba + 0.01 / n_classes)


quick = settings(deadline=None, max_examples=60)


@given(any_judged(), st.sampled_from(["macro", "weighted"]))
@quick
def test_precision_recall_and_f1_are_scikit_learns(judged: Judged, average: str) -> None:
    expected = sklearns.precision_recall_fscore_support(
        judged.labels, judged.predicted, average=average, zero_division=0
    )
    figures = judged.figures()
    ours = [figures[f"{name}_{average}"] for name in ("precision", "recall", "f1")]
    np.testing.assert_allclose(ours, expected[:3], atol=1e-9)


@given(any_judged())
@quick
def test_figures_of_each_class_are_scikit_learns(judged: Judged) -> None:
    own = np.unique(np.concatenate([judged.labels, judged.predicted]))
    expected = sklearns.precision_recall_fscore_support(judged.labels, judged.predicted, labels=own, zero_division=0)
    ours = [of(judged.counts())[0, own] for of in (precision, recall, f1)]
    np.testing.assert_allclose(ours, expected[:3], atol=1e-9)


@given(any_judged())
@quick
def test_classes_that_neither_occur_nor_are_predicted_are_nan(judged: Judged) -> None:
    unseen = ~np.isin(np.arange(judged.n_classes), np.concatenate([judged.labels, judged.predicted]))
    np.testing.assert_array_equal([np.isnan(of(judged.counts())[0]) for of in (precision, recall, f1)], [unseen] * 3)


@given(any_judged())
@quick
def test_accuracy_is_scikit_learns(judged: Judged) -> None:
    expected = sklearns.accuracy_score(judged.labels, judged.predicted)
    assert judged.figures()["accuracy"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
@given(any_judged())
@quick
def test_balanced_accuracy_is_scikit_learns(judged: Judged) -> None:
    expected = sklearns.balanced_accuracy_score(judged.labels, judged.predicted)
    assert judged.figures()["balanced_accuracy"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.filterwarnings("ignore:A single label was found")
@given(any_judged())
@quick
def test_matthews_correlation_is_scikit_learns(judged: Judged) -> None:
    expected = sklearns.matthews_corrcoef(judged.labels, judged.predicted)
    assert judged.figures()["mcc"] == pytest.approx(expected, abs=1e-6)


def test_always_answering_the_largest_class_has_accuracy_but_no_matthews_correlation() -> None:
    figures = Judged(np.array([0] * 95 + [1] * 5), np.tile(np.array([0.9, 0.1]), (100, 1))).figures()
    assert (figures["accuracy"], figures["mcc"], figures["balanced_accuracy"]) == (0.95, 0, 0.5)


@given(any_judged())
@quick
def test_log_loss_is_scikit_learns(judged: Judged) -> None:
    expected = sklearns.log_loss(judged.labels, judged.proba, labels=range(judged.n_classes))
    assert judged.figures()["log_loss"] == pytest.approx(expected, abs=1e-9)


@given(any_judged())
@quick
def test_the_brier_score_is_scikit_learns_sum_over_classes(judged: Judged) -> None:
    expected = sklearns.brier_score_loss(
        judged.labels, judged.proba, labels=range(judged.n_classes), scale_by_half=False
    )
    assert judged.figures()["brier"] == pytest.approx(expected, abs=1e-9)


def test_the_brier_score_of_two_classes_is_twice_that_of_one() -> None:
    judged = Judged(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]]))
    assert judged.figures()["brier"] == pytest.approx(2 * (0.1**2 + 0.4**2 + 0.7**2) / 3)


@pytest.mark.parametrize(("label", "brier"), [(0, 0), (1, 2)])
def test_the_brier_score_of_the_certain_is_0_if_right_and_2_if_wrong(label: int, brier: float) -> None:
    assert Judged(np.array([label]), np.eye(3)[[0]]).figures()["brier"] == brier


@given(any_judged(min_classes=6))
@quick
def test_top5_accuracy_is_scikit_learns(judged: Judged) -> None:
    expected = sklearns.top_k_accuracy_score(judged.labels, judged.proba, k=5, labels=range(judged.n_classes))
    assert judged.figures()["top5_accuracy"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_top5_accuracy_is_left_out_where_it_could_not_be_missed(n_classes: int) -> None:
    judged = Judged(np.array([0, 1]), np.full((2, n_classes), 1 / n_classes))
    assert "top5_accuracy" not in judged.figures()


def test_top5_accuracy_counts_the_fifth_and_not_the_sixth() -> None:
    proba = np.tile(np.array([0.3, 0.25, 0.2, 0.12, 0.08, 0.05]), (6, 1))
    assert Judged(np.arange(6), proba).figures()["top5_accuracy"] == pytest.approx(5 / 6)


@given(any_judged())
@quick
def test_the_confusion_matrix_is_scikit_learns(judged: Judged) -> None:
    expected = sklearns.confusion_matrix(judged.labels, judged.predicted, labels=range(judged.n_classes))
    np.testing.assert_array_equal(confusion_matrix(judged.labels, judged.predicted, judged.n_classes), expected)


@given(any_judged(), st.integers(0, 2**32 - 1))
@quick
def test_a_picture_of_weight_two_counts_as_if_it_were_there_twice(judged: Judged, seed: int) -> None:
    n = len(judged.labels)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n))
    repeated = Judged(np.repeat(judged.labels, times), np.repeat(judged.proba, times, axis=0))
    weighted = summary(judged.labels, judged.proba, times[np.newaxis].astype(np.float64))
    assert {name: float(values[0]) for name, values in weighted.items()} == pytest.approx(repeated.figures(), abs=1e-6)


def test_every_resample_has_a_figure_of_its_own() -> None:
    labels, proba = np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])
    figures = summary(labels, proba, np.array([[1, 1], [2, 0], [0, 2]], np.float32))
    np.testing.assert_allclose(figures["accuracy"], [0.5, 1, 0])
    np.testing.assert_allclose(figures["balanced_accuracy"], [0.5, 1, 0])


def test_float32_probabilities_give_the_figures_of_float64_ones() -> None:
    random = np.random.default_rng(0)
    labels, proba = random.integers(0, 7, 300), random.dirichlet(np.ones(7), 300)
    once = np.ones((1, 300), np.float32)
    single = summary(labels, proba.astype(np.float32), once)
    double = summary(labels, proba, once.astype(np.float64))
    np.testing.assert_allclose(
        [single[name][0] for name in double], [values[0] for values in double.values()], rtol=1e-5
    )


def test_balanced_accuracy_leaves_out_classes_without_pictures() -> None:
    proba = np.eye(3)[[0, 0, 2]]
    assert Judged(np.array([0, 0, 1]), proba).figures()["balanced_accuracy"] == pytest.approx(0.5)


def test_a_class_that_is_predicted_but_has_no_picture_has_recall_and_precision_0() -> None:
    judged = Judged(np.array([0, 0]), np.eye(3)[[0, 1]])
    np.testing.assert_array_equal(precision(judged.counts()), [[1, 0, np.nan]])
    np.testing.assert_array_equal(recall(judged.counts()), [[0.5, 0, np.nan]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_log_loss_of_probability_0_is_finite(dtype: type[np.floating]) -> None:
    losses = picture_losses(np.array([0, 1]), np.array([[0, 1], [0, 1]], dtype))
    np.testing.assert_allclose(losses, [-math.log(LOG_LOSS_EPSILON), 0], rtol=1e-6)


def test_a_probability_that_rounding_put_above_1_is_no_gain() -> None:
    assert picture_losses(np.array([0]), np.array([[1.0000001, 0]], np.float32))[0] == 0


def test_the_loss_of_a_picture_is_that_of_its_own_class() -> None:
    proba = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    np.testing.assert_allclose(picture_losses(np.array([1, 0]), proba), [math.log(4), math.log(8)])


def test_rows_of_the_confusion_matrix_are_true_classes() -> None:
    np.testing.assert_array_equal(
        confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 1]), 3), [[0, 2, 0], [0, 1, 0], [0, 0, 0]]
    )
