"""An export agrees with its model or it doesn't: found out from planted probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.jobs.exporting.agreement import Range, accuracies, agreement, change, is_worse, range_of

Array = NDArray[np.float32]

MODEL = np.array([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.4, 0.3999, 0.2001]], np.float32)
STEADY = range_of(MODEL, lambda features: features, is_stepped=False)
"""Where the model's answer depends on its features smoothly."""


def step(features: Array) -> Array:
    """Return the answer of a tree with one threshold, at 0.5."""
    left = features[:, :1] <= 0.5
    return np.where(left, np.array([0.9, 0.1], np.float32), np.array([0.2, 0.8], np.float32))


def moved(*changes: tuple[int, list[float]]) -> Array:
    """Return the model's probabilities with something added to those of some pictures."""
    export = MODEL.copy()
    for position, added in changes:
        export[position] += np.array(added, np.float32)
    return export


def test_the_same_probabilities_agree() -> None:
    found = agreement(MODEL, MODEL, STEADY)
    assert (found.pictures, found.same_class, found.largest_difference, found.disagreeing) == (3, 3, 0.0, ())


def test_roundings_agree_and_the_largest_is_told() -> None:
    found = agreement(MODEL, moved((0, [-5e-5, 5e-5, 0]), (1, [0, 1e-5, -1e-5])), STEADY)
    assert found.disagreeing == ()
    assert found.largest_difference == pytest.approx(5e-5, rel=0.01)


def test_a_probability_that_is_off_by_more_is_found() -> None:
    assert agreement(MODEL, moved((1, [0, -2e-4, 2e-4])), STEADY).disagreeing == (1,)


def test_but_for_a_tie_another_class_is_another_answer() -> None:
    export = np.array([[0.49999, 0.50001]], np.float32)
    model = np.array([[0.50011, 0.49989]], np.float32)
    found = agreement(model, export, range_of(model, lambda features: features, is_stepped=False))
    assert (found.ties, found.same_class, found.disagreeing) == (0, 0, (0,))


def test_a_tie_may_fall_either_way_and_is_counted() -> None:
    found = agreement(MODEL, moved((2, [-6e-5, 6e-5, 0])), STEADY)
    assert (found.ties, found.same_class, found.disagreeing) == (1, 2, ())


def test_a_tie_excuses_no_other_probability() -> None:
    assert agreement(MODEL, moved((2, [-3e-4, 0, 3e-4])), STEADY).disagreeing == (2,)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_never_agrees(odd: float) -> None:
    assert agreement(MODEL, moved((0, [odd, 0, 0])), STEADY).disagreeing == (0,)


def test_probabilities_of_other_pictures_disagree() -> None:
    assert agreement(MODEL, MODEL[[1, 0, 2]], STEADY).disagreeing == (0, 1)


def test_a_feature_within_rounding_of_a_threshold_is_an_edge() -> None:
    features = np.array([[0.3, 1], [0.500001, 1], [0.499999, 1], [0.501, 1]], np.float32)
    assert range_of(features, step, is_stepped=True).on_edge.tolist() == [False, True, True, False]


def test_on_an_edge_either_side_agrees_and_what_lies_between() -> None:
    features = np.array([[0.500001, 1]] * 3, np.float32)
    export = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]], np.float32)
    found = agreement(step(features), export, range_of(features, step, is_stepped=True))
    assert (found.edges, found.disagreeing) == (3, ())


def test_on_an_edge_nothing_beyond_its_sides_agrees() -> None:
    features = np.array([[0.500001, 1]] * 2, np.float32)
    export = np.array([[0.91, 0.09], [np.nan, 0.8]], np.float32)
    assert agreement(step(features), export, range_of(features, step, is_stepped=True)).disagreeing == (0, 1)


def test_away_from_an_edge_the_other_side_disagrees() -> None:
    features = np.array([[0.501, 1]], np.float32)
    export = np.array([[0.9, 0.1]], np.float32)
    assert agreement(step(features), export, range_of(features, step, is_stepped=True)).disagreeing == (0,)


def test_where_the_model_hardly_moves_the_export_may_not_move_more() -> None:
    hardly = Range(MODEL - np.float32(9e-5), MODEL + np.float32(9e-5), np.zeros(3, np.bool_))
    assert agreement(MODEL, moved((1, [0, -1.5e-4, 1.5e-4])), hardly).disagreeing == (1,)


def test_a_head_without_steps_has_no_edges() -> None:
    features = np.array([[0.500001, 1]], np.float32)
    assert not range_of(features, step, is_stepped=False).on_edge.any()


def test_edges_are_the_same_each_time() -> None:
    features = np.random.default_rng(0).normal(0.5, 1e-5, (200, 2)).astype(np.float32)
    first, second = (range_of(features, step, is_stepped=True) for _ in range(2))
    assert np.array_equal(first.on_edge, second.on_edge)


def test_a_change_is_told_without_a_judgement() -> None:
    export = moved((1, [0, -0.2, 0.2]))
    figures = change(MODEL, export)
    assert (figures["pictures"], figures["same_class"]) == (3, 2)
    assert figures["largest_difference"] == pytest.approx(0.2)


def right_and_wrong(right: int, wrong: int) -> Array:
    """Return probabilities of two classes, of which the first is the true one, for so many pictures."""
    return np.array([[0.9, 0.1]] * right + [[0.1, 0.9]] * wrong, np.float32)


def test_losing_six_pictures_of_a_hundred_and_winning_none_is_worse() -> None:
    labels = np.zeros(100, np.intp)
    accuracy = accuracies(labels, right_and_wrong(100, 0), right_and_wrong(94, 6))
    assert (accuracy["model"]["value"], accuracy["export"]["value"]) == (1.0, 0.94)
    assert accuracy["p_value"] == pytest.approx(2 * 0.5**6)
    assert is_worse(accuracy)


def test_losing_five_pictures_may_be_chance() -> None:
    labels = np.zeros(100, np.intp)
    assert not is_worse(accuracies(labels, right_and_wrong(100, 0), right_and_wrong(95, 5)))


def test_being_better_is_never_worse() -> None:
    labels = np.zeros(100, np.intp)
    assert not is_worse(accuracies(labels, right_and_wrong(80, 20), right_and_wrong(100, 0)))
