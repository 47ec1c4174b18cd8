"""Differences around zero: told apart or not, by the corrected p value alone."""

from __future__ import annotations

from typing import Any

import pytest

from headstart.report.figures.differences import differences


def pair(value: float, p_holm: float | None) -> dict[str, Any]:
    return {"difference": {"value": value, "low": value - 0.05, "high": value + 0.05}, "p_holm": p_holm}


@pytest.mark.parametrize(("p_holm", "apart"), [(0.049, True), (0.05, False), (1.0, False), (None, False)])
def test_a_filled_dot_is_a_pair_that_can_be_told_apart(p_holm: float | None, apart: bool) -> None:
    row = differences([pair(0.2, p_holm)])[1][0]
    assert row.apart is apart
    assert ('class="row open"' in row.drawing) is not apart


def test_zero_is_on_the_scale_of_all_rows() -> None:
    head, rows = differences([pair(0.2, 0.01), pair(0.5, 0.01)])
    assert ">0<" in head
    assert ['class="mark-line"' in row.drawing for row in rows] == [True, True]


def test_no_pairs_have_no_rows() -> None:
    assert differences([])[1] == []


def test_a_difference_without_an_interval_is_drawn() -> None:
    row = {"difference": {"value": 0.1, "low": None, "high": None}, "p_holm": None}
    assert "dot" in differences([row])[1][0].drawing
