"""A dot with whiskers: the number, its interval, and what to compare it with."""

from __future__ import annotations

from browser import words
from headstart.report.figures.intervals import ruler, whiskers
from headstart.report.figures.scale import Scale

SCALE = Scale(0.0, 1.0, [0, 0.5, 1])


def test_dot_and_whiskers_stand_at_their_numbers() -> None:
    row = whiskers({"value": 0.6, "low": 0.5, "high": 0.75}, SCALE)
    assert 'x1="50%" x2="75%"' in row
    assert 'cx="60%"' in row
    assert row.count('class="whisker"') == 3


def test_a_figure_without_an_interval_has_no_whiskers() -> None:
    row = whiskers({"value": 0.6, "low": None, "high": None}, SCALE)
    assert "whisker" not in row
    assert "dot" in row


def test_nothing_known_is_nothing_drawn_but_the_grid() -> None:
    assert "dot" not in whiskers({}, SCALE)
    assert whiskers({}, SCALE).count('class="grid"') == 3


def test_chance_is_a_line() -> None:
    assert '<line x1="10%" x2="10%" y1="0%" y2="100%" class="mark-line"/>' in whiskers({}, SCALE, 0.1)


def test_the_row_is_hidden_from_readers_as_its_numbers_stand_beside_it() -> None:
    assert 'aria-hidden="true"' in whiskers({}, SCALE)


def test_the_ruler_names_the_numbers_and_the_line() -> None:
    assert words(ruler(SCALE, 0.9, "chance")) == "0 0.5 1 chance"
    assert 'class="tick end"' in ruler(SCALE, 0.9, "chance")
    assert 'class="tick start"' in ruler(SCALE, 0.1, "chance")
    assert words(ruler(SCALE)) == "0 0.5 1"
