"""Which pictures arguments name, and in which order; what is passed over is told."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.errors import UserError
from headstart.jobs.predicting.named import asked_for, listing_of, pictures_in
from headstart.progress import Event, silent
from models import sentences
from object_storage import ObjectStorage


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files in folders."""
    for path in ("s/10.jpg", "s/2.jpg", "s/b/1.jpg", "s/a 10/1.jpg", "s/a 2/1.jpg", "s/.hidden.jpg", "s/.git/x.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "s" / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paths(*images: str | Path | Address, but: tuple[Path, ...] = ()) -> list[str]:
    """Return what is named, after looking that it is counted rightly and named again in the same order."""
    places = [Path(image) if isinstance(image, str) else image for image in images]
    with asked_for(places, silent, but=but) as asked:
        found = [each.path for each in asked.pictures()]
        assert [each.path for each in asked.pictures()] == found
        assert asked.count == len(found)
    return found


ALL = ["s/2.jpg", "s/10.jpg", "s/a 2/1.jpg", "s/a 10/1.jpg", "s/b/1.jpg"]


def test_a_folder_names_what_is_in_and_below_it_numbers_by_value_and_nothing_hidden(here: Path) -> None:
    assert paths("s") == ALL
    assert paths(here / "s") == [f"{here.as_posix()}/{path}" for path in ALL]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("s/*.jpg", ALL[:2]),
        ("s/**", ALL),
        ("s/**/1.jpg", ALL[2:]),
        ("s/a*/?.jpg", ALL[2:4]),
        ("s/[!1]*", ALL[:1]),
        ("*/.h*", ["s/.hidden.jpg"]),
    ],
)
def test_a_pattern_names_files_in_the_same_order(here: Path, pattern: str, found: list[str]) -> None:
    assert paths(pattern) == found


def test_a_name_that_exists_comes_before_what_it_would_mean_as_a_pattern(here: Path) -> None:
    (here / "[ab].jpg").touch()
    (here / "a.jpg").touch()
    (here / "s*").mkdir()
    (here / "s*" / "1.jpg").touch()
    assert paths("[ab].jpg") == ["[ab].jpg"]
    assert paths("s*") == ["s*/1.jpg"]
    assert paths("[a].jpg") == ["a.jpg"]


def test_files_are_named_as_often_as_they_are_given_even_if_they_are_not_there(here: Path) -> None:
    assert paths("s/2.jpg", "nowhere.jpg", "s/b", "s/2.jpg") == ["s/2.jpg", "nowhere.jpg", "s/b/1.jpg", "s/2.jpg"]


def test_odd_names_are_what_they_are(here: Path) -> None:
    names = ["-x", 'a\n"b"', "=1+1", os.fsdecode(b"\xff")]
    for name in names:
        (here / "s" / "b" / name).touch()
    assert sorted(paths("s/b")) == sorted(["s/b/1.jpg", *(f"s/b/{name}" for name in names)])


@pytest.mark.parametrize("image", ["s/empty", "nothing*", "s/empty/*", "s/e*"])
def test_a_folder_or_pattern_without_a_file_is_refused(here: Path, image: str) -> None:
    with pytest.raises(UserError, match=r"names no picture; is it spelt right\?"):
        paths("s/2.jpg", image)


def test_what_is_being_written_is_no_picture(here: Path) -> None:
    (here / "s" / "rows.csv").touch()
    (here / "s" / "b" / "rows.csv").touch()
    but = ((here / "s" / "rows.csv").resolve(),)
    assert paths("s", but=but) == [*ALL, "s/b/rows.csv"]
    assert paths("s/**", but=but) == [*ALL, "s/b/rows.csv"]


def test_links_are_followed_once_and_what_is_passed_over_is_told_once(here: Path) -> None:
    (here / "s" / "loop").symlink_to(here / "s")
    (here / "s" / "broken").symlink_to(here / "nowhere")
    events: list[Event] = []
    with asked_for([Path("s")], events.append) as asked:
        assert [each.path for each in asked.pictures()] == ALL
    assert sentences(events) == ("Warning: Skipped 2 files (1 broken-link, 1 link-loop): broken, loop.",)


def test_an_archive_names_its_members_and_what_is_unpacked_goes_away(here: Path) -> None:
    with zipfile.ZipFile("all.zip", "w") as target:
        target.writestr("2/b.jpg", b"b")
        target.writestr("a.jpg", b"a")
        target.writestr(".hidden", b"h")
    with asked_for([Path("all.zip"), Path("s/2.jpg")], silent) as asked:
        pictures = list(asked.pictures())
        assert [each.path for each in pictures] == ["all.zip/a.jpg", "all.zip/2/b.jpg", "s/2.jpg"]
        unpacked = [each.file for each in pictures[:2] if isinstance(each.file, Path)]
        assert [file.read_bytes() for file in unpacked] == [b"a", b"b"]
    assert not any(file.exists() for file in unpacked)


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl", "list.TSV", "data.parquet"])
def test_a_list_is_refused_and_standard_input_named_unless_it_is_one_of_several_files(here: Path, name: str) -> None:
    (here / name).write_text("path,label\n")
    with pytest.raises(UserError, match=r"is a list, and which of its columns .* headstart predict MODEL - < PATHS"):
        paths(name)
    assert paths("s/2.jpg", name) == ["s/2.jpg", name]


def test_an_address_names_the_object_or_what_lies_below(storage: ObjectStorage) -> None:
    storage.put("named", dict.fromkeys(("s/2.jpg", "s/10.jpg", "s/b/1.jpg", "s/.hidden"), b"x"))
    below = [f"s3://named/s/{key}" for key in ("2.jpg", "10.jpg", "b/1.jpg")]
    assert paths(Address("s3://named/s")) == below
    assert paths(Address("s3://named/s/b/1.jpg")) == below[2:]


def test_a_listing_names_pictures_as_they_are_named_without_a_cluster(here: Path) -> None:
    listing = listing_of(Path("s"), silent)
    assert [each.path for each in pictures_in(listing, Path("s"))] == ALL
    assert [each.file for each in pictures_in(listing, Path("s"))] == [here / path for path in ALL]
    for image in ("s/2.jpg", "s/*.jpg", "nowhere"):
        with pytest.raises(UserError, match="is no folder; --on ray reads the pictures of one folder or address"):
            listing_of(Path(image), silent)
    with pytest.raises(UserError, match="names no picture"):
        listing_of(Path("s/empty"), silent)
