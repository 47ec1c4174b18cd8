"""A threshold is chosen on val alone; what it does on test is told with intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from headstart.judge.groups import numbered
from headstart.judge.intervals import wilson
from headstart.judge.operating_point import Part, best_threshold, operating_point

CLASSES = ("healthy", "ill")


def part(labels: list[int], scores: list[float]) -> Part:
    """Return a part of two classes for the probabilities of the second."""
    second = np.array(scores)
    return np.array(labels), np.stack([1 - second, second], axis=1)


VAL = part([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.35, 0.3, 0.4, 0.45])
TEST = part([0, 0, 0, 0, 1, 1, 1], [0.1, 0.24, 0.3, 0.6, 0.26, 0.24, 0.9])
ALONE = np.arange(7)


def test_the_threshold_is_the_middle_of_the_val_scores_that_it_parts() -> None:
    point = operating_point(TEST, ALONE, CLASSES, VAL)
    assert point is not None
    # At 0.25 it finds 3 of 3 ill and 2 of 3 healthy ones; at 0.375, 2 of 3 and 3 of 3, and that is nearer to 0.5.
    assert point["threshold"] == pytest.approx(0.375)
    assert (point["positive"], point["chosen_on"]) == ("ill", "val")


def test_sensitivity_and_specificity_are_of_the_test_pictures_with_wilsons_intervals() -> None:
    point = operating_point(TEST, ALONE, CLASSES, VAL)
    assert point is not None
    assert point["sensitivity"] == wilson(1, 3).document()
    assert point["specificity"] == wilson(3, 4).document()
    assert json.loads(json.dumps(point, allow_nan=False)) == point


def test_the_labels_of_the_test_pictures_do_not_move_the_threshold() -> None:
    turned = operating_point((1 - TEST[0], TEST[1]), ALONE, CLASSES, VAL)
    assert turned is not None
    assert turned["threshold"] == pytest.approx(0.375)


def test_a_picture_at_the_threshold_is_positive() -> None:
    point = operating_point(part([1, 0], [0.375, 0.374]), np.arange(2), CLASSES, part([0, 1], [0.35, 0.4]))
    assert point is not None
    assert (point["sensitivity"]["value"], point["specificity"]["value"]) == (1, 1)


def test_grouped_pictures_leave_more_doubt() -> None:
    labels, scores = [0] * 40 + [1] * 40, [0.1] * 30 + [0.9] * 10 + [0.9] * 40
    alone, grouped = (
        operating_point(part(labels, scores), numbered(units), CLASSES, VAL)
        for units in (range(80), np.arange(80) // 5)
    )
    assert alone is not None
    assert grouped is not None
    assert grouped["specificity"]["low"] < alone["specificity"]["low"] - 0.05


def test_a_class_that_test_lacks_has_no_rate() -> None:
    point = operating_point(part([1, 1], [0.9, 0.2]), np.arange(2), CLASSES, VAL)
    assert point is not None
    assert point["specificity"] is None
    assert point["sensitivity"]["value"] == 0.5


@pytest.mark.parametrize("val", [None, part([0, 0], [0.1, 0.2]), part([1], [0.7]), part([], [])])
def test_without_val_pictures_of_both_classes_there_is_no_operating_point(val: Part | None) -> None:
    assert operating_point(TEST, ALONE, CLASSES, val) is None


def test_more_classes_have_no_operating_point() -> None:
    three = (np.arange(3), np.eye(3))
    assert operating_point(three, np.arange(3), ("a", "b", "c"), three) is None


def test_one_half_is_kept_where_nothing_does_better() -> None:
    assert best_threshold(np.array([False, False, True, True]), np.array([0.1, 0.3, 0.6, 0.8])) == 0.5
    assert best_threshold(np.array([False, True]), np.array([0.7, 0.7])) == 0.5


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=40))
@settings(deadline=None, max_examples=80)
def test_no_threshold_of_scikit_learns_curve_does_better(pictures: list[tuple[bool, int]]) -> None:
    own = np.array([True, False, *(is_own for is_own, _ in pictures)])
    scores = np.array([0.8, 0.2, *(score / 20 for _, score in pictures)])
    wrong, right, _ = roc_curve(own, scores)
    threshold = best_threshold(own, scores)
    # The curve's ends, everything and nothing, are no thresholds of ours.
    best = (right - wrong)[1:-1].max(initial=-1)
    assert youden(own, scores, threshold) >= best - 1e-9


def youden(own: NDArray[np.bool_], scores: NDArray[np.float64], threshold: float) -> float:
    return float((scores[own] >= threshold).mean() - (scores[~own] >= threshold).mean())
