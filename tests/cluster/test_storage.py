"""Where shards lie, on a disk and in object storage: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.addresses import Address, place_named
from headstart.cluster.storage import checked_store, content_of, folder_in, names_in, put
from headstart.errors import MissingError, UserError
from models import names
from object_storage import ObjectStorage, nobody


@pytest.fixture(params=["disk", "objects"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Address:
    """A folder of shards, of each kind."""
    if request.param == "disk":
        return folder_in(tmp_path, "shards")
    storage: ObjectStorage = request.getfixturevalue("storage")
    bucket = "shards-" + "".join(letter for letter in tmp_path.name.lower() if letter.isalnum())
    storage.put(bucket, {})
    objects = folder_in(Address(f"s3://{bucket}/somewhere"), "shards")
    assert names_in(objects) == set()
    return objects


def test_what_was_put_is_there(folder: Path | Address) -> None:
    put(folder / "a.parquet", b"first")
    put(folder / "a.parquet", b"second")
    put(folder / "b.parquet", b"")
    assert content_of(folder / "a.parquet") == b"second"
    assert content_of(folder / "b.parquet") == b""
    assert names_in(folder) == {"a.parquet", "b.parquet"}


def test_what_is_not_there_has_no_content(folder: Path | Address) -> None:
    put(folder / "a.parquet", b"first")
    assert content_of(folder / "b.parquet") is None


def test_a_listing_is_one_request(storage: ObjectStorage) -> None:
    storage.put("one-listing", {f"shards/{number}.parquet": b"" for number in range(20)})
    before = storage.answered("GET /one-listing?")
    assert len(names_in(Address("s3://one-listing/shards"))) == 20
    assert storage.answered("GET /one-listing?") == before + 1


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", place_named(f"file://{tmp_path}/nowhere")):
        with pytest.raises(UserError, match=r"^--cluster-store .*nowhere isn't a folder"):
            checked_store(place)


def test_an_address_on_this_disk_is_a_folder(tmp_path: Path) -> None:
    assert checked_store(Address(f"file://{tmp_path}")) == tmp_path
    assert checked_store(Address("s3://bucket/a")) == Address("s3://bucket/a")


def test_a_folder_that_can_only_be_read_is_a_sentence(read_only: Path) -> None:
    with pytest.raises(MissingError, match=r"^--cluster-store .* can't be written: the system refuses"):
        folder_in(read_only, "shards")


def test_a_disk_that_is_full_leaves_nothing_and_keeps_what_was_there(tiny_disk: Path) -> None:
    put(tiny_disk / "a.parquet", b"whole")
    with pytest.raises(MissingError, match=r"^--cluster-store .* can't be written"):
        put(tiny_disk / "a.parquet", bytes(2**20))
    assert names(tiny_disk) == ["a.parquet"]
    assert content_of(tiny_disk / "a.parquet") == b"whole"


def test_a_bucket_that_is_not_there_is_a_sentence(storage: ObjectStorage) -> None:
    with pytest.raises(MissingError, match=r"^--cluster-store: s3://no-such-bucket/a can't be written"):
        put(Address("s3://no-such-bucket/a"), b"content")


def test_storage_that_cannot_be_reached_is_a_sentence() -> None:
    with nobody(), pytest.raises(MissingError, match=r"^--cluster-store: s3://nobodys/a can't be written"):
        put(Address("s3://nobodys/a"), b"content")
