"""95 % intervals: Wilson's against published values, and percentiles of resamples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, norm

from headstart.judge.intervals import (
    RESAMPLES,
    Interval,
    Z,
    logit_interval,
    lowered_interval,
    percentile_interval,
    resampling_weights,
    wilson,
    wilson_ends,
)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe 1998 (Statistics in Medicine 17), table I, method 3: the score interval without correction.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # z² / (n + z²) and its complement.
        (0, 10, 0.0000, 0.2775),
        (10, 10, 0.7225, 1.0000),
    ],
)
def test_wilsons_interval_has_the_published_ends(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson(successes, n)
    assert interval.value == successes / n
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


def test_z_leaves_two_and_a_half_percent_on_each_side() -> None:
    assert pytest.approx(norm.ppf(0.975), rel=1e-12) == Z


@pytest.mark.parametrize(("successes", "n"), [(3, 10), (50, 100), (999, 1000)])
def test_wilsons_ends_are_the_shares_that_the_score_test_just_accepts(successes: int, n: int) -> None:
    interval = wilson(successes, n)
    ends = np.array([interval.low, interval.high])
    scores = (interval.value - ends) / np.sqrt(ends * (1 - ends) / n)
    np.testing.assert_allclose(scores, [Z, -Z], rtol=1e-9)


shares = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(shares)
@settings(deadline=None)
def test_wilsons_interval_contains_the_share_and_stays_within_0_and_1(drawn: tuple[int, int]) -> None:
    interval = wilson(*drawn)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.low < interval.high


@given(shares)
@settings(deadline=None)
def test_wilsons_interval_of_failures_mirrors_that_of_successes(drawn: tuple[int, int]) -> None:
    successes, n = drawn
    one, other = wilson(successes, n), wilson(n - successes, n)
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


@given(shares, st.integers(2, 50))
@settings(deadline=None)
def test_the_same_share_of_more_pictures_has_a_narrower_interval(drawn: tuple[int, int], times: int) -> None:
    successes, n = drawn
    few, many = wilson(successes, n), wilson(times * successes, times * n)
    assert many.high - many.low < few.high - few.low


@given(st.integers(1, 10_000))
@settings(deadline=None)
def test_no_success_begins_at_exactly_0_and_no_failure_ends_at_exactly_1(n: int) -> None:
    assert wilson(0, n).low == 0
    assert wilson(n, n).high == 1


@pytest.mark.parametrize("n", [20, 50, 200])
def test_wilsons_interval_covers_the_true_share_95_times_in_100(n: int) -> None:
    truths = np.linspace(0.05, 0.95, 91)
    intervals = [wilson(successes, n) for successes in range(n + 1)]
    low, high = np.array([i.low for i in intervals]), np.array([i.high for i in intervals])
    covers = (low <= truths[:, np.newaxis]) & (truths[:, np.newaxis] <= high)
    chances = binom.pmf(np.arange(n + 1), n, truths[:, np.newaxis])
    coverage = (covers * chances).sum(axis=1)
    assert coverage.mean() == pytest.approx(0.95, abs=0.01)
    assert coverage.min() > 0.88


@given(shares, st.floats(1, 20))
@settings(deadline=None)
def test_the_same_share_of_fewer_effective_pictures_has_a_wider_interval(drawn: tuple[int, int], effect: float) -> None:
    successes, n = drawn
    low, high = wilson_ends(successes / n, n / effect)
    assert low <= wilson(successes, n).low + 1e-12
    assert high >= wilson(successes, n).high - 1e-12


def alone(n: int) -> NDArray[np.intp]:
    return np.arange(n)


def drawn_weights(numbers: NDArray[np.intp], seed: int) -> NDArray[np.float32]:
    return np.concatenate(list(resampling_weights(numbers, seed)))


@pytest.mark.parametrize("n", [1, 7, 100])
def test_every_resample_draws_as_many_pictures_as_there_are(n: int) -> None:
    weights = drawn_weights(alone(n), seed=0)
    assert weights.shape == (RESAMPLES, n)
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights.sum(axis=1), np.full(RESAMPLES, n))


def test_every_picture_is_drawn_about_as_often_as_any_other() -> None:
    weights = drawn_weights(alone(50), seed=0)
    np.testing.assert_allclose(weights.mean(axis=0), np.ones(50), atol=0.15)
    # A draw with replacement leaves out 1 / e of the pictures.
    assert (weights == 0).mean() == pytest.approx((1 - 1 / 50) ** 50, abs=0.01)


def test_resamples_depend_on_the_seed_alone() -> None:
    np.testing.assert_array_equal(drawn_weights(alone(9), seed=4), drawn_weights(alone(9), seed=4))
    assert (drawn_weights(alone(9), seed=4) != drawn_weights(alone(9), seed=5)).any()


def test_pictures_of_one_unit_are_drawn_together_and_whole_units_are_drawn() -> None:
    weights = drawn_weights(np.array([0, 1, 0, 2, 1, 0]), seed=0)
    np.testing.assert_array_equal(weights[:, [0, 0, 1]], weights[:, [2, 5, 4]])
    np.testing.assert_array_equal(weights[:, [0, 1, 3]].sum(axis=1), np.full(RESAMPLES, 3))


def test_many_pictures_get_the_same_draws_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(resampling_weights(alone(9), seed=4))
    monkeypatch.setattr("headstart.judge.intervals._BLOCK", 9 * 300)
    blocks = list(resampling_weights(alone(9), seed=4))
    assert [len(block) for block in blocks] == [300, 300, 300, 300, 300, 300, 200]
    np.testing.assert_array_equal(np.concatenate(blocks), whole[0])


def test_the_percentile_interval_holds_95_of_100_resampled_values() -> None:
    interval = percentile_interval(500, np.random.default_rng(0).permutation(1001).astype(np.float32))
    assert interval == Interval(500, 25, 975)


def test_the_percentile_interval_ignores_resamples_without_a_figure() -> None:
    known = np.linspace(0, 1, 101)
    resampled = np.concatenate([np.full(300, np.nan), known])
    assert percentile_interval(0.5, resampled) == percentile_interval(0.5, known)


def test_without_any_known_resample_the_interval_is_the_value() -> None:
    assert percentile_interval(0.25, np.full(5, np.nan)) == Interval(0.25, 0.25, 0.25)


@pytest.mark.parametrize("value", [-1.0, 0.5, 2.0])
def test_the_percentile_interval_contains_its_value(value: float) -> None:
    interval = percentile_interval(value, np.linspace(0, 1, 101))
    assert interval.low <= value <= interval.high


def test_the_lowered_interval_lies_below_its_resamples_by_as_much_as_they_are_too_high() -> None:
    # The mean of the resampled values is 0.1 too high, their 97.5 percentile is 0.69.
    interval = lowered_interval(0.4, np.linspace(0.3, 0.7, 401))
    assert (interval.low, interval.high) == pytest.approx((0.4 - 0.29, 0.69 - 0.1))


@pytest.mark.parametrize(("value", "low", "high"), [(0.3, 0, 0.49), (0.2, 0, 0.39), (0.0, 0, 0.19), (0.8, 0.8, 0.99)])
def test_the_lowered_interval_contains_its_value_and_nothing_below_0(value: float, low: float, high: float) -> None:
    interval = lowered_interval(value, np.linspace(0.3, 0.7, 401))
    assert (interval.low, interval.value, interval.high) == pytest.approx((low, value, high))


def test_the_logit_interval_is_symmetric_in_log_odds() -> None:
    # The deviation of the log odds is 0.03 / (0.9 x 0.1) = 1/3.
    interval = logit_interval(0.9, np.array([0.87, 0.93]))
    odds = [9 * math.exp(-Z / 3), 9 * math.exp(Z / 3)]
    assert (interval.low, interval.high) == pytest.approx([each / (1 + each) for each in odds])


@given(st.floats(0, 1), st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), min_size=1, max_size=20))
@settings(deadline=None)
def test_the_logit_interval_contains_its_value_and_stays_within_0_and_1(value: float, resampled: list[float]) -> None:
    interval = logit_interval(value, np.array(resampled))
    assert 0 <= interval.low <= interval.value <= interval.high <= 1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_logit_interval_of_0_and_1_has_no_width(value: float) -> None:
    assert logit_interval(value, np.array([0.2, 0.4])) == Interval(value, value, value)


def test_an_interval_as_a_document_has_its_value_and_ends() -> None:
    assert Interval(0.5, 0.25, 0.75).document() == {"value": 0.5, "low": 0.25, "high": 0.75}
