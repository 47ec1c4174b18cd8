"""Manifests on disk: where their paths lead, how they are shown, and what is missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from headstart.data.records import Listed, Listing, Skipped
from headstart.errors import UserError
from pictures import write_classes

Read = Callable[[Path], Listing]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pictures of ants and one of a bee, beside which manifests are written."""
    return write_classes(tmp_path / "data", {"ant": 2, "bee": 1})


def manifest(folder: Path, *rows: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    return path


def test_paths_are_relative_to_the_folder_of_the_manifest_and_in_the_order_of_its_rows(
    folder: Path, read: Read
) -> None:
    listing = read(manifest(folder, "bee/00.png,bee", "ant/00.png,ant"))
    assert listing.root == folder
    assert listing.pictures == (Listed("bee/00.png", "bee"), Listed("ant/00.png", "ant"))
    assert listing.labels == ("ant", "bee")


@pytest.mark.parametrize("name", ["labels.tsv", "LABELS.CSV"])
def test_a_manifest_is_known_by_its_suffix(folder: Path, name: str, read: Read) -> None:
    data = manifest(folder, "ant/00.png,ant").rename(folder / name)
    assert len(read(data).pictures) == 1


def test_split_and_group_are_taken_over(folder: Path, read: Read) -> None:
    (folder / "labels.jsonl").write_text('{"path": "ant/00.png", "label": 7, "split": "Valid", "group": "p1"}')
    assert read(folder / "labels.jsonl").pictures == (Listed("ant/00.png", "7", "val", "p1"),)


def test_the_manifest_may_be_named_from_its_own_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    manifest(folder, "ant/00.png,ant")
    monkeypatch.chdir(folder)
    assert [p.path for p in read(Path("labels.csv")).pictures] == ["ant/00.png"]


@pytest.mark.parametrize("written", ["../data/ant/00.png", "{folder}/ant/00.png", "./bee//../ant/00.png"])
def test_paths_may_lead_anywhere_and_are_shown_relative_to_the_manifest(
    folder: Path, tmp_path: Path, written: str, read: Read
) -> None:
    place = tmp_path / "tables"
    (place / "bee").mkdir(parents=True)
    (place / "ant").symlink_to(folder / "ant")
    listing = read(manifest(place, f"{written.format(folder=folder)},ant"))
    (picture,) = listing.pictures
    assert picture.path in {"../data/ant/00.png", "ant/00.png"}
    assert (listing.folder / (picture.file or picture.path)).read_bytes() == (folder / "ant/00.png").read_bytes()


def test_leaving_a_linked_folder_by_dots_leads_where_the_system_says(folder: Path, tmp_path: Path, read: Read) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "link").symlink_to(folder / "bee")
    listing = read(manifest(tmp_path / "tables", "link/../ant/00.png,ant"))
    (picture,) = listing.pictures
    assert (listing.folder / (picture.file or picture.path)).is_file()


def test_paths_written_on_windows_are_accepted_and_shown_with_forward_slashes(folder: Path, read: Read) -> None:
    assert read(manifest(folder, "ant\\00.png,ant")).pictures == (Listed("ant/00.png", "ant"),)


def test_a_file_whose_name_holds_a_backslash_comes_first(folder: Path, read: Read) -> None:
    (folder / "ant\\00.png").touch()
    assert read(manifest(folder, "ant\\00.png,ant")).pictures == (Listed("ant\\00.png", "ant"),)


def test_one_file_by_two_spellings_is_listed_once(folder: Path, read: Read) -> None:
    listing = read(manifest(folder, "ant/00.png,ant", "./ant/00.png,ant", "ant/00.png,bee"))
    assert [(p.path, p.label) for p in listing.pictures] == [("ant/00.png", "ant"), ("ant/00.png", "bee")]
    assert listing.skipped == (Skipped("ant/00.png", "listed-twice"),)


def test_a_link_to_a_picture_is_one_and_a_link_to_nothing_is_missing(folder: Path, read: Read) -> None:
    (folder / "good.png").symlink_to("ant/00.png")
    (folder / "bad.png").symlink_to("nowhere.png")
    listing = read(manifest(folder, "good.png,ant", "bad.png,ant"))
    assert [p.path for p in listing.pictures] == ["good.png"]
    assert listing.skipped == (Skipped("bad.png", "missing-file"),)


def test_folders_and_pipes_are_no_pictures_and_are_not_waited_for(folder: Path, read: Read) -> None:
    os.mkfifo(folder / "pipe.png")
    listing = read(manifest(folder, "ant,ant", "pipe.png,ant", "/dev/zero,ant", "ant/00.png,ant"))
    assert [s.reason for s in listing.skipped] == ["not-a-file"] * 3
    assert len(listing.pictures) == 1


@pytest.mark.parametrize("name", ["nowhere.png", "ant/00.png/x", "a\0b.png", "n" * 5000, "ant\\nowhere.png"])
def test_a_row_whose_file_does_not_exist_is_skipped_by_the_name_in_the_row(folder: Path, name: str, read: Read) -> None:
    listing = read(manifest(folder, f"{name},cow", "ant/00.png,ant"))
    assert listing.skipped == (Skipped(name, "missing-file"),)
    assert listing.labels == ("ant", "cow")


def test_no_document_names_the_folders_of_this_machine(folder: Path, tmp_path: Path, read: Read) -> None:
    rows = [f"{tmp_path}/gone.png,ant", f"{tmp_path}/data,ant", f"{tmp_path}/unlabelled.png,", f"{folder}/ant/00.png,a"]
    listing = read(manifest(folder, *rows))
    shown = [p.path for p in listing.pictures] + [s.path for s in listing.skipped]
    assert shown == ["ant/00.png", "../gone.png", ".", "../unlabelled.png"]


def test_a_manifest_that_points_at_missing_files_tells_how_many_and_the_first_three(folder: Path, read: Read) -> None:
    data = manifest(folder, *(f"images/{i}.png,ant" for i in range(5)))
    with pytest.raises(UserError) as refused:
        read(data)
    assert str(refused.value) == (
        f"{data}: none of the 5 files that it names exists (images/0.png, images/1.png, images/2.png, …); paths are "
        "relative to the folder that the manifest lies in."
    )


def test_a_manifest_that_cannot_be_read_is_refused_by_its_name(folder: Path, read: Read) -> None:
    (folder / "labels.csv").write_text("file,class\n")
    with pytest.raises(UserError, match=r"data/labels\.csv has no column path; it has file, class\."):
        read(folder / "labels.csv")
