"""Confident learning: thresholds, the number of wrong labels, who is suspected, and when nothing can be told."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.judge.suspects import can_tell_apart, class_thresholds, estimated_errors, suspects
from judge.planted import answers, swapped

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
PROBA = np.array(
    [[0.9, 0.1], [0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9], [0.4, 0.6], [0.1, 0.9], [0.2, 0.8]], np.float32
)


def test_a_threshold_is_the_mean_probability_of_the_class_among_its_pictures() -> None:
    np.testing.assert_allclose(class_thresholds(LABELS, PROBA), [0.7, 0.8], atol=1e-6)


def test_no_picture_is_confidently_of_a_class_without_pictures() -> None:
    proba = np.hstack([PROBA * 0.5, np.full((8, 1), 0.5, np.float32)])
    thresholds = class_thresholds(LABELS, proba)
    assert thresholds[2] == np.inf
    assert estimated_errors(LABELS, proba, thresholds) == estimated_errors(
        LABELS, PROBA, class_thresholds(LABELS, PROBA)
    )


def test_pictures_that_reach_no_threshold_count_like_the_others_of_their_label() -> None:
    # Of the pictures labelled 1, three reach a threshold and none is confidently 0; of those labelled 0, the three
    # that do are two of 0 and one of 1: a third of four.
    proba = PROBA.copy()
    proba[2] = [0.6, 0.4]
    thresholds = np.array([0.7, 0.8])
    assert estimated_errors(LABELS, proba, thresholds) == pytest.approx(4 / 3)


def test_the_picture_whose_label_has_the_worst_odds_comes_first() -> None:
    labels = np.repeat([0, 1, 2], 10)
    proba = np.full((30, 3), 0.05)
    proba[np.arange(30), labels] = 0.9
    proba[[3, 4, 25]] = [[0.10, 0.88, 0.02], [0.01, 0.09, 0.9], [0.03, 0.95, 0.02]]
    found = suspects(labels, proba, class_thresholds(labels, proba) - 0.05)
    assert found.positions.tolist() == [4, 25, 3]
    assert found.suggested.tolist() == [2, 1, 1]


def test_a_class_that_is_hardly_likelier_than_the_label_is_not_suggested() -> None:
    labels = np.repeat([0, 1], 50)
    proba = np.where(labels[:, np.newaxis] == [0, 1], 0.45, 0.55)
    assert estimated_errors(labels, proba, np.array([0.5, 0.5])) == 100
    assert len(suspects(labels, proba, np.array([0.5, 0.5])).positions) == 0


def test_labels_that_all_answers_agree_with_are_not_suspected() -> None:
    labels, proba = np.arange(40) % 4, answers(np.arange(40) % 4, 4, seed=0)
    assert len(suspects(labels, proba, class_thresholds(labels, proba)).positions) == 0


def test_certainty_is_no_division_by_zero() -> None:
    labels = np.repeat([0, 1], 20)
    proba = np.eye(2, dtype=np.float32)[labels]
    proba[7] = [0, 1]
    assert suspects(labels, proba, class_thresholds(labels, proba)).positions.tolist() == [7]


@pytest.mark.parametrize("n_classes", [2, 10])
@pytest.mark.parametrize("seed", range(3))
def test_swapped_labels_are_found_and_hardly_any_other(n_classes: int, seed: int) -> None:
    truth = np.arange(1000) % n_classes
    labels, wrong = swapped(truth, n_classes, 0.05, seed)
    proba = answers(truth, n_classes, seed)
    found = suspects(labels, proba, class_thresholds(labels, proba))
    assert wrong[found.positions].mean() >= 0.9
    assert wrong[found.positions].sum() >= 0.9 * wrong.sum()
    assert (found.suggested == truth[found.positions])[wrong[found.positions]].all()
    assert (found.suggested != labels[found.positions]).all()


# --- when nothing can be told ---------------------------------------------------------------------------------


def test_good_answers_tell_the_classes_apart() -> None:
    assert can_tell_apart(LABELS.repeat(5), PROBA.repeat(5, axis=0), np.arange(40))


@pytest.mark.parametrize("n_classes", [2, 10])
@pytest.mark.parametrize("seed", range(5))
def test_answers_that_have_nothing_to_do_with_the_labels_do_not(n_classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, proba = random.integers(0, n_classes, 500), random.dirichlet(np.ones(n_classes), 500)
    assert not can_tell_apart(labels, proba, np.arange(500))


def test_always_answering_the_most_frequent_class_does_not() -> None:
    labels = np.repeat([0, 1], [95, 5])
    assert not can_tell_apart(labels, np.tile([0.9, 0.1], (100, 1)), np.arange(100))


def test_four_patients_do_not_count_for_hundreds_of_pictures() -> None:
    labels = np.repeat([0, 0, 1, 1], 50)
    proba = np.repeat([[0.9, 0.1], [0.3, 0.7], [0.1, 0.9], [0.1, 0.9]], 50, axis=0)
    assert can_tell_apart(labels, proba, np.arange(200))
    assert not can_tell_apart(labels, proba, np.repeat(np.arange(4), 50))


def test_where_most_labels_seem_wrong_it_is_the_answers_that_are() -> None:
    labels = np.arange(1000) % 10
    proba = answers(np.where(np.arange(1000) < 300, labels, (labels + 1 + np.arange(1000) // 10 % 9) % 10), 10, seed=0)
    assert (proba.argmax(axis=1) == labels).mean() > 0.25
    assert not can_tell_apart(labels, proba, np.arange(1000))
