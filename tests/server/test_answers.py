"""The JSON of an answer: classes by probability, as many as are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from headstart.server.answers import checked_top, model_in_brief, prediction
from headstart.server.refusals import RefusedError, refused_picture
from headstart.server.served import Served
from headstart.server.service import Answered


@dataclass
class Named:
    """What answers need of a model."""

    classes: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)


def model(*classes: str, **facts: object) -> Served:
    return cast("Served", Named(classes, facts))


def answered(*probabilities: float) -> Answered:
    return Answered({}, np.array(probabilities, np.float32))


def test_the_most_likely_class_comes_first_and_of_equals_the_first() -> None:
    found = prediction(model("a", "b", "c"), answered(0.25, 0.5, 0.25), 3)
    assert [each["class"] for each in found["top"]] == ["b", "a", "c"]
    assert (found["class"], found["probability"]) == ("b", 0.5)


def test_of_10000_classes_the_first_few_are_named() -> None:
    names = [f"class {number}" for number in range(10_000)]
    found = prediction(model(*names), answered(*np.linspace(0, 1, 10_000)), 5)
    assert [each["class"] for each in found["top"]] == [f"class {number}" for number in range(9999, 9994, -1)]


def test_an_error_stands_in_place_of_an_answer() -> None:
    found = prediction(model("a"), refused_picture("empty-file"), 1)
    assert found == {"error": {"code": "empty-file", "message": "The picture is empty: it has no bytes."}}


def test_no_more_classes_are_named_than_there_are() -> None:
    three = model("a", "b", "c")
    assert [checked_top(three, asked, 5) for asked in (None, 1, 3)] == [3, 1, 3]
    assert checked_top(three, None, 2) == 2
    for asked in (0, 4):
        with pytest.raises(RefusedError, match=rf"top={asked}: the model has 3 classes; ask for 1 to 3\."):
            checked_top(three, asked, 5)


def test_in_brief_a_model_has_no_classes_and_no_figures() -> None:
    assert model_in_brief(model("a", approach="frozen+knn", classes=["a"], test={})) == {"approach": "frozen+knn"}
