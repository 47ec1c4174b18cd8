"""The temperature: the one that has the lowest held-out log loss, and none where it can't be told."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.learn.calibration import COLDEST, HOTTEST, log_loss, log_sum_exp, temperature_for
from headstart.learn.heads import softmax
from headstart.learn.rows import Floats, Labels


def honest(n: int, n_classes: int, seed: int = 0) -> tuple[Floats, Labels]:
    """Return scores whose softmax is true: labels are drawn from it."""
    random = np.random.default_rng(seed)
    scores = random.normal(0, 2, (n, n_classes)).astype(np.float32)
    gumbel = random.gumbel(size=scores.shape)
    return scores, np.asarray((scores + gumbel).argmax(axis=1))


@pytest.mark.parametrize("n_classes", [2, 3, 50])
@pytest.mark.parametrize("times", [0.05, 0.5, 1, 4, 30])
def test_scores_that_were_multiplied_are_divided_again(times: float, n_classes: int) -> None:
    scores, labels = honest(4000, n_classes)
    found = temperature_for(np.float32(times) * scores, labels, np.ones(4000, np.float32))
    np.testing.assert_allclose(found, times, rtol=0.1)


@pytest.mark.parametrize("times", [0.2, 7])
def test_no_other_temperature_has_a_lower_log_loss(times: float) -> None:
    scores, labels = honest(500, 4)
    weights = np.random.default_rng(1).uniform(0.1, 2, 500).astype(np.float32)
    scores *= np.float32(times)
    found = temperature_for(scores, labels, weights)
    others = [log_loss(scores, labels, weights, found * factor) for factor in np.geomspace(0.2, 5, 21)]
    assert log_loss(scores, labels, weights, found) <= min(others) + 1e-4


def test_rows_count_by_their_weight() -> None:
    scores, labels = honest(2000, 3)
    scores[1000:] *= 10
    half = np.arange(2000) < 1000
    few = np.float32(1e-6)
    assert temperature_for(scores, labels, np.where(half, 1, few).astype(np.float32)) == pytest.approx(1, rel=0.1)
    assert temperature_for(scores, labels, np.where(half, few, 1).astype(np.float32)) == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("n", [1, 10, 1000])
def test_rows_that_are_all_told_right_do_not_ask_for_certainty(n: int) -> None:
    labels = np.arange(n) % 2
    scores = np.eye(2, dtype=np.float32)[labels]
    proba = softmax(scores / np.float32(temperature_for(scores, labels, np.ones(n, np.float32))))
    surest = 1 - 1 / (2 * (n + 1))
    np.testing.assert_allclose(proba.max(axis=1), np.full(n, surest), rtol=1e-3)


def test_scores_that_are_worse_than_none_are_nearly_forgotten() -> None:
    scores, labels = honest(300, 2)
    assert temperature_for(scores, 1 - labels, np.ones(300, np.float32)) > HOTTEST / 2


@pytest.mark.parametrize("scores", [np.zeros((0, 3)), np.zeros((5, 3)), np.full((5, 3), 1e30)])
def test_where_nothing_can_be_told_it_is_1(scores: Floats) -> None:
    n = len(scores)
    assert temperature_for(scores.astype(np.float32), np.zeros(n, np.intp), np.ones(n, np.float32)) == 1


@pytest.mark.parametrize("size", [1e-20, 1e20])
def test_it_stays_within_its_bounds(size: float) -> None:
    scores, labels = honest(50, 3)
    found = temperature_for(np.float32(size) * scores, labels, np.ones(50, np.float32))
    assert COLDEST <= found <= HOTTEST


def test_log_loss_of_known_scores() -> None:
    scores = np.log([[1, 3], [1, 1]]).astype(np.float32)
    weights = np.array([3, 1], np.float32)
    expected = -(3 * np.log(0.75) + np.log(0.5)) / 4
    assert log_loss(scores, np.array([1, 0]), weights) == pytest.approx(expected, rel=1e-5)
    assert log_loss(2 * scores, np.array([1, 0]), weights, 2.0) == pytest.approx(expected, rel=1e-5)


def test_log_sum_exp_does_not_overflow() -> None:
    found = log_sum_exp(np.array([[1e30, 1e30], [-1e30, -1e30], [0, np.log(3)]], np.float32))
    np.testing.assert_allclose(found, [1e30, -1e30, np.log(4)], rtol=1e-6)
