"""Class names as lines, whatever strangers called their classes."""

from __future__ import annotations

from headstart.ship.exports.labels import labels_text


def test_a_class_is_a_line() -> None:
    assert labels_text(["ant", "white cow", "größe"]) == "ant\nwhite cow\ngröße\n"


def test_line_breaks_in_a_name_are_spaces() -> None:
    assert labels_text(["a\nb", "c\r\nd", "e\u2028f"]) == "a b\nc d\ne f\n"


def test_what_is_no_unicode_is_an_escape() -> None:
    assert labels_text(["caf\udce9"]).encode() == b"caf\\udce9\n"
