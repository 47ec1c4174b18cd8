"""Whether probabilities can be believed."""

from __future__ import annotations

from typing import Any

from browser import words
from headstart.report.figures.reliability import reliability_curve
from headstart.report.words import said


def say(key: str, **values: object) -> str:
    return said("en", key, values)


def bin_(low: float, pictures: int, accuracy: dict[str, Any] | None) -> dict[str, Any]:
    confidence = low + 0.05 if pictures else None
    return {"low": low, "high": low + 0.1, "pictures": pictures, "confidence": confidence, "accuracy": accuracy}


FULL = bin_(0.9, 40, {"value": 0.975, "low": 0.87, "high": 0.996})
EMPTY = bin_(0.1, 0, None)


def test_a_bin_is_a_dot_with_its_interval_over_a_bar() -> None:
    chart = reliability_curve([EMPTY, FULL], say, "Believe it.")
    assert 'cx="95%" cy="2.5%"' in chart
    assert chart.count('class="whisker"') == 1
    assert chart.count('class="count"') == 1
    assert 'aria-label="Believe it."' in chart


def test_a_bin_says_its_numbers_when_pointed_at() -> None:
    assert "40 pictures: said 0.950, right 0.975" in words(reliability_curve([FULL], say, ""))


def test_empty_bins_are_not_drawn() -> None:
    chart = reliability_curve([EMPTY], say, "")
    assert "dot" not in chart
    assert "count" not in chart
    assert "ideal" in chart
