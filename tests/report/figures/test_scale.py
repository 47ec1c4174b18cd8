"""Scales put numbers where they belong, and never off the drawing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.report.figures.scale import Scale, counting, linear, logarithmic


def test_a_scale_goes_from_left_to_right_and_from_bottom_to_top() -> None:
    scale = Scale(0.0, 2.0, [])
    assert [scale.at(value) for value in (0, 1, 2)] == [0, 50, 100]
    assert [scale.up(value) for value in (0, 2)] == [100, 0]


def test_ends_and_ticks_are_round() -> None:
    scale = linear([0.337, 0.962], least=0, most=1)
    assert (scale.low, scale.high, list(scale.ticks)) == (0.2, 1, [0.2, 0.4, 0.6, 0.8, 1.0])


def test_a_share_has_no_ticks_beyond_0_and_1() -> None:
    scale = linear([0.01, 0.99], least=0, most=1)
    assert (scale.ticks[0], scale.ticks[-1]) == (0, 1)


def test_one_value_alone_has_a_scale() -> None:
    assert linear([1.0], least=0, most=1).at(1.0) == 100
    assert linear([]).low == 0


def test_doublings_are_equally_far_on_a_logarithmic_scale() -> None:
    scale = logarithmic([1, 4], [1, 2, 4])
    assert [scale.at(value) for value in (1, 2, 4)] == pytest.approx([0, 50, 100])


def test_a_single_size_stands_in_the_middle() -> None:
    assert logarithmic([5], [5]).at(5) == 50


def test_counts_begin_at_nothing() -> None:
    assert counting(8).at(2) == 25
    assert counting(0).at(0) == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(allow_nan=False))
def test_no_value_lies_off_the_drawing(values: list[float], value: float) -> None:
    assert 0 <= linear(values).at(value) <= 100
