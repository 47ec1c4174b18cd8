"""The table of sentences: every one in every language, with the same values in it."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from headstart.report.words import LANGUAGES, WORDS, said, sentence_of


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def formats(template: str) -> dict[str, str | None]:
    return {name: spec for _, name, spec, _ in Formatter().parse(template) if name}


def sample(template: str) -> dict[str, object]:
    """Return a value for every field: a number where a number is formatted, else a name."""
    return {name: 0.5 if spec and spec[-1] in "%fg" else 3 if spec else "N" for name, spec in formats(template).items()}


@pytest.mark.parametrize("key", WORDS)
def test_a_sentence_has_the_same_values_in_every_language(key: str) -> None:
    assert fields(WORDS[key].zh) == fields(WORDS[key].en)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("key", WORDS)
def test_a_sentence_takes_its_values(key: str, lang: str) -> None:
    text = said(lang, key, sample(getattr(WORDS[key], lang)))

    assert "{" not in text


@pytest.mark.parametrize("key", WORDS)
def test_a_number_is_written_alike_in_every_language(key: str) -> None:
    assert formats(WORDS[key].zh) == formats(WORDS[key].en)


@pytest.mark.parametrize("key", WORDS)
def test_a_chinese_sentence_has_the_punctuation_of_chinese(key: str) -> None:
    text = re.sub(r"\{[^}]*\}", "N", WORDS[key].zh)

    assert not re.search(r"[\u4e00-\u9fff] ?[,;:?!()]|[,;()]\s?[\u4e00-\u9fff]", text)


def test_a_list_of_names_is_told_as_one() -> None:
    assert said("en", "not_above_chance", {"names": ["a", "b"]}) == "Not shown to be better than chance: a and b."


def test_statements_become_one_text() -> None:
    statements = [
        {"key": "seconds", "values": {"id": "scratch", "seconds": 1.0}},
        {"key": "not_above_chance", "values": {"names": ["scratch"]}},
    ]

    en, zh = sentence_of(statements, "en"), sentence_of(statements, "zh")

    assert en == "scratch took 1.0 s in all. Not shown to be better than chance: scratch."
    assert zh == "".join(sentence_of([statement], "zh") for statement in statements)
    assert sentence_of([], "en") == ""
