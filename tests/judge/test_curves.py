"""Learning curves: what stands in results, and claims that never go beyond the figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from headstart.judge.curves import Curve, Size, statements
from headstart.judge.power_law import Point
from headstart.report.words import LANGUAGES, said

SIZES = (5, 10, 20, 50, 100, 200)


def curve(accuracies: Sequence[float], name: str = "frozen+svm", **facts: Any) -> Curve:
    """Return the curve of two classes with so many accuracies, each of three draws."""
    sizes = tuple(Size(n, Point(2 * n, (own,) * 3)) for n, own in zip(SIZES, accuracies, strict=False))
    defaults: dict[str, Any] = {"left_out": (), "tested": 400, "is_even": True}
    return Curve(name, sizes, **defaults | facts)


RISING = [1 - 0.05 - 0.9 * (2 * n) ** -0.4 for n in SIZES]
FLAT = [0.8, 0.9, 0.96, 0.98, 0.982, 0.982]
BROKEN = [0.6, 0.61, 0.62, 0.63, 0.64, 0.9]


def keys(*curves: Curve) -> list[str]:
    return [each["key"] for each in statements(curves)]


def values(key: str, *curves: Curve) -> dict[str, Any]:
    (found,) = [each["values"] for each in statements(curves) if each["key"] == key]
    return dict(found)


def test_a_document_has_points_a_law_what_it_predicts_and_its_check() -> None:
    document = curve(RISING).document()
    assert document["id"] == "frozen+svm"
    assert document["points"][0] == {
        "per_class": 5,
        "pictures": 10,
        "accuracy": pytest.approx(RISING[0]),
        "each": [RISING[0]] * 3,
    }
    assert document["law"] == {
        "limit": pytest.approx(0.05, abs=0.005),
        "scale": pytest.approx(0.9, abs=0.05),
        "exponent": pytest.approx(0.4, abs=0.02),
    }
    assert [(each["times"], each["per_class"]) for each in document["predicted"]] == [(2, 400), (4, 800)]
    assert all(each["low"] < each["accuracy"] < each["high"] for each in document["predicted"])
    checked = document["checked"]
    assert (checked["fitted_up_to"], checked["at"], checked["measured"]) == (100, 200, pytest.approx(RISING[-1]))
    assert checked["inside"] is True


def test_only_trainings_say_whether_they_converged() -> None:
    point = Point(10, (0.5,))
    assert "converged" not in Size(5, point).document()
    assert Size(5, point, converged=False).document()["converged"] is False


def test_what_is_expected_is_said_per_class_where_classes_are_even() -> None:
    told = values("curve_expected_per_class", curve(RISING))
    predicted = curve(RISING).document()["predicted"]
    assert (told["per_class"], told["per_class2"], told["per_class4"]) == (200, 400, 800)
    assert [told["value2"], told["low2"], told["high2"]] == [predicted[0][name] for name in ("accuracy", "low", "high")]
    assert [told["value4"], told["low4"], told["high4"]] == [predicted[1][name] for name in ("accuracy", "low", "high")]


def test_where_classes_are_uneven_pictures_are_counted() -> None:
    told = values("curve_expected", curve(RISING, is_even=False))
    assert (told["pictures"], told["pictures2"], told["pictures4"]) == (400, 800, 1600)


def test_a_curve_that_surely_rises_is_said_to_climb() -> None:
    many = curve(RISING, tested=10_000)
    told = values("curve_climbs", many)
    assert 0 < told["low"] < told["high"] < 10
    assert "curve_flat" not in keys(many)


def test_a_curve_that_can_gain_little_has_levelled_off() -> None:
    told = values("curve_flat", curve(FLAT, tested=2000))
    assert 0 <= told["high"] <= 2


def test_where_few_test_pictures_leave_it_open_nothing_is_claimed() -> None:
    assert "curve_open" in keys(curve(RISING, tested=40))


def test_a_curve_that_failed_its_check_promises_nothing() -> None:
    broken = curve(BROKEN, tested=1000)
    assert keys(broken) == ["curve_not_trusted"]
    assert values("curve_not_trusted", broken)["measured"] == 0.9


def test_a_law_that_could_not_be_checked_is_said_to_be_unchecked() -> None:
    late = tuple(Size(n, Point(2 * n, (0.8,) * 3)) for n in (10, 20, 50, 130, 200))
    assert "curve_unchecked" in keys(Curve("frozen+svm", late, (), 400, is_even=True))


def test_with_three_sizes_there_is_no_law_and_no_promise() -> None:
    few = curve(RISING[:3])
    assert few.document()["law"] is None
    assert few.document()["predicted"] == []
    assert few.document()["checked"] is None
    assert keys(few) == ["curve_without_law"]


def test_sizes_that_were_left_out_are_said_with_the_reason() -> None:
    assert values("curve_left_out", curve(RISING, left_out=((1, "no."),))) == {
        "id": "frozen+svm",
        "per_class": 1,
        "why": "no.",
    }


def test_where_the_time_was_over_the_first_size_that_was_not_reached_is_said() -> None:
    short = curve(RISING[:2], left_out=((50, ""), (100, "")))
    assert values("curve_no_time", short) == {"id": "frozen+svm", "per_class": 50}
    assert "curve_left_out" not in keys(short)


def test_where_nothing_could_be_learnt_nothing_else_is_said() -> None:
    nothing = curve([], left_out=((1, "no."),))
    assert keys(nothing) == ["curve_left_out"]
    assert nothing.document() == {"id": "frozen+svm", "points": [], "law": None, "predicted": [], "checked": None}
    assert keys(nothing, curve(RISING, "scratch"))[-1] != "curve_crossing_unknown"


def test_trainings_that_had_not_converged_are_counted() -> None:
    sizes = tuple(Size(n, Point(2 * n, (0.8,)), converged=n > 20) for n in SIZES)
    assert values("curve_starved", Curve("scratch", sizes, (), 400, is_even=True)) == {
        "id": "scratch",
        "starved": 3,
        "sizes": 6,
    }


def test_the_largest_size_at_which_nothing_could_be_held_out_is_told() -> None:
    sizes = tuple(Size(n, Point(2 * n, (0.8,)), held_out=n > 10) for n in SIZES)
    assert values("curve_cautious", Curve("frozen+svm", sizes, (), 400, is_even=True))["per_class"] == 10


LOW = [0.5, 0.52, 0.53, 0.54, 0.54, 0.54]
STEEP = [1 - 0.105 * (n / 200) ** -0.6 for n in SIZES]


@pytest.mark.parametrize(
    ("best", "other", "tested", "key"),
    [
        (FLAT, LOW, 1000, "curve_stays_behind"),
        (RISING, [own - 0.01 for own in RISING], 200, "curve_crossing_unknown"),
        ([0.89, 0.895, 0.9, 0.9, 0.9, 0.9], STEEP, 50_000, "curve_overtakes"),
        (FLAT, BROKEN, 1000, "curve_crossing_unknown"),
        (FLAT, LOW[:3], 1000, "curve_crossing_unknown"),
    ],
)
def test_a_crossing_is_claimed_or_denied_only_where_intervals_are_apart(
    best: list[float], other: list[float], tested: float, key: str
) -> None:
    both = curve(other, "other", tested=tested), curve(best, "best", tested=tested)
    told = statements(both)[-1]
    assert told == {"key": key, "values": {"leader": "best", "other": "other", "times": 4}}


def test_of_a_network_that_had_not_converged_no_crossing_is_denied() -> None:
    starved = tuple(Size(n, Point(2 * n, (own,)), converged=False) for n, own in zip(SIZES, LOW, strict=True))
    assert keys(curve(FLAT), Curve("scratch", starved, (), 1000, is_even=True))[-1] == "curve_crossing_unknown"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_statement_is_a_sentence_in_every_language(lang: str) -> None:
    sizes = tuple(
        Size(n, Point(2 * n, (own,)), held_out=n > 5, converged=n > 5) for n, own in zip(SIZES, LOW, strict=True)
    )
    curves = [
        curve(RISING),
        curve(FLAT, tested=2000),
        curve(RISING, tested=10_000, is_even=False),
        curve(RISING[:3], left_out=((1, "no."), (2, ""))),
        curve(BROKEN, tested=1000),
        Curve("scratch", sizes, (), 1000, is_even=True),
    ]
    sentences = [said(lang, each["key"], each["values"]) for each in statements(curves)]
    assert all("{" not in sentence for sentence in sentences)
    assert len(sentences) > 15
