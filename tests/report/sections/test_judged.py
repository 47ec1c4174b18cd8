"""Sections about how well approaches do: an excerpt of the document, and not there where it would be empty."""

from __future__ import annotations

from typing import Any

import pytest

from headstart.report.album import Album
from headstart.report.comparison_document import whole
from headstart.report.sections import SECTIONS, Told
from headstart.report.words import said
from report.comparison_documents import IDS, bare, comparison, nothing_done, pictures


def say(key: str, **values: object) -> str:
    return said("en", key, values)


def told(document: dict[str, Any]) -> Told:
    return Told(whole(document), Album(pictures(), 10**7), say)


def section(name: str, document: dict[str, Any]) -> Any:
    return SECTIONS[name](told(document))


def test_where_nothing_was_done_few_sections_are_left() -> None:
    there = [name for name in SECTIONS if section(name, nothing_done()) is not None]
    assert there == ["findings", "not_run", "reproduce"]


def test_an_older_document_has_the_sections_that_it_can_fill() -> None:
    there = [name for name in SECTIONS if section(name, bare()) is not None]
    assert there == ["approaches", "pairs", "findings", "warnings", "cost", "reproduce"]


def test_approaches_say_how_they_stand_to_the_winner() -> None:
    rows = section("approaches", comparison())["rows"]
    assert [row["standing"] for row in rows[:3]] == ["winner", "not_told_apart", "not_told_apart"]
    assert rows[-1]["standing"] is None


def test_seconds_are_those_of_all_stages() -> None:
    assert section("approaches", comparison())["rows"][0]["seconds"] == pytest.approx(10.52)


def test_planned_and_exploratory_pairs_stand_apart() -> None:
    pairs = section("pairs", comparison())
    assert (len(pairs["rows"]), len(pairs["exploratory"]), pairs["tests"]) == (9, 36, ["mcnemar"])


def test_two_runs_show_the_approaches_of_either() -> None:
    other = {"results": whole(comparison(approaches=2)), "same_test": True, "pair": None}
    view = SECTIONS["beside"](Told(whole(comparison(approaches=3)), Album({}, 0), say, other))
    assert view is not None
    assert {row["id"] for row in view["rows"]} == set(IDS[:3])
    assert [figure is None for row in view["rows"] if row["id"] == IDS[2] for figure, _ in row["cells"]] == [
        False,
        True,
    ]


def test_the_curve_says_its_message_in_words() -> None:
    drawing = section("curve", comparison())["drawing"]
    assert "with 1 to 45 training pictures per class." in drawing
