"""The description of the routes: its examples are what the server answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headstart.server.answers import prediction
from headstart.server.examples import PREDICT_DOCS, READING_DOCS, error_docs
from headstart.server.facts import facts_of
from headstart.server.refusals import refused_picture


def examples(node: Any) -> Iterator[Any]:
    """Yield every example in a description."""
    if isinstance(node, dict):
        if "example" in node:
            yield node["example"]
        for each in node.values():
            yield from examples(each)


def test_the_example_of_an_answer_has_an_answer_and_an_error() -> None:
    [example] = examples(PREDICT_DOCS)
    cat, broken = example["predictions"]
    assert set(cat) == {"class", "probability", "top"}
    assert (cat["class"], cat["probability"]) == (cat["top"][0]["class"], cat["top"][0]["probability"])
    assert broken == prediction(None, refused_picture("unreadable"), 1)  # type: ignore[arg-type]


def test_the_example_of_a_model_has_what_is_told_of_models() -> None:
    [example] = examples(READING_DOCS["model"])
    assert set(example) <= {*facts_of({}, {}, (), ""), "approach", "backbone"}


def test_every_route_has_an_example() -> None:
    assert all(list(examples(docs)) for docs in (PREDICT_DOCS, *READING_DOCS.values()))


def test_an_error_without_words_is_a_mistake_of_the_programmer() -> None:
    assert set(error_docs(429, 503)) == {429, 503}
    with pytest.raises(KeyError):
        error_docs(418)
