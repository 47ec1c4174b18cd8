"""The frame of a chart."""

from __future__ import annotations

from browser import words
from headstart.report.figures.axes import grid
from headstart.report.figures.scale import Scale


def test_both_axes_have_their_numbers() -> None:
    frame = grid(Scale(1, 4, [1, 2, 4]), Scale(0, 1, [0, 0.5, 1]))
    assert words(frame) == "0 0.5 1 1 2 4"
    assert frame.count('class="grid"') == 3
