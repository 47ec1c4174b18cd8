"""Files and JSON of strangers: what is read, and what is refused before it costs anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headstart.errors import UserError
from headstart.manifests.strangers import MOST_DEPTH, brief, content_of, json_of


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    assert content_of(tmp_path / "a", 7) == b"content"


def test_a_hard_link_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert content_of(tmp_path / "b", 7) == b"content"


def test_a_larger_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as stream:
        stream.truncate(10**12)
    with pytest.raises(UserError, match="a has 1,000,000,000,000 bytes, and may have 10"):
        content_of(tmp_path / "a", 10)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a is missing"):
        content_of(tmp_path / "a", 10)


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(UserError, match="b is a link and no file"):
        content_of(tmp_path / "b", 10)


def test_no_pipe_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(UserError, match="a is no file"):
        content_of(tmp_path / "a", 10)


@pytest.mark.parametrize("place", ["/dev/zero", "/"])
def test_devices_and_folders_are_no_files(place: str) -> None:
    with pytest.raises(UserError, match="is no file"):
        content_of(Path(place), 10)


def test_json_is_what_it_says() -> None:
    found = json_of(b' {"a": [1, -2.5e3, "x\\ud800", null, true], "\xc3\xa9": {}} ')
    assert found == {"a": [1, -2500.0, "x\ud800", None, True], "é": {}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": 1, "a": 1}', "'a' stands twice"),
        (b'[{"b": {"a": 1, "a": 2}}]', "'a' stands twice"),
        (b"[NaN]", "NaN is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[1e999]", "'1e999' is too large"),
        (b"9" * 21, "21 digits"),
        (b"-" + b"9" * 5000, "5,001 digits"),
        (b"[" * 100_000, "too deep"),
        (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "too deep"),
        (b"[" * 600_000, "too many values"),
        (b"[" + b"0," * 1_000_001 + b"0]", "too many values"),
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[1] [2]", "no JSON"),
        (b"import os", "no JSON"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_json_that_no_two_readers_read_alike_or_that_fills_the_memory_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        json_of(text)


def test_as_deep_as_it_may_be_it_is_read() -> None:
    assert json_of(b"[" * MOST_DEPTH + b"]" * MOST_DEPTH)


@pytest.mark.parametrize("value", ["a\nb", "x" * 10**6, ["y"] * 10**6, {"a": {"b": {"c": {}}}}, "\ud800", None, 7])
def test_a_strangers_value_stands_in_a_sentence_on_one_line(value: object) -> None:
    assert len(brief(value)) < 200
    assert brief(value).isprintable()
