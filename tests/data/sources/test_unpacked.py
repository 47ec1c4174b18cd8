"""Files unpacked under caps: what is written is counted, and what would be too much is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.data.sources import unpacked
from headstart.data.sources.unpacked import Unpacked
from headstart.errors import MissingError, UserError

DATA = Path("photos.zip")


def endless() -> Iterator[bytes]:
    while True:
        yield bytes(10**6)


def test_files_are_called_by_numbers_and_hold_what_came(tmp_path: Path) -> None:
    files = Unpacked(tmp_path, DATA, 1)
    assert [files.add(name, (b"a", b"bc")) for name in ("../../x", "x", "/etc/passwd")] == [
        "000000",
        "000001",
        "000002",
    ]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "000000": b"abc",
        "000001": b"abc",
        "000002": b"abc",
    }


def test_a_file_larger_than_any_picture_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "MOST_BYTES_OF_A_FILE", 2 * 10**6)
    with pytest.raises(UserError) as refused:
        Unpacked(tmp_path, DATA, 10**9).add("ant/film.mp4", endless())
    assert str(refused.value) == "photos.zip: ant/film.mp4 is larger than 2 MB, which no picture is; leave it out."


def test_too_much_of_all_together_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "MOST_BYTES", 2 * 10**9)
    files = Unpacked(tmp_path, DATA, 10**9)
    files._bytes = 2 * 10**9
    with pytest.raises(
        UserError, match=r"photos\.zip unpacks to more than 2 GB; unpack it yourself and name the folder"
    ):
        files.add("x", (b"a",))


def test_what_the_disk_has_no_room_for_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "SPARE_BYTES", 10**18)
    with pytest.raises(MissingError, match=r"free some, or set HEADSTART_CACHE to a folder on another disk\.$"):
        Unpacked(tmp_path, DATA, 10**9).add("x", (b"a",))


def test_what_unfolds_too_far_is_refused_as_a_zip_bomb(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"photos\.zip looks like a zip bomb: it unpacks to more than 200 times its si"):
        Unpacked(tmp_path, DATA, 10**5).add("x", endless())
    assert (tmp_path / "000000").stat().st_size == 100 * 10**6


@pytest.mark.parametrize(("packed", "length"), [(1, 100 * 10**6), (10**6, 200 * 10**6), (400 * 10**6, 63 * 10**9)])
def test_what_unfolds_far_but_not_too_far_is_taken(tmp_path: Path, packed: int, length: int) -> None:
    Unpacked(tmp_path, DATA, packed).check_ratio(length)


def test_the_caps_are_those_that_the_documents_name() -> None:
    assert unpacked.MOST_FILES == 1_000_000
    assert unpacked.MOST_BYTES_OF_A_FILE == 512 * 10**6
    assert unpacked.MOST_BYTES == 64 * 10**9
    assert unpacked.SPARE_BYTES == 10**9
