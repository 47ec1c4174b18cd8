"""From a folder on disk to records: what is a class, what is a picture, and what is skipped with which reason."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path

import pytest

from headstart.data.records import Dataset, Skipped
from headstart.data.sources import natural_key, read_folder
from headstart.errors import UserError
from pictures import encoded, picture, write_classes

TWO = {"ant": 1, "bee": 1}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one picture each of an ant and a bee."""
    return write_classes(tmp_path / "data", TWO)


def paths(dataset: Dataset) -> list[str]:
    return [r.path for r in dataset.records]


def put(path: Path, seed: int = 77) -> Path:
    """Write a picture to ``path``, and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(picture((9, 99, 199), seed=seed, size=(6, 4))))
    return path


# --- class folders --------------------------------------------------------------------------------------------


def test_each_sub_folder_is_a_class_and_each_file_in_it_a_picture(tmp_path: Path) -> None:
    dataset = read_folder(write_classes(tmp_path / "data", {"bee": 2, "ant": 1}))
    assert dataset.root == tmp_path / "data"
    assert dataset.classes == ("ant", "bee")
    assert [(r.path, r.label, r.part) for r in dataset.records] == [
        ("ant/00.png", "ant", None),
        ("bee/00.png", "bee", None),
        ("bee/01.png", "bee", None),
    ]
    assert dataset.skipped == ()


def test_a_picture_is_known_by_the_hash_of_its_content(root: Path) -> None:
    content = (root / "ant" / "00.png").read_bytes()
    assert read_folder(root).records[0].sha256 == hashlib.sha256(content).hexdigest()


def test_numbers_in_the_names_of_classes_are_sorted_by_value(tmp_path: Path) -> None:
    dataset = read_folder(write_classes(tmp_path / "data", {"10": 1, "2": 1, "1": 1, "b10": 1, "b9": 1, "B": 1}))
    assert dataset.classes == ("1", "2", "10", "B", "b9", "b10")


def test_numbers_in_the_names_of_files_and_folders_are_sorted_by_value(root: Path) -> None:
    for name in ("img10.png", "img2.png", "part10/x.png", "part9/x.png"):
        put(root / "ant" / name)
    assert paths(read_folder(root)) == [
        "ant/00.png",
        "ant/img2.png",
        "ant/img10.png",
        "ant/part9/x.png",
        "ant/part10/x.png",
        "bee/00.png",
    ]


@pytest.mark.parametrize(("first", "second"), [("2", "10"), ("a2b", "a10a"), ("9", "a"), ("a", "a1"), ("A", "a")])
def test_the_natural_order_puts_one_name_before_the_other(first: str, second: str) -> None:
    assert natural_key(first) < natural_key(second)


@pytest.mark.parametrize(("first", "second"), [("01", "1"), ("a007", "a7")])
def test_names_that_differ_only_in_leading_zeros_have_a_fixed_order(first: str, second: str) -> None:
    assert natural_key(first) != natural_key(second)


@pytest.mark.parametrize("name", ["", "²", "½", "٣", "Ⅷ", "1.5e3", "-4", "\udce9"])
def test_any_name_has_a_place_in_the_natural_order(name: str) -> None:
    assert natural_key(name) == natural_key(name)
    assert isinstance(natural_key(name) < natural_key("a1"), bool)


def test_pictures_in_nested_folders_belong_to_the_outermost(root: Path) -> None:
    put(root / "ant" / "2024" / "may" / "x.png")
    record = read_folder(root).records[1]
    assert (record.path, record.label) == ("ant/2024/may/x.png", "ant")


def test_a_class_may_be_a_link_to_a_folder_elsewhere(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "x.png")
    (root / "cow").symlink_to(tmp_path / "elsewhere")
    assert read_folder(root).classes == ("ant", "bee", "cow")


def test_a_picture_may_be_a_link_to_a_file_elsewhere(root: Path, tmp_path: Path) -> None:
    (root / "ant" / "link.png").symlink_to(put(tmp_path / "elsewhere.png"))
    assert paths(read_folder(root)) == ["ant/00.png", "ant/link.png", "bee/00.png"]


@pytest.mark.parametrize(
    "name", ["with space", "it's", 'a "quoted" one', "🐜", "line\nbreak", "-rf", "100%", "a\\b", "*"]
)
def test_odd_names_of_classes_and_files_are_taken_as_they_are(root: Path, name: str) -> None:
    put(root / name / f"{name}.png")
    dataset = read_folder(root)
    assert name in dataset.classes
    assert f"{name}/{name}.png" in paths(dataset)
    assert len(dataset.sha256) == 64


def test_a_class_folder_whose_name_is_no_utf_8_is_read_or_refused_in_a_sentence(root: Path) -> None:
    put(root / os.fsdecode(b"caf\xe9") / "x.png")
    assert len(read_folder(root).sha256) == 64


def test_two_spellings_of_one_name_in_unicode_are_one_class(root: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Käfer") for form in ("NFC", "NFD"))
    put(root / composed / "x.png", seed=1)
    put(root / decomposed / "x.png", seed=2)
    dataset = read_folder(root)
    assert dataset.classes == (composed, "ant", "bee")
    assert dataset.counts()[composed] == 2
    assert len(set(paths(dataset))) == 4


def test_the_folder_may_be_named_in_any_way(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert paths(read_folder(Path())) == ["ant/00.png", "bee/00.png"]
    assert paths(read_folder(Path("..") / "data")) == ["ant/00.png", "bee/00.png"]


# --- what is skipped ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [".DS_Store", "._00.png", ".hidden.png"])
@pytest.mark.parametrize("folder", ["", "ant/", "ant/2024/"])
def test_hidden_files_are_skipped(root: Path, folder: str, name: str) -> None:
    put(root / folder / name)
    dataset = read_folder(root)
    assert dataset.skipped == (Skipped(f"{folder}{name}", "hidden"),)
    assert len(dataset.records) == 2


@pytest.mark.parametrize("name", [".git", ".ipynb_checkpoints", "__MACOSX"])
@pytest.mark.parametrize("folder", ["", "ant/"])
def test_hidden_folders_are_skipped_with_all_that_they_hold(root: Path, folder: str, name: str) -> None:
    put(root / folder / name / "deep" / "x.png")
    dataset = read_folder(root)
    assert dataset.skipped == (Skipped(f"{folder}{name}", "hidden"),)
    assert len(dataset.records) == 2


@pytest.mark.parametrize("name", ["notes.txt", "beside.png"])
def test_files_beside_the_class_folders_are_skipped(root: Path, name: str) -> None:
    put(root / name)
    dataset = read_folder(root)
    assert dataset.skipped == (Skipped(name, "outside-class-folders"),)
    assert dataset.classes == ("ant", "bee")


def test_a_file_of_no_bytes_is_skipped(root: Path) -> None:
    (root / "ant" / "empty.png").touch()
    dataset = read_folder(root)
    assert dataset.skipped == (Skipped("ant/empty.png", "empty-file"),)
    assert dataset.counts() == TWO


@pytest.mark.parametrize("target", ["..", "../..", ".", "../../ant", "../../../data/ant/deep"])
def test_a_loop_of_links_is_told_and_left(root: Path, target: str) -> None:
    (root / "ant" / "deep").mkdir()
    (root / "ant" / "deep" / "loop").symlink_to(target)
    dataset = read_folder(root)
    assert dataset.skipped == (Skipped("ant/deep/loop", "link-loop"),)
    assert paths(dataset) == ["ant/00.png", "bee/00.png"]


def test_a_link_to_a_folder_around_the_data_does_not_bring_the_data_in_again(root: Path) -> None:
    (root / "ant" / "up").symlink_to("../..")
    dataset = read_folder(root)
    assert dataset.skipped == (Skipped("ant/up/data", "link-loop"),)
    assert paths(dataset) == ["ant/00.png", "bee/00.png"]


def test_a_folder_linked_twice_into_a_class_is_read_once(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "x.png")
    for name in ("one", "two"):
        (root / "ant" / name).symlink_to(tmp_path / "elsewhere")
    dataset = read_folder(root)
    assert paths(dataset) == ["ant/00.png", "ant/one/x.png", "bee/00.png"]
    assert dataset.skipped == (Skipped("ant/two", "link-loop"),)


def test_the_data_folder_as_a_class_of_itself_is_told_and_left(root: Path) -> None:
    (root / "all").symlink_to(root)
    dataset = read_folder(root)
    assert dataset.classes == ("ant", "bee")
    assert dataset.skipped == (Skipped("all", "link-loop"),)


@pytest.mark.parametrize("target", ["nowhere.png", "link.png"])
def test_a_link_that_leads_nowhere_is_skipped(root: Path, target: str) -> None:
    (root / "ant" / "link.png").symlink_to(target)
    dataset = read_folder(root)
    assert dataset.skipped == (Skipped("ant/link.png", "broken-link"),)
    assert dataset.counts() == TWO


@pytest.mark.parametrize("target", ["nowhere", "link"])
def test_a_link_that_leads_nowhere_beside_the_class_folders_is_skipped(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    assert [s.path for s in read_folder(root).skipped] == ["link"]


def test_a_pipe_is_skipped_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "ant" / "pipe.png")
    assert read_folder(root).skipped == (Skipped("ant/pipe.png", "not-a-file"),)


def test_a_device_is_skipped_and_not_read(root: Path) -> None:
    (root / "ant" / "zero.png").symlink_to("/dev/zero")
    assert read_folder(root).skipped == (Skipped("ant/zero.png", "not-a-file"),)


def test_a_class_folder_without_pictures_is_no_class(root: Path) -> None:
    (root / "cow").mkdir()
    (root / "dog").mkdir()
    (root / "dog" / "empty.png").touch()
    assert read_folder(root).classes == ("ant", "bee")


# --- what is refused ------------------------------------------------------------------------------------------


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none doesn't exist; name a folder with one sub-folder of pictures per class"):
        read_folder(tmp_path / "none")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"file is not a folder; name a folder with one sub-folder of pictures"):
        read_folder(put(tmp_path / "file"))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no pictures; it needs one sub-folder of pictures per class\.$"):
        read_folder(tmp_path)


def test_a_folder_of_pictures_without_class_folders_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "x.png")
    with pytest.raises(UserError, match=r"holds no pictures; it needs one sub-folder of pictures per class\.$"):
        read_folder(tmp_path)


def test_a_folder_of_empty_class_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no pictures"):
        read_folder(write_classes(tmp_path / "data", {"ant": 0, "bee": 0}))


def test_a_single_class_is_refused_by_its_name_and_without_a_hint(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 3})
    with pytest.raises(UserError) as refused:
        read_folder(root)
    assert str(refused.value) == (
        f"{root} holds one class only (ant); a classifier needs at least two sub-folders with pictures."
    )


def test_the_folder_above_the_class_folders_is_refused_with_a_hint_at_the_right_one(tmp_path: Path) -> None:
    write_classes(tmp_path / "download" / "animals", {"ant": 2, "bee": 2})
    with pytest.raises(UserError, match=r"holds one class only \(animals\).* Did you mean .*/download/animals\?$"):
        read_folder(tmp_path / "download")


def test_a_lone_train_folder_is_refused_with_a_hint_at_its_classes(tmp_path: Path) -> None:
    root = write_classes(tmp_path, {"train/ant": 2, "train/bee": 2})
    with pytest.raises(UserError, match=r"holds one class only \(train\).* Did you mean .*/train\?$"):
        read_folder(root)


def test_a_class_and_an_empty_folder_are_one_class(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds one class only \(ant\); .* with pictures\.$"):
        read_folder(write_classes(tmp_path / "data", {"ant": 3, "bee": 0}))


def test_a_single_class_is_enough_where_nothing_is_trained(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 3})
    assert read_folder(root, fewest_classes=1).classes == ("ant",)


# --- ready-made parts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
@pytest.mark.parametrize("val", ["val", "Valid", "validation"])
@pytest.mark.parametrize("test", ["test", "Testing"])
def test_train_val_and_test_folders_are_told_by_any_usual_name(tmp_path: Path, train: str, val: str, test: str) -> None:
    root = write_classes(tmp_path, {f"{part}/{label}": 1 for part in (train, val, test) for label in ("ant", "bee")})
    dataset = read_folder(root)
    assert dataset.classes == ("ant", "bee")
    assert {(r.path, r.label, r.part) for r in dataset.records} == {
        (f"{folder}/{label}/00.png", label, part)
        for folder, part in ((train, "train"), (val, "val"), (test, "test"))
        for label in ("ant", "bee")
    }


@pytest.mark.parametrize("other", ["val", "test"])
def test_two_parts_are_enough_if_one_is_train(tmp_path: Path, other: str) -> None:
    root = write_classes(tmp_path, {f"{part}/{label}": 1 for part in ("train", other) for label in ("ant", "bee")})
    assert {r.part for r in read_folder(root).records} == {"train", other}


@pytest.mark.parametrize("folders", [("train", "training", "test"), ("train", "val", "Validation"), ("train", "Train")])
def test_two_folders_for_one_part_are_refused_by_name(tmp_path: Path, folders: tuple[str, ...]) -> None:
    root = write_classes(tmp_path, {f"{part}/{label}": 1 for part in folders for label in ("ant", "bee")})
    with pytest.raises(UserError, match=r"has several folders for one part \(.*\); keep one of each\.$") as refused:
        read_folder(root)
    assert all(folder in str(refused.value) for folder in folders)


@pytest.mark.parametrize("names", [("cat", "test"), ("test", "val"), ("bus", "train", "tram"), ("test", "train", "x")])
def test_a_class_that_is_merely_called_like_a_part_is_a_class(tmp_path: Path, names: tuple[str, ...]) -> None:
    dataset = read_folder(write_classes(tmp_path, dict.fromkeys(names, 1)))
    assert dataset.classes == names
    assert {r.part for r in dataset.records} == {None}


def test_files_beside_the_classes_of_a_part_are_skipped_with_their_whole_path(tmp_path: Path) -> None:
    root = write_classes(tmp_path, {f"{part}/{label}": 1 for part in ("train", "test") for label in ("ant", "bee")})
    put(root / "train" / "beside.png")
    put(root / "test" / "ant" / ".hidden.png")
    dataset = read_folder(root)
    assert set(dataset.skipped) == {
        Skipped("train/beside.png", "outside-class-folders"),
        Skipped("test/ant/.hidden.png", "hidden"),
    }
    assert len(dataset.records) == 4


def test_pictures_beside_ready_made_parts_leave_them_parts(tmp_path: Path) -> None:
    root = write_classes(tmp_path, {f"{part}/{label}": 1 for part in ("train", "test") for label in ("ant", "bee")})
    put(root / "labels.csv")
    (root / ".cache").mkdir()
    assert read_folder(root).classes == ("ant", "bee")
