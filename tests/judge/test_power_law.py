"""Power laws of error: what is recovered, how honest intervals are, and that nothing impossible is expected."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.judge.intervals import Interval
from headstart.judge.power_law import Extrapolation, Point, check, extrapolation

SIZES = (5, 10, 20, 50, 100, 200)


def exact(limit: float, scale: float, exponent: float, sizes: tuple[int, ...] = SIZES) -> list[Point]:
    return [Point(size, (1 - limit - scale * size**-exponent,) * 3) for size in sizes]


def flat(accuracy: float) -> list[Point]:
    return [Point(size, (accuracy,) * 3) for size in SIZES]


def fitted(points: list[Point], tested: float = 240) -> Extrapolation:
    found = extrapolation(points, tested, points[-1].size)
    assert found is not None
    return found


@pytest.mark.parametrize("law", [(0.0, 0.8, 0.3), (0.04, 0.8, 0.5), (0.02, 1.0, 0.9), (0.2, 0.5, 0.4)])
def test_a_law_is_recovered_from_exact_points(law: tuple[float, float, float]) -> None:
    found = fitted(exact(*law), tested=1e7)
    truth = exact(*law, sizes=(400, 800))
    for point in truth:
        assert found.law.accuracy(point.size) == pytest.approx(point.accuracy, abs=1e-4)
        interval = found.on_these(point.size)
        assert interval.low < point.accuracy < interval.high
    assert found.law.exponent == pytest.approx(law[2], rel=0.01)
    assert found.law.limit == pytest.approx(law[0], abs=0.001)


def test_the_law_that_is_told_gives_the_value_that_is_told() -> None:
    found = fitted(exact(0.04, 0.8, 0.5))
    law = found.law.document()
    assert 1 - law["limit"] - law["scale"] * 800 ** -law["exponent"] == found.on_these(800).value


def simulated(seed: int, tested: int = 150, shared: float = 0.6) -> tuple[list[Point], list[float], list[float]]:
    """Return points of a known law, and what is measured on the same test pictures, and true, of 400 and 800 pictures.

    A picture's difficulty decides, or in a share of the draws something new, whether it is told right.
    """
    random = np.random.default_rng(seed)
    difficulty = random.random(tested)

    def wrong(size: float) -> float:
        own = np.where(random.random(tested) < shared, difficulty, random.random(tested))
        return float((own < 0.03 + 0.7 * size**-0.5).mean())

    points = [Point(size, tuple(1 - wrong(size) for _ in range(3))) for size in SIZES[:-1]]
    points.append(Point(200, (1 - wrong(200),)))
    later = (400, 800)
    return points, [1 - wrong(size) for size in later], [0.97 - 0.7 * size**-0.5 for size in later]


@pytest.fixture(scope="module")
def covered() -> NDArray[np.bool_]:
    """Whether what was measured on the same pictures, and what is true, was inside, (60 simulations, 2 sizes, 2)."""
    found = []
    for seed in range(60):
        points, measured, truth = simulated(seed)
        laws = fitted(points, tested=150)
        found.append(
            [
                [holds(laws.on_these(size), own), holds(laws.on_others(size), true)]
                for size, own, true in zip((400, 800), measured, truth, strict=True)
            ]
        )
    return np.array(found)


def holds(interval: Interval, value: float) -> bool:
    return interval.low <= value <= interval.high


def test_the_interval_for_the_same_test_pictures_holds_what_is_measured(covered: NDArray[np.bool_]) -> None:
    assert covered[:, :, 0].mean(axis=0).min() >= 0.9


def test_the_interval_for_other_test_pictures_holds_the_truth(covered: NDArray[np.bool_]) -> None:
    assert covered[:, :, 1].mean(axis=0).min() >= 0.93


def test_intervals_are_no_wider_than_they_need_be() -> None:
    points, _, _ = simulated(0)
    interval = fitted(points, tested=150).on_others(400)
    assert interval.high - interval.low < 0.17  # that of 150 test pictures alone is 0.11


def test_more_pictures_are_never_expected_to_be_worse() -> None:
    laws = fitted([Point(size, (0.7 - 0.01 * place,) * 3) for place, size in enumerate(SIZES)])
    values = [laws.on_these(size).value for size in (200, 400, 800, 10**6)]
    assert values == sorted(values)


def test_what_is_further_off_is_less_certain() -> None:
    laws = fitted(exact(0.04, 0.8, 0.5))
    widths = [laws.on_these(size).high - laws.on_these(size).low for size in (400, 800, 3200)]
    assert widths == sorted(widths)


def test_other_test_pictures_are_less_certain_than_the_same() -> None:
    laws = fitted(exact(0.04, 0.8, 0.5))
    same, others = laws.on_these(400), laws.on_others(400)
    assert others.low < same.low < same.value == others.value < same.high < others.high


@pytest.mark.parametrize("accuracy", [0.0, 0.05, 0.5, 0.995, 1.0])
def test_nothing_beyond_0_and_1_is_expected(accuracy: float) -> None:
    laws = fitted(flat(accuracy))
    for size in (400, 800, 10**9):
        interval = laws.on_others(size)
        assert 0 <= interval.low <= interval.value <= interval.high <= 1


def test_without_a_single_error_next_to_none_is_expected_and_some_are_possible() -> None:
    interval = fitted(flat(1.0)).on_others(400)
    assert interval.value > 0.998
    assert 0.97 < interval.low < 0.995  # Wilson's low end of 240 of 240 is 0.984
    assert interval.high == 1


def test_at_chance_at_every_size_it_can_stay_there() -> None:
    laws = fitted(flat(0.5), tested=1000)
    assert laws.on_these(800).low < 0.5 < laws.on_these(800).high
    assert laws.on_these(400).value == pytest.approx(0.5, abs=0.02)


def test_draws_that_differ_make_it_less_certain() -> None:
    steady, erratic = (
        fitted([Point(size, (0.8 - by, 0.8, 0.8 + by)) for size in SIZES]).on_these(400) for by in (0.0, 0.06)
    )
    assert steady.high - steady.low < 0.7 * (erratic.high - erratic.low)


def test_more_test_pictures_make_it_more_certain() -> None:
    few, many = (fitted(exact(0.04, 0.8, 0.5), tested).on_others(400) for tested in (50, 5000))
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_a_law_needs_four_sizes() -> None:
    assert extrapolation(flat(0.5)[:3], 240, 200) is None
    assert extrapolation([*flat(0.5)[:3], Point(20, (0.6,))], 240, 200) is None
    assert extrapolation(flat(0.5)[:4], 240, 200) is not None


def test_the_order_of_the_points_changes_nothing() -> None:
    points = exact(0.04, 0.8, 0.5)
    assert fitted(points).on_these(400).value == pytest.approx(
        fitted([*points[1:-1], points[0], points[-1]]).on_these(400).value, abs=1e-6
    )


def test_the_same_points_give_the_same_bits() -> None:
    first, second = (fitted(exact(0.04, 0.8, 0.5)) for _ in range(2))
    assert (first.law, first.on_others(800)) == (second.law, second.on_others(800))


def test_a_check_fits_to_half_of_the_pictures_and_looks_at_all() -> None:
    points = exact(0.04, 0.8, 0.5)
    checked = check(points, 240)
    half = extrapolation(points[:5], 240, 200)
    assert checked is not None
    assert half is not None
    assert checked.fitted == 4
    assert checked.predicted == half.on_these(200)
    assert checked.measured == points[-1].accuracy
    assert checked.inside


@pytest.mark.parametrize("last", [0.6, 0.99])
def test_a_curve_that_breaks_off_fails_the_check(last: float) -> None:
    checked = check([*exact(0.04, 0.8, 0.5)[:-1], Point(200, (last,))], 1000)
    assert checked is not None
    assert not checked.inside


def test_too_few_sizes_in_the_first_half_cannot_be_checked() -> None:
    assert check(exact(0.04, 0.8, 0.5, sizes=(10, 20, 50, 120, 200)), 240) is None
