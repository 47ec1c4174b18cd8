"""The words of the page: complete in both languages, and every one of them used."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from headstart.report.sections import SECTIONS
from headstart.report.words import page

SENTENCES = page.SENTENCES
SOURCE = Path(page.__file__).parents[1]


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_has_the_same_fields_in_both_languages(key: str) -> None:
    assert fields(SENTENCES[key].en) == fields(SENTENCES[key].zh)


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_is_there_in_both_languages(key: str) -> None:
    assert SENTENCES[key].en
    assert SENTENCES[key].zh


SECTIONS_AND_STANDINGS = {
    *(f"page.{section}" for section in SECTIONS),
    *("page.winner", "page.not_told_apart", "page.train", "page.val.short", "page.test.short"),
    *("page.sensitivity", "page.specificity", "page.sensitivity.is", "page.specificity.is"),
}
"""Keys that are put together from ``page.`` and a name."""


def keys_in_the_source() -> tuple[set[str], tuple[str, ...]]:
    """Return the keys that are written out, and the beginnings of those that are put together."""
    files = [*SOURCE.glob("*.py"), *(SOURCE / "figures").glob("*.py"), *(SOURCE / "sections").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*files, *(SOURCE / "templates").rglob("*.html")])
    begun = {*re.findall(r'"((?:page|figure|column)\.[\w.-]*?)" ~', text), *re.findall(r'f"(page\.[\w.-]*?)\{', text)}
    written = set(re.findall(r'"((?:page|figure|column)\.[\w.-]*\w)"', text))
    return written, tuple(begun - {"page."})


def test_every_key_that_is_written_out_is_in_the_table() -> None:
    written, begun = keys_in_the_source()
    assert {key for key in written - set(SENTENCES) if not key.startswith(begun)} == set()
    assert set(SENTENCES) >= SECTIONS_AND_STANDINGS


def test_every_key_in_the_table_is_used() -> None:
    written, begun = keys_in_the_source()
    assert {key for key in set(SENTENCES) - written - SECTIONS_AND_STANDINGS if not key.startswith(begun)} == set()
