"""The learning curve: what was measured, what is predicted, and names that don't cover each other."""

from __future__ import annotations

from typing import Any

from browser import words
from headstart.report.figures.curve import apart, learning_curve


def series(id_: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "points": [
            {"per_class": 1, "pictures": 2, "accuracy": 0.5, "each": [0.4, 0.6]},
            {"per_class": 10, "pictures": 20, "accuracy": 0.8, "each": [0.8]},
        ],
        "predicted": [{"times": 2, "per_class": 20, "accuracy": 0.9, "low": 0.85, "high": 0.95}],
        **changes,
    }


def test_means_draws_and_predictions_are_drawn() -> None:
    chart = learning_curve({"of": [series("scratch")]}, "It rises.")
    assert chart.count('class="draw series-1"') == 2
    assert chart.count('class="mark series-1"') == 3
    assert chart.count('class="mark series-1 hollow"') == 1
    assert chart.count('class="band series-1"') == 1
    assert 'aria-label="It rises."' in chart


def test_measured_is_solid_and_predicted_dashed() -> None:
    chart = learning_curve({"of": [series("scratch")]}, "")
    assert 'class="line series-1"' in chart
    assert 'class="line dashed series-1"' in chart


def test_a_curve_without_predictions_has_no_band() -> None:
    chart = learning_curve({"of": [series("scratch", predicted=[])]}, "")
    assert "band" not in chart
    assert "dashed" not in chart


def test_a_prediction_without_an_interval_has_no_band_at_it() -> None:
    ahead = [{"times": 2, "per_class": 20, "accuracy": 0.9, "low": None, "high": None}]
    assert "dashed" in learning_curve({"of": [series("scratch", predicted=ahead)]}, "")


def test_lines_are_named_at_their_ends_without_the_network() -> None:
    assert words(learning_curve({"of": [series("frozen+svm@vgg16")]}, "")).endswith("frozen+svm")


def test_a_series_without_points_is_left_out() -> None:
    assert "scratch" not in learning_curve({"of": [series("scratch", points=[]), series("frozen+svm")]}, "")


def test_names_are_moved_apart_and_stay_on_the_drawing() -> None:
    assert apart([10, 12, 100], 15, 100) == [10, 25, 100]
    assert apart([99, 98], 15, 100) == [100, 85]
    assert apart([], 15, 100) == []
