"""Sections about what the winner gets wrong, and what it sees."""

from __future__ import annotations

from typing import Any

from headstart.report.album import Album
from headstart.report.comparison_document import whole
from headstart.report.sections import SECTIONS, Told
from headstart.report.words import said
from report.comparison_documents import TEN, comparison, hundred_classes, pictures


def say(key: str, **values: object) -> str:
    return said("en", key, values)


def told(document: dict[str, Any]) -> Told:
    return Told(whole(document), Album(pictures(), 10**7), say)


def section(name: str, document: dict[str, Any]) -> Any:
    return SECTIONS[name](told(document))


def test_more_than_twenty_classes_are_folded_behind_the_hardest() -> None:
    view = section("classes", hundred_classes())
    recalls = [row["of"]["recall"]["value"] for row in view["folded"]]
    assert (len(view["open"]), len(view["folded"]), view["count"]) == (10, 100, 100)
    assert recalls == sorted(recalls)


def test_ten_classes_are_all_open() -> None:
    view = section("classes", comparison())
    assert (len(view["open"]), view["folded"]) == (10, [])


def test_the_matrix_stands_in_the_order_of_the_document() -> None:
    assert section("confusion", comparison())["names"] == TEN[::-1]


def test_the_matrix_says_its_message_in_words() -> None:
    assert section("confusion", comparison())["label"] == (
        "Confusion matrix of 10 classes: 147 of 150 test pictures are right, 3 pairs of classes are confused."
    )


def test_pictures_beyond_the_room_are_named_alone() -> None:
    view = SECTIONS["mistakes"](Told(whole(comparison()), Album(pictures(), len(pictures()["pictures/0001.jpg"])), say))
    assert view is not None
    assert [item["address"] is None for item in view["items"][:2]] == [False, True]


def test_layers_without_pictures_are_left_out() -> None:
    assert SECTIONS["layers"](Told(whole(comparison()), Album({}, 0), say)) is None
