"""Two classifiers on the same pictures: exact tests, alone and in groups, and p-values corrected for their number."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from headstart.judge.pairs import LEVEL, MCNEMAR, SIGN_FLIP, compared, holm, mcnemar_p_value, sign_flip_p_value
from judge.draws import FIVES, UNEVEN, members, pairs_in_groups

quick = settings(deadline=None, max_examples=60)


def rights(both: int, only_a: int, only_b: int, neither: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pictures each of two classifiers got right, for the counts of a 2 x 2 table."""
    counts = (both, only_a, only_b, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p_value"),
    [
        (0, 1, 1),
        (0, 5, 2 / 2**5),
        (0, 6, 2 / 2**6),
        (1, 9, 2 * (1 + 10) / 2**10),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
        (3, 3, 1),
        (10, 0, 2 / 2**10),
    ],
)
def test_the_p_value_is_that_of_the_binomial_distribution(only_a: int, only_b: int, p_value: float) -> None:
    assert mcnemar_p_value(*rights(4, only_a, only_b, 3)) == pytest.approx(p_value, rel=1e-9)


@pytest.mark.parametrize(("only_a", "only_b"), [(12, 30), (150, 100), (7, 7)])
def test_the_p_value_is_that_of_scipys_sign_test(only_a: int, only_b: int) -> None:
    expected = binomtest(min(only_a, only_b), only_a + only_b, 0.5, alternative="less").pvalue
    p_value = mcnemar_p_value(*rights(50, only_a, only_b, 20))
    assert p_value == pytest.approx(min(1, 2 * expected), rel=1e-9)


@pytest.mark.parametrize(("both", "neither"), [(10, 0), (0, 10), (6, 4), (0, 0)])
def test_classifiers_that_never_differ_have_a_p_value_of_1(both: int, neither: int) -> None:
    assert mcnemar_p_value(*rights(both, 0, 0, neither)) == 1


def test_pictures_on_which_both_agree_do_not_matter() -> None:
    assert mcnemar_p_value(*rights(0, 2, 9, 0)) == mcnemar_p_value(*rights(500, 2, 9, 300))


def test_which_classifier_comes_first_does_not_matter() -> None:
    a_right, b_right = rights(5, 2, 9, 1)
    assert mcnemar_p_value(a_right, b_right) == mcnemar_p_value(b_right, a_right)


def test_the_published_p_value_of_the_airway_data() -> None:
    # Fagerland, Lydersen and Laake 2013 (BMC Medical Research Methodology 13:91), data of Bentur et al. 2009.
    assert mcnemar_p_value(*rights(1, 1, 7, 12)) == pytest.approx(0.070, abs=5e-4)


def test_the_sign_flips_of_darwins_maize_are_those_that_fisher_counted() -> None:
    # Fisher 1935, The Design of Experiments, 21: 863 of 32,768 sums are as large as that of the 15 differences.
    differences = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48])
    assert sign_flip_p_value(differences) == pytest.approx(2 * 863 / 32768, rel=1e-12)


@given(st.lists(st.integers(-6, 6), max_size=9))
@quick
def test_the_p_value_of_sign_flips_is_that_of_trying_them_all(sums: list[int]) -> None:
    flipped = [sum(s * sign for s, sign in zip(sums, signs, strict=True)) for signs in signs_of(len(sums))]
    expected = np.mean(np.abs(flipped) >= abs(sum(sums)))
    assert sign_flip_p_value(np.array(sums, np.intp)) == pytest.approx(expected, rel=1e-9)


def signs_of(n: int) -> list[tuple[int, ...]]:
    return list(itertools.product([1, -1], repeat=n))


@pytest.mark.parametrize(("only_a", "only_b"), [(12, 30), (150, 100), (7, 7), (0, 3), (0, 0)])
def test_sign_flips_of_single_pictures_are_mcnemars_test(only_a: int, only_b: int) -> None:
    sums = np.repeat([1, -1, 0], [only_a, only_b, 20])
    assert sign_flip_p_value(sums) == pytest.approx(mcnemar_p_value(*rights(5, only_a, only_b, 15)), rel=1e-9)


def test_thousands_of_units_have_a_p_value() -> None:
    sums = np.random.default_rng(0).integers(-9, 10, 5000)
    z = sums.sum() / np.sqrt((sums**2).sum())
    assert sign_flip_p_value(sums) == pytest.approx(2 * (1 - normal_share_below(abs(z))), abs=0.01)


def normal_share_below(z: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(z))


def test_pictures_that_are_alone_are_compared_by_mcnemars_test() -> None:
    a_right, b_right = rights(100, 12, 3, 35)
    result = compared(a_right, b_right, range(150))
    assert (result.test, result.only_a, result.only_b) == (MCNEMAR, 12, 3)
    assert result.p_value == mcnemar_p_value(a_right, b_right)
    assert result.difference.value == pytest.approx(9 / 150)
    assert 0 < result.difference.low < result.difference.high < 1


def test_grouped_pictures_are_compared_by_flipping_whole_units() -> None:
    a_right = np.array([1, 1, 1, 0, 1, 1, 1, 1], np.bool_)
    b_right = np.array([0, 0, 1, 1, 0, 1, 1, 0], np.bool_)
    result = compared(a_right, b_right, [4, 4, 9, 9, 2, 2, 7, 7])
    assert (result.test, result.only_a, result.only_b) == (SIGN_FLIP, 4, 1)
    assert result.p_value == sign_flip_p_value(np.array([2, -1, 1, 1]))


def test_ten_pictures_of_one_patient_are_one_piece_of_evidence() -> None:
    a_right, b_right = rights(90, 10, 0, 0)
    units = [*range(90), *[90] * 10]
    assert compared(a_right, b_right, range(100)).p_value < 0.01
    assert compared(a_right, b_right, units).p_value == 1


def test_accuracies_of_94_and_96_percent_of_150_pictures_are_not_told_apart() -> None:
    a_right, b_right = rights(138, 6, 3, 3)
    result = compared(a_right, b_right, range(150))
    assert (a_right.mean(), b_right.mean()) == (0.96, 0.94)
    assert result.p_value > LEVEL
    assert result.difference.low < 0 < result.difference.high


@pytest.mark.parametrize(("only_a", "only_b"), list(itertools.product(range(0, 40, 6), range(0, 40, 3))))
def test_without_groups_the_interval_holds_0_exactly_where_the_test_finds_nothing(only_a: int, only_b: int) -> None:
    result = compared(*rights(60, only_a, only_b, 40), range(100 + only_a + only_b))
    assert (result.difference.low <= 0 <= result.difference.high) == (result.p_value >= LEVEL)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50), st.integers(0, 2**32 - 1), st.floats(0.2, 1))
@quick
def test_with_groups_the_interval_holds_0_wherever_the_test_finds_nothing(
    units: list[int], seed: int, share: float
) -> None:
    random = np.random.default_rng(seed)
    a_right, b_right = random.random(len(units)) < share, random.random(len(units)) < 0.4
    result = compared(a_right, b_right, units)
    assert result.difference.low <= 0 <= result.difference.high or result.p_value < LEVEL


def test_which_comes_first_changes_the_sign_alone() -> None:
    a_right, b_right = rights(20, 9, 2, 9)
    units = np.arange(40) // 2
    one, other = compared(a_right, b_right, units), compared(b_right, a_right, units)
    assert one.p_value == other.p_value
    assert one.difference.low == pytest.approx(-other.difference.high, abs=1e-12)
    assert (one.only_a, one.only_b) == (other.only_b, other.only_a)


def claims(a_right: NDArray[np.bool_], b_right: NDArray[np.bool_], units: NDArray[np.intp]) -> float:
    """Return the share of draws in which a difference is claimed."""
    return float(np.mean([compared(a, b, units).p_value < LEVEL for a, b in zip(a_right, b_right, strict=True)]))


@pytest.mark.parametrize("n", [150, 300])
@pytest.mark.parametrize("apart", [0.03, 0.25])
def test_where_nothing_differs_at_most_6_draws_in_100_say_so_without_groups(n: int, apart: float) -> None:
    drawn = pairs_in_groups(np.random.default_rng(n), 1000, np.arange(n), (0.5, apart, apart), alike=0)
    assert claims(*drawn, np.arange(n)) <= 0.06


@pytest.mark.parametrize("sizes", [FIVES, UNEVEN])
@pytest.mark.parametrize("apart", [0.03, 0.25])
@pytest.mark.parametrize("alike", [0.1, 0.6])
def test_where_nothing_differs_at_most_6_draws_in_100_say_so_with_groups(
    sizes: tuple[int, ...], apart: float, alike: float
) -> None:
    numbers = members(np.tile(sizes, 150 // sum(sizes)))
    drawn = pairs_in_groups(np.random.default_rng(0), 1000, numbers, (0.5, apart, apart), alike)
    assert claims(*drawn, numbers) <= 0.06


def test_mcnemars_test_on_grouped_pictures_would_err_often() -> None:
    numbers = members(np.full(30, 5))
    drawn = pairs_in_groups(np.random.default_rng(0), 1000, numbers, (0.5, 0.1, 0.1), alike=0.6)
    assert claims(*drawn, np.arange(150)) > 0.15


@pytest.mark.parametrize("sizes", [FIVES, UNEVEN])
def test_a_difference_of_ten_points_is_found_in_most_draws_of_300_grouped_pictures(sizes: tuple[int, ...]) -> None:
    numbers = members(np.tile(sizes, 300 // sum(sizes)))
    drawn = pairs_in_groups(np.random.default_rng(0), 400, numbers, (0.8, 0.13, 0.03), alike=0.1)
    assert claims(*drawn, numbers) > 0.8


def test_the_smallest_p_value_is_multiplied_by_their_number_the_next_by_one_less() -> None:
    # 4 x 0.005; 3 x 0.01; 2 x 0.03; then 1 x 0.04, which may not be less than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [([], []), ([0.2], [0.2]), ([0.6, 0.7], [1, 1]), ([0.02, 0.02, 0.02], [0.06, 0.06, 0.06])],
)
def test_one_p_value_stays_equal_ones_stay_equal_and_none_is_over_1(
    p_values: list[float], corrected: list[float]
) -> None:
    assert holm(p_values) == pytest.approx(corrected)


@given(st.lists(st.floats(0, 1), max_size=12))
@quick
def test_a_corrected_p_value_is_no_smaller_and_their_order_stays(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(p <= c <= 1 for p, c in zip(p_values, corrected, strict=True))
    assert [corrected[i] for i in np.argsort(p_values)] == sorted(corrected)
