"""Names from standard input: answered while others still come, whatever bytes they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.errors import UserError
from headstart.jobs.predicting.standard_input import bursts_of


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def paths(pipe: tuple[int, int], data: bytes) -> list[str]:
    """Return what the lines in ``data`` name."""
    os.write(pipe[1], data)
    os.close(pipe[1])
    return [each.path for burst in bursts_of(pipe[0]) for each in burst]


def test_what_came_is_answered_while_nothing_more_comes(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    bursts = bursts_of(reading)
    os.write(writing, b"1.jpg\n2.jpg\n3.j")
    assert [each.path for each in next(bursts)] == ["1.jpg", "2.jpg"]
    os.write(writing, b"pg\n")
    assert [each.path for each in next(bursts)] == ["3.jpg"]
    os.write(writing, b"4.jpg")
    os.close(writing)
    assert [each.path for each in next(bursts)] == ["4.jpg"]
    assert list(bursts) == []


def test_a_name_is_every_byte_of_its_line_and_an_empty_line_is_none(pipe: tuple[int, int]) -> None:
    names = paths(pipe, b"-\n\n  a  b \n\xff\xfe.jpg\n./c//d.jpg\n\ne\r\n\x00\n'f'")
    assert [os.fsencode(name) for name in names] == [
        b"-",
        b"  a  b ",
        b"\xff\xfe.jpg",
        b"./c//d.jpg",
        b"e\r",
        b"\x00",
        b"'f'",
    ]


def test_an_address_is_one_and_shows_no_secret(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"s3://bucket/a.jpg\nhttps://host/a.jpg?key=secret\n/b.jpg\n")
    os.close(pipe[1])
    [[first, second, third]] = bursts_of(pipe[0])
    assert first.file == Address("s3://bucket/a.jpg")
    assert second.path == "https://host/a.jpg?…"
    assert third.file == Path("/b.jpg")


def test_many_names_come_in_bursts_of_some_thousand_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("\n".join(map(str, range(5000))))
    with (tmp_path / "list").open("rb") as stream:
        bursts = [[each.path for each in burst] for burst in bursts_of(stream.fileno())]
    assert max(map(len, bursts)) <= 2048
    assert [name for burst in bursts for name in burst] == list(map(str, range(5000)))


def test_nothing_is_no_burst(pipe: tuple[int, int]) -> None:
    assert paths(pipe, b"\n\n") == []


@pytest.mark.parametrize("end", [b"", b"\nb.jpg\n"])
def test_what_is_no_list_of_paths_is_refused(pipe: tuple[int, int], end: bytes) -> None:
    with pytest.raises(UserError, match="a line that is longer than any path"):
        paths(pipe, b"x" * 40_000 + end)


def test_what_goes_wrong_while_reading_is_not_taken_for_the_end(tmp_path: Path) -> None:
    with (tmp_path / "list").open("wb") as stream, pytest.raises(OSError, match="Bad file descriptor"):
        list(bursts_of(stream.fileno()))
