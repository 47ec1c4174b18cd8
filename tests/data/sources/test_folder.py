"""A folder on disk: what is a class, what is a picture, and what is skipped with which reason."""

from __future__ import annotations

import os
import socket
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from headstart.data.records import Listing, Skipped
from headstart.errors import UserError
from pictures import encoded, picture, write_classes

Read = Callable[[Path], Listing]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one picture each of an ant and a bee."""
    return write_classes(tmp_path / "data", {"ant": 1, "bee": 1})


def paths(listing: Listing) -> list[str]:
    return [p.path for p in listing.pictures]


def put(path: Path) -> Path:
    """Write a picture to ``path``, and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(picture((9, 99, 199), seed=77, size=(6, 4))))
    return path


# --- class folders --------------------------------------------------------------------------------------------


def test_pictures_are_named_class_by_class_and_numbers_in_names_come_by_value(root: Path, read: Read) -> None:
    for name in ("img10.png", "img2.png", "part10/x.png", "part9/x.png"):
        put(root / "ant" / name)
    listing = read(root)
    assert listing.root == root
    assert listing.labels == ("ant", "bee")
    assert listing.skipped == ()
    assert paths(listing) == [
        "ant/00.png",
        "ant/img2.png",
        "ant/img10.png",
        "ant/part9/x.png",
        "ant/part10/x.png",
        "bee/00.png",
    ]


def test_numbers_in_the_names_of_classes_are_sorted_by_value(tmp_path: Path, read: Read) -> None:
    listing = read(write_classes(tmp_path / "data", {"10": 1, "2": 1, "1": 1, "b10": 1, "b9": 1, "B": 1}))
    assert listing.labels == ("1", "2", "10", "B", "b9", "b10")


def test_pictures_in_nested_folders_belong_to_the_outermost(root: Path, read: Read) -> None:
    put(root / "ant" / "2024" / "may" / "x.png")
    assert [(p.path, p.label) for p in read(root).pictures][1] == ("ant/2024/may/x.png", "ant")


def test_ready_made_parts_are_read_as_such(tmp_path: Path, read: Read) -> None:
    root = write_classes(tmp_path, {f"{part}/{label}": 1 for part in ("Train", "valid") for label in ("ant", "bee")})
    assert [(p.path, p.label, p.part) for p in read(root).pictures] == [
        ("Train/ant/00.png", "ant", "train"),
        ("Train/bee/00.png", "bee", "train"),
        ("valid/ant/00.png", "ant", "val"),
        ("valid/bee/00.png", "bee", "val"),
    ]


def test_a_class_folder_without_a_file_is_declared(root: Path, read: Read) -> None:
    (root / "cow" / "deep").mkdir(parents=True)
    assert read(root).labels == ("ant", "bee", "cow")


def test_a_class_may_be_a_link_to_a_folder_elsewhere(root: Path, tmp_path: Path, read: Read) -> None:
    put(tmp_path / "elsewhere" / "x.png")
    (root / "cow").symlink_to(tmp_path / "elsewhere")
    assert paths(read(root)) == ["ant/00.png", "bee/00.png", "cow/x.png"]


def test_two_classes_may_be_links_to_one_folder(root: Path, tmp_path: Path, read: Read) -> None:
    put(tmp_path / "elsewhere" / "x.png")
    for name in ("cow", "dog"):
        (root / name).symlink_to(tmp_path / "elsewhere")
    assert paths(read(root)) == ["ant/00.png", "bee/00.png", "cow/x.png", "dog/x.png"]


def test_a_picture_may_be_a_link_to_a_file_elsewhere(root: Path, tmp_path: Path, read: Read) -> None:
    (root / "ant" / "link.png").symlink_to(put(tmp_path / "elsewhere.png"))
    assert paths(read(root)) == ["ant/00.png", "ant/link.png", "bee/00.png"]


@pytest.mark.parametrize(
    "name", ["with space", "it's", 'a "quoted" one', "🐜", "line\nbreak", "-rf", "100%", "a\\b", "*"]
)
def test_odd_names_of_classes_and_files_are_taken_as_they_are(root: Path, name: str, read: Read) -> None:
    put(root / name / f"{name}.png")
    listing = read(root)
    assert name in listing.labels
    assert f"{name}/{name}.png" in paths(listing)


def test_a_name_that_is_no_utf_8_leads_to_its_file(root: Path, read: Read) -> None:
    put(root / os.fsdecode(b"caf\xe9") / "x.png")
    listing = read(root)
    assert listing.labels == ("ant", "bee", "caf\udce9")
    assert (root / listing.pictures[-1].path).is_file()


def test_two_spellings_of_one_name_in_unicode_are_one_class(root: Path, read: Read) -> None:
    one, two = (unicodedata.normalize(form, "Käfer") for form in ("NFC", "NFD"))
    put(root / one / "x.png")
    put(root / two / "x.png")
    listing = read(root)
    assert listing.labels == (one, "ant", "bee")
    assert {f"{one}/x.png", f"{two}/x.png"} < set(paths(listing))


def test_the_folder_may_be_named_in_any_way(root: Path, monkeypatch: pytest.MonkeyPatch, read: Read) -> None:
    monkeypatch.chdir(root)
    assert paths(read(Path())) == ["ant/00.png", "bee/00.png"]
    assert paths(read(Path("..") / "data")) == ["ant/00.png", "bee/00.png"]


def test_no_file_is_opened(root: Path, read: Read) -> None:
    (root / "ant" / "empty.png").touch()
    (root / "ant" / "forbidden.png").touch(mode=0)
    assert {"ant/empty.png", "ant/forbidden.png"} < set(paths(read(root)))


def test_a_thousand_classes_are_read_in_their_order(tmp_path: Path, read: Read) -> None:
    for number in range(1000):
        (tmp_path / f"{number}").mkdir()
    (tmp_path / "999" / "x.png").touch()
    listing = read(tmp_path)
    assert listing.labels == tuple(f"{number}" for number in range(1000))
    assert paths(listing) == ["999/x.png"]


# --- what is skipped ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".DS_Store", "._00.png", ".hidden.png"])
@pytest.mark.parametrize("folder", ["", "ant/", "ant/2024/"])
def test_hidden_files_are_skipped(root: Path, folder: str, name: str, read: Read) -> None:
    put(root / folder / name)
    assert read(root).skipped == (Skipped(f"{folder}{name}", "hidden"),)


@pytest.mark.parametrize("name", [".git", ".ipynb_checkpoints", "__MACOSX"])
@pytest.mark.parametrize("folder", ["", "ant/"])
def test_hidden_folders_are_skipped_with_all_that_they_hold(root: Path, folder: str, name: str, read: Read) -> None:
    put(root / folder / name / "deep" / "x.png")
    listing = read(root)
    assert listing.skipped == (Skipped(f"{folder}{name}", "hidden"),)
    assert len(listing.pictures) == 2


@pytest.mark.parametrize("name", ["notes.txt", "beside.png"])
def test_files_beside_the_class_folders_are_skipped(root: Path, name: str, read: Read) -> None:
    put(root / name)
    assert read(root).skipped == (Skipped(name, "outside-class-folders"),)


def test_the_report_of_a_cleaned_copy_is_passed_over_silently(root: Path, read: Read) -> None:
    (root / "headstart-fix.json").touch()
    assert read(root).skipped == ()


@pytest.mark.parametrize("target", ["..", "../..", ".", "../../ant", "../../../data/ant/deep"])
def test_a_loop_of_links_is_told_and_left(root: Path, target: str, read: Read) -> None:
    (root / "ant" / "deep").mkdir()
    (root / "ant" / "deep" / "loop").symlink_to(target)
    listing = read(root)
    assert listing.skipped == (Skipped("ant/deep/loop", "link-loop"),)
    assert paths(listing) == ["ant/00.png", "bee/00.png"]


def test_a_link_to_a_folder_around_the_data_does_not_bring_the_data_in_again(root: Path, read: Read) -> None:
    (root / "ant" / "up").symlink_to("../..")
    listing = read(root)
    assert listing.skipped == (Skipped("ant/up/data", "link-loop"),)
    assert paths(listing) == ["ant/00.png", "bee/00.png"]


def test_a_link_to_a_part_does_not_bring_other_classes_in(tmp_path: Path, read: Read) -> None:
    root = write_classes(tmp_path, {f"{part}/{label}": 1 for part in ("train", "test") for label in ("ant", "bee")})
    (root / "train" / "ant" / "up").symlink_to("..")
    listing = read(root)
    assert listing.skipped == (Skipped("train/ant/up", "link-loop"),)
    assert len(listing.pictures) == 4


def test_a_folder_linked_twice_into_a_class_is_read_once(root: Path, tmp_path: Path, read: Read) -> None:
    put(tmp_path / "elsewhere" / "x.png")
    for name in ("one", "two"):
        (root / "ant" / name).symlink_to(tmp_path / "elsewhere")
    listing = read(root)
    assert paths(listing) == ["ant/00.png", "ant/one/x.png", "bee/00.png"]
    assert listing.skipped == (Skipped("ant/two", "link-loop"),)


def test_a_folder_linked_into_two_classes_is_read_for_both(root: Path, tmp_path: Path, read: Read) -> None:
    put(tmp_path / "elsewhere" / "x.png")
    for name in ("ant", "bee"):
        (root / name / "more").symlink_to(tmp_path / "elsewhere")
    listing = read(root)
    assert paths(listing) == ["ant/00.png", "ant/more/x.png", "bee/00.png", "bee/more/x.png"]
    assert listing.skipped == ()


def test_the_data_folder_as_a_class_of_itself_is_told_and_left(root: Path, read: Read) -> None:
    (root / "all").symlink_to(root)
    listing = read(root)
    assert listing.labels == ("ant", "bee")
    assert listing.skipped == (Skipped("all", "link-loop"),)


@pytest.mark.parametrize("folder", ["", "ant/"])
@pytest.mark.parametrize("target", ["nowhere.png", "link.png"])
def test_a_link_that_leads_nowhere_or_to_itself_is_skipped(root: Path, folder: str, target: str, read: Read) -> None:
    (root / folder / "link.png").symlink_to(target)
    assert read(root).skipped == (Skipped(f"{folder}link.png", "broken-link"),)


def test_a_pipe_is_skipped_and_not_waited_for(root: Path, read: Read) -> None:
    os.mkfifo(root / "ant" / "pipe.png")
    assert read(root).skipped == (Skipped("ant/pipe.png", "not-a-file"),)


def test_a_socket_is_skipped(root: Path, monkeypatch: pytest.MonkeyPatch, read: Read) -> None:
    monkeypatch.chdir(root)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("ant/socket.png")
        assert read(root).skipped == (Skipped("ant/socket.png", "not-a-file"),)


def test_a_device_is_skipped_and_not_read(root: Path, read: Read) -> None:
    (root / "ant" / "zero.png").symlink_to("/dev/zero")
    assert read(root).skipped == (Skipped("ant/zero.png", "not-a-file"),)


def test_a_folder_that_cannot_be_listed_is_told(root: Path, read: Read) -> None:
    name = "n" * 250
    place = os.open(root / "ant", os.O_RDONLY)
    for _ in range(20):  # until the path is longer than the system takes
        os.mkdir(name, dir_fd=place)
        inner = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    (told,) = read(root).skipped
    assert (told.path.split("/")[0], told.reason) == ("ant", "unreadable")


# --- what is refused ------------------------------------------------------------------------------------------


def test_two_folders_for_one_part_are_refused_by_name(tmp_path: Path, read: Read) -> None:
    root = write_classes(tmp_path, {f"{part}/ant": 1 for part in ("train", "training", "test")})
    with pytest.raises(UserError, match=r"several folders for one part \(test, train, training\); keep one of each"):
        read(root)
