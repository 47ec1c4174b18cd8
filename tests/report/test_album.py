"""Pictures are shown while there is room, and named from then on."""

from __future__ import annotations

from headstart.report.album import Album


def test_a_picture_takes_its_bytes_from_the_room_that_is_left() -> None:
    album = Album({"a": b"\xff\xd8\xff", "b": b"123"}, room=5)
    assert album.address("a") == "data:image/jpeg;base64,/9j/"
    assert album.address("b") is None


def test_room_that_is_given_is_used() -> None:
    album = Album({"b": b"123"}, room=0)
    album.give(3)
    assert album.address("b") == "data:image/jpeg;base64,MTIz"


def test_a_picture_that_is_missing_has_no_address() -> None:
    album = Album({"a": b""}, room=5)
    assert [album.address(name) for name in ("a", "b", None)] == [None, None, None]


def test_an_album_without_pictures_is_empty() -> None:
    assert Album({}, 5).empty
    assert not Album({"a": b""}, 5).empty
