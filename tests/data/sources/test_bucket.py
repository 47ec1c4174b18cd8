"""Pictures in object storage are named as those in the same folder on a disk, whatever else lies in the bucket."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.data import remote
from headstart.data.records import Listed, Listing, Skipped
from headstart.data.remote import StoredObject
from headstart.data.sources import bucket, opened, require_classes
from headstart.data.sources.bucket import tree_of
from headstart.errors import MissingError, UserError
from headstart.progress import Entered, Event, silent
from object_storage import ObjectStorage
from pictures import write_classes

Read = Callable[[Path | Address], Listing]
ODD = ["2.png", "10.png", "a b.png", "ä.png", "a#1.png", "a%20b.png", "a?b.png", "a+b.png", ".hidden"]


def plain(listing: Listing) -> list[Listed]:
    """Return the pictures without their versions, which files on a disk don't have."""
    return [Listed(p.path, p.label, p.part, p.group, p.file) for p in listing.pictures]


def objects(*paths: str, size: int = 1) -> list[StoredObject]:
    return [StoredObject(path, size, f"v{number}") for number, path in enumerate(paths)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_classes(tmp_path / "data", {"class 2": 2, "class 10": 1})


# --- class folders --------------------------------------------------------------------------------------------


def test_a_bucket_is_listed_as_the_folder_that_was_put_there(storage: ObjectStorage, folder: Path, read: Read) -> None:
    for name in ODD:
        shutil.copy(folder / "class 2" / "00.png", folder / "class 2" / name)
    (folder / "readme.txt").touch()
    (folder / "class 10" / "deeper" / ".cache").mkdir(parents=True)
    (folder / "class 10" / "deeper" / ".cache" / "x").touch()
    (folder / "class 10" / "deeper" / "1.png").touch()
    here, there = read(folder), read(Address(storage.put_folder(folder, "same", "some/prefix")))
    assert plain(there) == list(here.pictures)
    assert (there.labels, sorted(map(str, there.skipped))) == (here.labels, sorted(map(str, here.skipped)))
    assert (there.root, there.name) == (Address("s3://same/some/prefix"), "s3://same/some/prefix")
    assert len({p.version for p in there.pictures}) == 4  # three drawn pictures and an empty file


@pytest.mark.parametrize("prefix", ["", "deep/er"])
def test_ready_made_parts_are_found_at_the_top(storage: ObjectStorage, tmp_path: Path, read: Read, prefix: str) -> None:
    data = write_classes(tmp_path, {f"{part}/{name}": 1 for part in ("train", "test") for name in ("ant", "bee")})
    here, there = read(data), read(Address(storage.put_folder(data, f"parts-{len(prefix)}", prefix) + "/"))
    assert plain(there) == list(here.pictures)
    assert {p.part for p in there.pictures} == {"train", "test"}


def test_a_name_that_merely_begins_like_the_prefix_is_another(storage: ObjectStorage, read: Read) -> None:
    storage.put("near", {"cats/ant/1.png": b"1", "cats2/bee/1.png": b"1"})
    assert plain(read(Address("s3://near/cats"))) == [Listed("ant/1.png", "ant")]


def test_markers_of_folders_are_no_files_but_may_be_empty_classes(storage: ObjectStorage, read: Read) -> None:
    storage.put("markers", {"x/": b"", "x/ant/": b"", "x/ant/1.png": b"1", "x/bee/": b""})
    listing = read(Address("s3://markers/x"))
    assert (plain(listing), listing.labels, listing.skipped) == ([Listed("ant/1.png", "ant")], ("ant", "bee"), ())


def test_every_object_is_a_picture_or_skipped_with_a_reason() -> None:
    tree = tree_of(objects("a//1.png", "a/1.png", "a/.b/2", "a/.b/1", "a/../x.png", "./y", "a/content/", "b//1.png"))
    assert tree.files == ["a/1.png", "b/1.png"]
    assert tree.numbers == {"b/1.png": "b//1.png"}
    assert tree.versions == {"a/1.png": "v1", "b/1.png": "v7"}
    assert sorted(map(str, tree.skipped)) == sorted(
        map(
            str,
            [
                Skipped("a/1.png", "listed-twice"),
                Skipped("a/.b", "hidden"),
                Skipped("a/../x.png", "not-a-file"),
                Skipped("./y", "not-a-file"),
                Skipped("a/content/", "not-a-file"),
            ],
        )
    )


def test_where_nothing_is_is_the_users_mistake(storage: ObjectStorage, read: Read) -> None:
    storage.put("nothing", {})
    for address in ("s3://nothing", "s3://nothing/x"):
        with pytest.raises(UserError, match=rf"^{address} holds nothing; is it spelt right\?$"):
            read(Address(address))


def test_what_was_probably_meant_is_named_by_its_address(storage: ObjectStorage, read: Read) -> None:
    storage.put("above", {"data/ant/1.png": b"1", "data/bee/1.png": b"1"})
    with pytest.raises(UserError, match=r"Did you mean s3://above/data\?$"):
        require_classes(read(Address("s3://above")), 2)


def test_listing_costs_one_request_and_no_scratch_folder(
    storage: ObjectStorage, folder: Path, nothing_left: None
) -> None:
    address = storage.put_folder(folder, "onerequest")
    before = storage.answered("")
    with opened(Address(address), silent) as listing:
        assert len(listing.pictures) == 3
    assert storage.answered("") == before + 1


# --- one object -----------------------------------------------------------------------------------------------


def content_of(listing: Listing) -> dict[str, bytes]:
    assert isinstance(listing.root, Path)
    return {p.path: (listing.root / (p.file or p.path)).read_bytes() for p in listing.pictures}


@pytest.mark.parametrize("name", ["pictures.zip", "pictures.tar.gz", "odd?#ä name.zip", ".zip", f"{'x' * 300}.zip"])
def test_an_archive_is_fetched_and_read_as_one_on_the_disk(
    storage: ObjectStorage, folder: Path, name: str, nothing_left: None
) -> None:
    form = "gztar" if name.endswith("gz") else "zip"
    archive = Path(shutil.make_archive(str(folder), form, folder))
    storage.put("archives", {f"x/{name}": archive.read_bytes()})
    with opened(archive, silent) as here, opened(Address("s3://archives/x") / name, silent) as there:
        assert (there.pictures, content_of(there)) == (here.pictures, content_of(here))


def test_a_parquet_file_is_fetched_and_read_as_one_on_the_disk(storage: ObjectStorage, read: Read) -> None:
    from pyarrow import Table, parquet

    stream = io.BytesIO()
    parquet.write_table(Table.from_pydict({"image": [b"1", b"2"], "label": ["ant", "bee"]}), stream)
    storage.put("parquet", {"x.parquet": stream.getvalue()})
    listing = read(Address("s3://parquet/x.parquet"))
    assert [(p.path, p.label) for p in listing.pictures] == [("row-000000", "ant"), ("row-000001", "bee")]
    assert list(content_of(listing).values()) == [b"1", b"2"]


def test_a_manifest_names_objects_beside_it_and_below_or_whole_addresses(
    storage: ObjectStorage, read: Read, nothing_left: None
) -> None:
    rows = ["1.png,ant", "below/2.png,bee", "s3://lists/x/3.png,ant", "below\\4.png,bee", "./1.png,cow", "none.png,ant"]
    names = ("1.png", "below/2.png", "3.png", "below/4.png")
    table = "\n".join(["path,label", *rows]).encode()
    storage.put("lists", {f"x/{name}": name.encode() for name in names} | {"x/list.csv": table})
    with opened(Address("s3://lists/x/list.csv"), silent) as listing:
        assert plain(listing) == [
            Listed("1.png", "ant"),
            Listed("below/2.png", "bee"),
            Listed("3.png", "ant"),
            Listed("below/4.png", "bee"),
            Listed("1.png", "cow"),
        ]
        assert (listing.root, listing.skipped) == (Address("s3://lists/x"), (Skipped("none.png", "missing-file"),))
        assert len({p.version for p in listing.pictures}) == 4


def test_a_manifest_that_names_nothing_is_refused_by_its_address(storage: ObjectStorage, read: Read) -> None:
    storage.put("lists", {"y/list.jsonl": b'{"path": "1.png", "label": "ant"}'})
    with pytest.raises(UserError, match=r"^s3://lists/y/list\.jsonl: none of the 1 files that it names exists"):
        read(Address("s3://lists/y/list.jsonl"))


def test_a_damaged_archive_is_named_by_its_address(storage: ObjectStorage, read: Read, cache: Path) -> None:
    storage.put("archives", {"damaged.zip": b"PK\3\4 and no more"})
    with pytest.raises(UserError, match=r"^s3://archives/damaged\.zip is damaged") as refused:
        read(Address("s3://archives/damaged.zip"))
    assert str(cache) not in str(refused.value)


def test_an_object_of_another_kind_is_refused_without_fetching_it(storage: ObjectStorage, read: Read) -> None:
    storage.put("archives", {"film.mp4": b"x"})
    before = storage.answered("GET /archives/film.mp4")
    with pytest.raises(UserError, match=r"^s3://archives/film\.mp4 is one object, and none that headstart reads; name"):
        read(Address("s3://archives/film.mp4"))
    assert storage.answered("GET /archives/film.mp4") == before


def test_an_object_that_is_too_large_is_refused_without_fetching_it(
    storage: ObjectStorage, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("archives", {"large.zip": bytes(1000)})
    before = storage.answered("GET /archives/large.zip")
    monkeypatch.setattr(bucket, "SPARE_BYTES", shutil.disk_usage("/").total)
    with pytest.raises(MissingError, match=r"^s3://archives/large\.zip has 0\.0 GB, for which the disk"):
        read(Address("s3://archives/large.zip"))
    monkeypatch.setattr(bucket, "MOST_BYTES", 999)
    with pytest.raises(UserError, match=r"^s3://archives/large\.zip has more than"):
        read(Address("s3://archives/large.zip"))
    assert storage.answered("GET /archives/large.zip") == before


def test_an_object_that_grows_while_it_is_fetched_is_refused(
    storage: ObjectStorage, read: Read, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    storage.put("archives", {"grows.zip": bytes(1000)})
    [before] = remote.stored_objects(Address("s3://archives/grows.zip"))
    storage.put("archives", {"grows.zip": bytes(1001)})
    monkeypatch.setattr(remote, "stored_objects", lambda address: [before])
    with pytest.raises(UserError, match=r"^s3://archives/grows\.zip changed while it was fetched"):
        read(Address("s3://archives/grows.zip"))


def test_what_is_done_is_told_by_names_that_may_be_shown(
    storage: ObjectStorage, read: Read, heard: list[Event], folder: Path
) -> None:
    read(Address(storage.put_folder(folder, "told", "x")))
    assert heard == [Entered("listing s3://told/x")]
