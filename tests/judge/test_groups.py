"""Grouped pictures: as how many they count, and that intervals of their shares cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headstart.judge.groups import are_alone, effective_size, numbered, share_interval
from headstart.judge.intervals import Z, wilson
from judge.draws import FIVES, UNEVEN, members, right_in_groups

quick = settings(deadline=None, max_examples=60)
some_units = st.lists(st.integers(0, 12), min_size=2, max_size=60)


def test_units_are_numbered_as_they_come_first() -> None:
    np.testing.assert_array_equal(numbered([7, -2, 7, 9, -2]), [0, 1, 0, 2, 1])


def test_pictures_that_are_alone_are_numbered_in_their_order_whatever_the_units_are_called() -> None:
    np.testing.assert_array_equal(numbered([30, 10, 20]), [0, 1, 2])


@pytest.mark.parametrize(("units", "expected"), [([4], True), ([1, 2, 0], True), ([1, 1], False), ([0, 1, 0], False)])
def test_pictures_are_alone_if_no_two_share_a_unit(units: list[int], expected: bool) -> None:
    assert are_alone(numbered(units)) is expected


def test_pictures_that_are_alone_count_as_what_they_are() -> None:
    size = effective_size(np.array([1.0, 0, 1, 1]), numbered([5, 6, 7, 8]), 0.2)
    assert (size.pictures, size.quantile) == (4, Z)


def test_pictures_that_are_all_the_same_inside_units_count_about_as_their_units() -> None:
    values = np.repeat([1.0, 0, 1, 0, 1, 0, 1, 0, 1, 0] * 10, 5)
    # The variance of 100 units is known but for one degree of freedom.
    assert effective_size(values, members(np.full(100, 5))).pictures == pytest.approx(99, abs=1e-9)


def test_units_that_are_no_more_alike_inside_than_outside_are_no_loss() -> None:
    values = np.tile([1.0, 1, 1, 0, 0], 40)
    assert effective_size(values, members(np.full(40, 5))).pictures == 200


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_where_nothing_differs_units_of_one_size_count_once_each(value: float) -> None:
    assert effective_size(np.full(60, value), members(np.full(12, 5))).pictures == 12


def test_the_quantile_is_students_with_one_less_than_the_units_of_degrees_of_freedom() -> None:
    # Student's table: 2.262 for 9, 2.045 for 29.
    values = np.tile([1.0, 0], 30)
    assert effective_size(values[:30], members(np.full(10, 3))).quantile == pytest.approx(2.262, abs=5e-4)
    assert effective_size(values, members(np.full(30, 2))).quantile == pytest.approx(2.045, abs=5e-4)


def test_the_effect_is_that_of_a_ratio_estimate_by_hand() -> None:
    # Units of 2, 2 and 4 pictures with 2, 1 and 1 right: the share is 1/2, the residuals are 1, 0 and -1.
    values = np.array([1.0, 1, 1, 0, 1, 0, 0, 0])
    effect = (1 / (1 - 2 / 8) + 0 + 1 / (1 - 4 / 8)) / (8 / 4)
    assert effective_size(values, members(np.array([2, 2, 4]))).pictures == pytest.approx(8 / effect)


@given(some_units, st.integers(0, 2**32 - 1))
@quick
def test_groups_never_count_for_more_pictures_than_there_are(units: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).integers(-1, 2, len(units)).astype(np.float64)
    size = effective_size(values, numbered(units))
    assert 0 < size.pictures <= len(units)
    assert size.quantile >= Z


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
@quick
def test_alone_pictures_have_wilsons_interval_to_the_bit(n: int, seed: int) -> None:
    right = np.random.default_rng(seed).random(n) < 0.8
    assert share_interval(right, numbered(range(n))) == wilson(int(right.sum()), n)


@given(some_units, st.floats(0, 1), st.integers(0, 2**32 - 1))
@quick
def test_the_interval_of_grouped_pictures_is_no_narrower_and_stays_within_0_and_1(
    units: list[int], share: float, seed: int
) -> None:
    right = np.random.default_rng(seed).random(len(units)) < share
    grouped, plain = share_interval(right, numbered(units)), wilson(int(right.sum()), len(right))
    assert 0 <= grouped.low <= plain.low + 1e-12
    assert plain.high - 1e-12 <= grouped.high <= 1


def test_errors_that_sit_in_one_group_leave_more_doubt_than_errors_all_over() -> None:
    numbers = members(np.full(40, 5))
    together, apart = np.arange(200) >= 5, np.arange(200) % 40 > 0
    assert share_interval(together, numbers).low < share_interval(apart, numbers).low - 0.02


def test_without_an_error_groups_claim_no_more_than_one_picture_each_would() -> None:
    interval = share_interval(np.ones(150, np.bool_), members(np.full(30, 5)))
    assert interval.high == 1
    assert interval.low < wilson(30, 30).low + 0.02


def test_one_group_alone_tells_next_to_nothing() -> None:
    interval = share_interval(np.arange(50) > 10, members(np.array([50])))
    assert interval.high - interval.low > 0.95


def coverage(right: NDArray[np.bool_], numbers: NDArray[np.intp], truth: float) -> float:
    """Return how often the interval holds the ``truth``, over the rows of ``right``."""
    intervals = [share_interval(row, numbers) for row in right]
    return float(np.mean([interval.low <= truth <= interval.high for interval in intervals]))


@pytest.mark.parametrize("truth", [0.5, 0.7, 0.9, 0.95])
@pytest.mark.parametrize("n", [150, 300, 1000])
def test_the_interval_of_accuracy_covers_the_truth_95_times_in_100_without_groups(n: int, truth: float) -> None:
    right = np.random.default_rng(n).random((2000, n)) < truth
    assert 0.93 <= coverage(right, np.arange(n), truth) <= 0.98


@pytest.mark.parametrize("truth", [0.5, 0.7, 0.9, 0.95])
@pytest.mark.parametrize("n", [150, 300, 1000])
@pytest.mark.parametrize(("sizes", "alike"), [(FIVES, 0.3), (FIVES, 0.7), (UNEVEN, 0.5), (UNEVEN, 0.7)])
def test_the_interval_of_accuracy_covers_the_truth_95_times_in_100_with_groups(
    sizes: tuple[int, ...], alike: float, n: int, truth: float
) -> None:
    numbers = members(np.tile(sizes, n // sum(sizes)))
    right = right_in_groups(np.random.default_rng(n), 2000, numbers, truth, alike)
    assert 0.93 <= coverage(right, numbers, truth) <= 0.98


def test_the_interval_that_takes_grouped_pictures_as_independent_would_cover_too_seldom() -> None:
    numbers = members(np.full(60, 5))
    right = right_in_groups(np.random.default_rng(0), 1000, numbers, 0.9, alike=0.5)
    assert coverage(right, np.arange(300), 0.9) < 0.85
