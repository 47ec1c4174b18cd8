"""Every claim that a verdict can make has its sentence, and every sentence a verdict that makes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparisons import contender, fine_tuned, handcrafted, judged, keys, right, scratch
from headstart.judge.statements import repeats_statements
from headstart.report.words import LANGUAGES, said, sentence_of
from headstart.report.words.verdict import SENTENCES

GOOD = contender("frozen+svm@lite0", right(140))
REPEATED = {"seeds": [0, 1, 2, 3, 4], "accuracy": {"scratch": {"mean": 0.5, "low": 0.4, "high": 0.6, "each": []}}}


def told(*contenders: Any, **options: Any) -> list[dict[str, Any]]:
    return list(judged(*contenders, **options)["verdict"]["statements"])


VERDICTS: dict[str, Sequence[dict[str, Any]]] = {
    "nothing_done": told(),
    "nothing_above_chance": told(handcrafted(right(20)), scratch(right(20))),
    "best_of_nothing": told(handcrafted(right(20)), scratch(right(20))),
    "only_one_not_above_chance": told(scratch(right(20))),
    "winner": told(GOOD),
    "winner_not_above_chance": told(GOOD, scratch(right(20), val_accuracy=0.99)),
    "not_above_chance": told(GOOD, scratch(right(20))),
    "only_one": told(GOOD),
    "beats_all": told(GOOD, scratch(right(60)), handcrafted(right(60))),
    "beats": told(GOOD, scratch(right(60)), handcrafted(right(139))),
    "not_told_apart": told(GOOD, handcrafted(right(139))),
    "same_pictures_right": told(GOOD, handcrafted(right(140))),
    "better_on_test": told(GOOD, scratch(right(100), val_accuracy=0.99)),
    "transfer_brought": told(GOOD, handcrafted(right(60))),
    "transfer_cost": told(GOOD, handcrafted(right(60, start=1), val_accuracy=0.1), scratch(right(150))),
    "transfer_not_told": told(GOOD, handcrafted(right(139))),
    "transfer_brought_over_starved": told(GOOD, scratch(right(60), converged=False)),
    "transfer_cost_over_starved": told(GOOD, scratch(right(150), converged=False)),
    "transfer_not_told_over_starved": told(GOOD, scratch(right(139), converged=False)),
    "nothing_with_transfer": told(handcrafted(right(140))),
    "nothing_without_transfer": told(GOOD),
    "fine_tuning_brought": told(GOOD, fine_tuned(right(150))),
    "fine_tuning_cost": told(GOOD, fine_tuned(right(120))),
    "fine_tuning_not_told": told(GOOD, fine_tuned(right(141))),
    "fine_tuning_kept_frozen": told(GOOD, fine_tuned(right(140), kept="frozen")),
    "seconds": told(GOOD),
    "cheapest": told(GOOD, handcrafted(right(139), seconds=1.0)),
    "starved": told(GOOD, scratch(right(60), converged=False)),
    "starved_in_budget": told(GOOD, scratch(right(60), converged=False, budget_seconds=60.0)),
    "starved_winner": told(scratch(right(140), converged=False)),
    "starved_winner_in_budget": told(scratch(right(140), converged=False, budget_seconds=60.0)),
    "few_pictures": told(contender("a", right(12, 20)), chance=2),
    "few_groups": told(GOOD, units=[number % 7 for number in range(150)]),
    "no_error": told(contender("a", right(150))),
    "one_error": told(contender("a", right(149))),
    "few_errors": told(contender("a", right(147))),
    "classes_without_pictures": told(GOOD, counts={"ant": 0, "bee": 150}),
    "classes_of_one_picture": told(GOOD, counts={"ant": 1, "bee": 149}),
    "these_models_alone": told(GOOD),
    "repeated": repeats_statements(REPEATED),
}
"""For each sentence a verdict in which it is said."""


def test_every_sentence_has_a_verdict_in_which_it_is_said() -> None:
    assert list(VERDICTS) == list(SENTENCES)


@pytest.mark.parametrize("key", VERDICTS)
def test_the_verdict_says_it(key: str) -> None:
    assert [statement["key"] for statement in VERDICTS[key]].count(key) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("key", VERDICTS)
def test_it_is_a_whole_sentence_in_every_language(key: str, lang: str) -> None:
    (statement,) = [statement for statement in VERDICTS[key] if statement["key"] == key]

    text = said(lang, **statement)

    assert text.endswith("." if lang == "en" else "\u3002")
    assert not re.search(r"[{}]|None|nan|inf\b|-0\.0|\[|\]", text)


@pytest.mark.parametrize("key", SENTENCES)
def test_a_chinese_sentence_has_no_english_words_but_names_and_terms(key: str) -> None:
    text = re.sub(r"\{[^}]*\}", "", SENTENCES[key].zh)

    assert set(re.findall(r"[A-Za-z]+", text)) <= {"Holm", "softmax", "repeats"}


@pytest.mark.parametrize("key", SENTENCES)
def test_nothing_is_called_equal_and_nothing_proven(key: str) -> None:
    assert not re.search(r"\b(equal to|are equal|is equal|proves|significant)\b", SENTENCES[key].en)


def test_94_and_96_percent_of_150_pictures_are_told_in_words_not_to_be_told_apart() -> None:
    a, b = contender("a", right(144)), contender("b", right(141, start=9))

    text = sentence_of(told(a, b), "en")

    assert "it is right for 96.0%" in text
    assert "With 150 test pictures, b can't be told apart from a; that doesn't make them equal." in text
    assert "better" not in text


def test_on_noise_the_first_sentence_is_that_nothing_works_better_than_chance() -> None:
    text = sentence_of(told(handcrafted(right(30, start=7)), scratch(right(31, start=50))), "en")

    assert text.startswith("Nothing is shown to work better than chance")


accuracies = st.integers(0, 150)
trained = st.sampled_from([True, False])


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(accuracies, accuracies, accuracies, accuracies),
    st.tuples(trained, trained),
    st.sampled_from(["frozen", "fine-tuned"]),
    st.integers(0, 4),
    st.sampled_from([1, 3, 150]),
)
def test_every_verdict_can_be_said(
    hits: tuple[int, int, int, int], converged: tuple[bool, bool], kept: str, run: int, groups: int
) -> None:
    contenders = [
        contender("frozen+svm@lite0", right(hits[0])),
        handcrafted(right(hits[1], start=5)),
        scratch(right(hits[2], start=9), converged=converged[0]),
        fine_tuned(right(hits[3], start=1), converged=converged[1], kept=kept),
    ][:run]

    document = judged(*contenders, units=[number % groups for number in range(150)])

    assert set(keys(document)) <= set(SENTENCES)
    assert sentence_of(document["verdict"]["statements"], "en")
    assert sentence_of(document["verdict"]["statements"], "zh")
