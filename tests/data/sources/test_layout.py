"""Paths to pictures of classes: class folders, ready-made parts, what lies beside them, and a top further down."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from headstart.data.records import Listed, Skipped
from headstart.data.sources.layout import Layout, Tree, listing_of, ready_made_parts
from headstart.errors import UserError

ROOT = Path("data")
PARTS = {"train": "train", "test": "test"}


def test_each_folder_at_the_top_is_a_class_and_each_file_in_it_a_picture() -> None:
    tree = Tree(["ant/1.png", "ant/2024/may/x.png", "bee/1.png"], ["ant", "ant/2024", "ant/2024/may", "bee"], [])
    listing = listing_of(ROOT, tree, Layout({}))
    assert listing.root == ROOT
    assert listing.labels == ("ant", "bee")
    assert listing.skipped == ()
    assert listing.pictures == (
        Listed("ant/1.png", "ant"),
        Listed("ant/2024/may/x.png", "ant"),
        Listed("bee/1.png", "bee"),
    )


def test_each_folder_of_a_part_is_a_class() -> None:
    tree = Tree(["train/ant/1.png", "test/ant/a/b.png", "test/bee/1.png"], [], [])
    listing = listing_of(ROOT, tree, Layout(PARTS))
    assert [(p.label, p.part) for p in listing.pictures] == [("ant", "train"), ("ant", "test"), ("bee", "test")]


def test_ten_thousand_classes_are_declared_in_their_order() -> None:
    names = [f"{number}" for number in range(10_000)]
    listing = listing_of(ROOT, Tree([f"{name}/x.png" for name in names], sorted(names), []), Layout({}))
    assert listing.labels == tuple(names)
    assert len(listing.pictures) == 10_000


def test_files_beside_the_class_folders_are_skipped() -> None:
    listing = listing_of(ROOT, Tree(["notes.txt", "ant/1.png"], [], []), Layout({}))
    assert listing.skipped == (Skipped("notes.txt", "outside-class-folders"),)


def test_files_beside_parts_and_beside_their_classes_are_skipped() -> None:
    listing = listing_of(ROOT, Tree(["x.png", "train/x.png", "train/ant/1.png"], [], []), Layout(PARTS))
    assert [s.path for s in listing.skipped] == ["x.png", "train/x.png"]
    assert len(listing.pictures) == 1


def test_an_empty_class_folder_is_declared_and_its_sub_folders_are_not() -> None:
    tree = Tree(["ant/1.png"], ["cow", "cow/inner", "ant", "10", "9"], [])
    assert listing_of(ROOT, tree, Layout({})).labels == ("9", "10", "ant", "cow")


def test_an_empty_class_folder_of_a_part_is_declared() -> None:
    tree = Tree([], ["train", "train/ant", "test", "test/bee"], [])
    assert listing_of(ROOT, tree, Layout(PARTS)).labels == ("ant", "bee")


def test_two_spellings_of_one_name_in_unicode_are_one_class() -> None:
    one, two = (unicodedata.normalize(form, "Käfer") for form in ("NFC", "NFD"))
    listing = listing_of(ROOT, Tree([f"{one}/1.png", f"{two}/1.png"], [one, two], []), Layout({}))
    assert {p.label for p in listing.pictures} == {one}
    assert listing.labels == (one,)
    assert [p.path for p in listing.pictures] == [f"{one}/1.png", f"{two}/1.png"]


def test_our_own_report_at_the_top_is_passed_over_silently_and_elsewhere_it_is_a_file() -> None:
    tree = Tree(["headstart-fix.json", "ant/headstart-fix.json"], [], [])
    listing = listing_of(ROOT, tree, Layout({}))
    assert listing.skipped == ()
    assert [p.path for p in listing.pictures] == ["ant/headstart-fix.json"]


def test_a_top_further_down_leaves_paths_whole_and_skips_what_lies_beside_it() -> None:
    tree = Tree(["animals/ant/1.png", "other/ant/1.png", "animals/headstart-fix.json"], ["animals", "animals/cow"], [])
    listing = listing_of(ROOT, tree, Layout({}, "animals/"))
    assert listing.pictures == (Listed("animals/ant/1.png", "ant"),)
    assert listing.labels == ("ant", "cow")
    assert listing.skipped == (Skipped("other/ant/1.png", "outside-class-folders"),)


def test_what_was_passed_over_before_stays_told_and_unpacked_files_are_known_by_number() -> None:
    tree = Tree(["ant/1.png"], [], [Skipped("link", "link-in-archive")], {"ant/1.png": "000007"})
    listing = listing_of(ROOT, tree, Layout({}))
    assert listing.skipped == (Skipped("link", "link-in-archive"),)
    assert listing.pictures == (Listed("ant/1.png", "ant", file="000007"),)


@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
@pytest.mark.parametrize("val", ["val", "Valid", "validation"])
@pytest.mark.parametrize("test", ["test", "Testing"])
def test_train_val_and_test_folders_are_told_by_any_usual_name(train: str, val: str, test: str) -> None:
    assert ready_made_parts([train, val, test], ROOT) == {train: "train", val: "val", test: "test"}


@pytest.mark.parametrize("other", ["val", "test"])
def test_two_parts_are_enough_if_one_is_train(other: str) -> None:
    assert ready_made_parts(["train", other], ROOT) == {"train": "train", other: other}


@pytest.mark.parametrize(
    "names", [(), ("train",), ("cat", "test"), ("test", "val"), ("bus", "train", "tram"), ("test", "train", "x")]
)
def test_a_class_that_is_merely_called_like_a_part_is_a_class(names: tuple[str, ...]) -> None:
    assert ready_made_parts(names, ROOT) == {}


@pytest.mark.parametrize("folders", [("train", "training", "test"), ("train", "val", "Validation"), ("train", "Train")])
def test_two_folders_for_one_part_are_refused_by_name(folders: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match=r"has several folders for one part \(.*\); keep one of each\.$") as refused:
        ready_made_parts(folders, ROOT)
    assert all(folder in str(refused.value) for folder in folders)
