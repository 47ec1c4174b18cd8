"""Entries of a stranger's JSON: each check takes what it should, and nothing that only looks like it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headstart.errors import UserError
from headstart.manifests.fields import (
    LONGEST_CLASS,
    Field,
    check_fields,
    is_classes,
    is_count,
    is_digest,
    is_flag,
    is_interval,
    is_list_of,
    is_name,
    is_number,
    is_object,
    is_object_of,
    is_text,
)

FIELDS = {"size": Field("a size", is_count), "name": Field("a name", is_name, optional=True)}


@pytest.mark.parametrize("document", [{"size": 1}, {"size": 0, "name": "a"}, {"size": 1, "later": object()}])
def test_what_is_as_it_should_be_passes_with_whatever_else_there_is(document: dict[str, object]) -> None:
    check_fields(document, FIELDS)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "it has no 'size'"),
        ({"size": "1"}, "its 'size' isn't a size"),
        ({"size": 1, "name": None}, "its 'name' isn't a name"),
    ],
)
def test_the_first_that_is_not_is_named(document: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        check_fields(document, FIELDS)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (is_name, ["vgg16", "fc1+fc2", "block4_pool:max", "frozen+knn"], ["", "a\n", "a/b", "x" * 201, 1, None, ["a"]]),
        (is_text, ["", "a\nb"], ["x" * 10_001, 1, None]),
        (is_digest, ["0f" * 32], ["0F" * 32, "0f" * 31, "0f" * 32 + "\n", 7]),
        (is_object, [{}], [[], "", None]),
        (is_flag, [True, False], [1, 0, "no", None]),
        (is_count, [0, 7], [-1, 1.0, True, "1", None]),
        (is_number, [1, -0.5], [True, "1", None, float("nan"), float("inf")]),
        (is_list_of(is_count, 2), [[], [1, 2]], [[1, 2, 3], [1, "2"], (1,), "12", {}]),
        (is_object_of(FIELDS), [{"size": 1}], [{}, {"size": None}, [], "size"]),
        (is_classes, [["a", "b"]], [["a"], ["a", "a"], ["a", ""], ["a", 1], "ab", ["a", "b" * (LONGEST_CLASS + 1)]]),
        (is_interval, [None, {"value": 1, "low": 0.5, "high": 1}], [{}, {"value": 1}, 1, "1"]),
    ],
    ids=["name", "text", "digest", "object", "flag", "count", "number", "list", "fields", "classes", "interval"],
)
def test_each_check_takes_what_it_should_and_nothing_else(
    check: Callable[[object], bool], good: list[object], bad: list[object]
) -> None:
    assert [value for value in good if not check(value)] == []
    assert [value for value in bad if check(value)] == []
