"""Chunks: every picture once, in the order of the data, under a key that changes with what would be in the shard."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.cluster.plan import chunk_size, chunks_of
from headstart.data.records import Listed, Listing
from headstart.errors import UserError

FINGERPRINT = "f" * 64


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    """Return 400 files of two classes."""
    pictures = []
    for number in range(400):
        (tmp_path / f"{number:03}.png").write_bytes(b"picture")
        pictures.append(Listed(f"{number:03}.png", "ant" if number < 200 else "bee"))
    return Listing(tmp_path, tuple(pictures), name="data")


def keys(listing: Listing, fingerprint: str = FINGERPRINT, size: int = 20) -> list[str]:
    return [chunk.key for chunk in chunks_of(listing, fingerprint, size)]


def other(listing: Listing, position: int, **changes: str) -> Listing:
    changed = replace(listing.pictures[position], **changes)
    return replace(listing, pictures=(*listing.pictures[:position], changed, *listing.pictures[position + 1 :]))


@pytest.mark.parametrize("size", [1, 4, 20, 1000])
def test_every_picture_is_in_one_chunk_and_they_follow_one_another(listing: Listing, size: int) -> None:
    chunks = chunks_of(listing, FINGERPRINT, size)
    assert [chunk.start for chunk in chunks] == [0, *(chunk.stop for chunk in chunks[:-1])]
    assert chunks[-1].stop == 400
    assert all(1 <= len(chunk) <= 2 * size for chunk in chunks)


def test_chunks_have_about_the_size_that_is_asked_for(listing: Listing) -> None:
    assert 15 <= 400 / len(chunks_of(listing, FINGERPRINT, 20)) <= 27


def test_the_same_listing_has_the_same_keys(listing: Listing) -> None:
    assert keys(listing) == keys(listing)
    assert len(set(keys(listing))) == len(keys(listing))


def test_another_extractor_has_other_keys(listing: Listing) -> None:
    assert not set(keys(listing)) & set(keys(listing, "0" * 64))


def test_a_picture_more_changes_no_chunk_but_its_own(listing: Listing) -> None:
    (Path(str(listing.root)) / "more.png").write_bytes(b"picture")
    more = replace(listing, pictures=(*listing.pictures[:37], Listed("more.png", "ant"), *listing.pictures[37:]))
    assert len(set(keys(listing)) - set(keys(more))) <= 2


@pytest.mark.parametrize("change", [{"label": "cow"}, {"path": "001.png"}, {"version": "another"}])
def test_another_label_path_or_version_is_another_key(listing: Listing, change: dict[str, str]) -> None:
    assert len(set(keys(listing)) - set(keys(other(listing, 200, **change)))) >= 1


def test_a_file_that_was_written_again_is_another_key(listing: Listing) -> None:
    before = keys(listing)
    file = Path(str(listing.root)) / "200.png"
    os.utime(file, ns=(0, 0))
    touched = keys(listing)
    file.write_bytes(b"another picture")
    os.utime(file, ns=(0, 0))
    assert len(set(before) - set(touched)) == len(set(touched) - set(keys(listing))) == 1


def test_a_file_that_is_gone_has_a_key_too(listing: Listing) -> None:
    before = keys(listing)
    (Path(str(listing.root)) / "200.png").unlink()
    assert len(set(before) - set(keys(listing))) == 1


def test_names_that_are_no_unicode_have_keys(tmp_path: Path) -> None:
    listing = Listing(tmp_path, (Listed("\udcff.png", "\udcff"), Listed("a.png", "a")))
    assert len(keys(listing)) == 1


def test_objects_are_known_by_their_version() -> None:
    listing = Listing(Address("s3://bucket/data"), (Listed("a.png", "a", version="1"),), name="data")
    assert keys(listing) != keys(other(listing, 0, version="2"))


def test_objects_without_a_version_are_refused() -> None:
    listing = Listing(Address("memory://data"), (Listed("a.png", "a"),), name="data")
    with pytest.raises(UserError, match=r"^memory://data/a\.png: this storage keeps no mark"):
        keys(listing)


def test_pictures_that_were_unpacked_on_this_machine_alone_are_refused(cache: Path) -> None:
    listing = Listing(cache / "tmp" / "unpacked", (Listed("a.png", "a"),), name="pictures.zip")
    with pytest.raises(UserError, match=r"^pictures\.zip: .* unpack them to a folder that all nodes share"):
        keys(listing)


def test_the_vectors_of_a_chunk_take_a_bounded_amount_of_memory() -> None:
    assert chunk_size(4 * 1280) == 256
    assert chunk_size(2**20) == 64
    assert chunk_size(2**30) == 4
