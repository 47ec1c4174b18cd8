"""What the page says: numbers that promise nothing, and doubt in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headstart.server.page_words import (
    MOST_NAMES,
    Bar,
    Card,
    bars,
    doubt,
    looked,
    model_words,
    more_classes,
    share_of,
)

FACTS: dict[str, Any] = {
    "approach": "frozen+logistic",
    "backbone": "vgg16",
    "test": {"accuracy": {"value": 0.9875, "low": 0.96389, "high": 0.9957}, "pictures": 240, "chance": 0.5},
    "served_by": {"headstart": "1.2.3", "engine": "openvino 2026.4"},
}


@pytest.mark.parametrize(
    ("probability", "share"),
    [(1.0, "> 99.9%"), (0.9996, "> 99.9%"), (0.99, "99.0%"), (0.5, "50.0%"), (0.0005, "0.1%"), (0.0, "< 0.1%")],
)
def test_no_class_looks_certain_or_impossible(probability: float, share: str) -> None:
    assert share_of(probability) == share


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.62, "about 4 in 10 are something else"),
        (0.69, "about 3 in 10 are something else"),
        (0.04, "nearly all are something else"),
        (0.9, "about 1 in 10 is something else"),
        (0.98, "about 2 in 100 are something else"),
        (0.9999, "hardly any is something else"),
    ],
)
def test_a_model_that_isnt_sure_says_how_often_it_is_wrong(probability: float, words: str) -> None:
    assert doubt(probability, 1) == f"Not sure: of pictures about which it is this sure, {words}."


def test_a_model_that_is_sure_enough_says_nothing() -> None:
    assert doubt(0.7, 0.7) == ""
    assert doubt(0.6999, 0.7) != ""


def test_the_most_likely_classes_come_first_and_equals_in_their_order() -> None:
    found = bars(("ant", "bee", "cow", "dog"), np.array([0.2, 0.3, 0.3, 0.2], np.float32), 3)
    assert found == (Bar("bee", "30.0%", "30.0"), Bar("cow", "30.0%", "30.0"), Bar("ant", "20.0%", "20.0"))


@pytest.mark.parametrize(
    ("others", "words"), [(-3, ""), (0, ""), (1, "and 1 class more"), (9995, "and 9,995 classes more")]
)
def test_it_is_said_how_many_classes_arent_shown(others: int, words: str) -> None:
    assert more_classes(others).startswith(words)
    assert bool(more_classes(others)) == bool(words)


def test_the_accuracy_is_said_with_its_interval_and_what_it_was_tested_on() -> None:
    accuracy = model_words(FACTS, ("cat", "dog"), 0).accuracy
    assert accuracy
    assert (accuracy.value, accuracy.pictures) == ("98.8%", "accuracy on 240 pictures held out from training")
    assert accuracy.interval == "95% interval 96.4% to 99.6%. Always answering the most frequent class: 50.0%."


def test_of_a_model_of_which_little_is_known_little_is_said() -> None:
    words = model_words({"served_by": FACTS["served_by"]}, ("cat", "dog"), 0)
    assert (words.accuracy, words.made_by, words.carries) == (None, "", "")


def test_of_ten_thousand_classes_the_first_are_listed_and_the_rest_counted() -> None:
    words = model_words(FACTS, [f"{i}" for i in range(10_000)], 0)
    assert len(words.classes) == MOST_NAMES
    assert (words.count, words.more) == ("10,000 classes", "and 9,500 more")
    assert "10,000 classes and no others" in words.knows


def test_what_the_model_carries_is_said() -> None:
    assert "small copies of 720 training pictures" in model_words(FACTS, ("cat", "dog"), 720).carries


@pytest.mark.parametrize(("method", "words"), [("cam", "exact"), ("occlusion", "an estimate")])
def test_it_is_said_how_sure_it_is_where_the_model_looked(method: str, words: str) -> None:
    assert words in looked(method, "cat")
    assert "“cat”" in looked(method, "cat")


def test_a_very_long_name_is_shortened() -> None:
    assert len(bars(("x" * 5000, "y"), np.array([0.9, 0.1], np.float32), 1)[0].name) < 300
    assert len(looked("cam", "x" * 5000)) < 400


def test_the_title_of_a_page_is_its_answer() -> None:
    assert Card(top=(Bar("cat", "99.0%", "99.0"),)).title == "cat, 99.0%"
    assert Card(error="This is no picture.").title == "No answer"
