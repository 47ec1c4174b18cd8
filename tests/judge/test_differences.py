"""The interval of a paired difference: Tango's published ends, and that it covers, with groups and without."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headstart.judge.differences import paired_difference, tango_ends
from headstart.judge.intervals import Z
from judge.draws import FIVES, UNEVEN, members, pairs_in_groups

quick = settings(deadline=None, max_examples=60)


def test_the_ends_are_those_published_for_the_airway_data() -> None:
    # Fagerland, Lydersen and Laake 2014 (Statistics in Medicine 33), data of Bentur et al. 2009.
    assert tango_ends(1, 7, 21, Z) == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_the_ends_are_those_of_another_program_at_another_level() -> None:
    # R, PropCIs: scoreci.mp(25, 28, 618, 0.90), which gives second less first.
    assert tango_ends(28, 25, 618, 1.6448536269514722) == pytest.approx((-0.0148, 0.0247), abs=5e-5)


def test_without_a_difference_the_ends_have_a_closed_form() -> None:
    end = Z**2 / (44 + Z**2)
    assert tango_ends(0, 0, 44, Z) == pytest.approx((-end, end), abs=1e-9)


@pytest.mark.parametrize(("only_a", "only_b"), [(10, 25), (3, 3), (40, 12)])
def test_0_is_in_the_interval_if_mcnemars_test_without_correction_accepts_it(only_a: int, only_b: int) -> None:
    low, high = tango_ends(only_a, only_b, 200, Z)
    assert (low <= 0 <= high) == (abs(only_a - only_b) / math.sqrt(only_a + only_b) <= Z)


tables = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)).filter(lambda counts: sum(counts) > 0)


@given(tables)
@quick
def test_the_interval_holds_the_difference_and_stays_within_minus_1_and_1(counts: tuple[int, int, int]) -> None:
    only_a, only_b, _ = counts
    n = sum(counts)
    low, high = tango_ends(only_a, only_b, n, Z)
    assert -1 <= low <= (only_a - only_b) / n <= high <= 1
    assert low < high
    assert tango_ends(only_b, only_a, n, Z) == pytest.approx((-high, -low), abs=1e-9)


def test_the_difference_is_that_of_the_accuracies() -> None:
    a_right, b_right = np.arange(20) < 15, np.arange(20) % 2 == 0
    interval = paired_difference(a_right, b_right, np.arange(20))
    assert interval.value == 0.25
    assert (interval.low, interval.high) == pytest.approx(tango_ends(7, 2, 20, Z))


def test_the_same_counts_in_few_groups_leave_more_doubt() -> None:
    numbers = members(np.full(40, 5))
    a_right, together, apart = np.ones(200, np.bool_), np.arange(200) >= 10, np.arange(200) % 20 > 0
    assert paired_difference(a_right, apart, numbers).low > 0
    assert paired_difference(a_right, together, numbers).low < 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(0, 2**32 - 1))
@quick
def test_the_interval_of_groups_holds_its_difference_whatever_they_are(units: list[int], seed: int) -> None:
    a_right, b_right = np.random.default_rng(seed).random((2, len(units))) < 0.7
    interval = paired_difference(a_right, b_right, np.unique(units, return_inverse=True)[1])
    assert -1 <= interval.low <= interval.value <= interval.high <= 1


CHANCES = [(0.9, 0.05, 0.05), (0.85, 0.1, 0.03), (0.5, 0.3, 0.1)]


def coverage(a_right: NDArray[np.bool_], b_right: NDArray[np.bool_], numbers: NDArray[np.intp], truth: float) -> float:
    """Return how often the interval holds the ``truth``, over the rows."""
    intervals = [paired_difference(a, b, numbers) for a, b in zip(a_right, b_right, strict=True)]
    return float(np.mean([interval.low <= truth <= interval.high for interval in intervals]))


@pytest.mark.parametrize("chances", CHANCES)
@pytest.mark.parametrize("n", [150, 300])
def test_the_interval_covers_the_truth_95_times_in_100_without_groups(
    n: int, chances: tuple[float, float, float]
) -> None:
    a_right, b_right = pairs_in_groups(np.random.default_rng(n), 1000, np.arange(n), chances, alike=0)
    assert 0.93 <= coverage(a_right, b_right, np.arange(n), chances[1] - chances[2]) <= 0.98


@pytest.mark.parametrize("chances", CHANCES)
@pytest.mark.parametrize("sizes", [FIVES, UNEVEN])
def test_the_interval_covers_the_truth_95_times_in_100_with_groups(
    sizes: tuple[int, ...], chances: tuple[float, float, float]
) -> None:
    numbers = members(np.tile(sizes, 300 // sum(sizes)))
    a_right, b_right = pairs_in_groups(np.random.default_rng(0), 1000, numbers, chances, alike=0.4)
    assert 0.93 <= coverage(a_right, b_right, numbers, chances[1] - chances[2]) <= 0.98
