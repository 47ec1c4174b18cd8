"""The rows of a table, whatever its format: labels, splits, groups, and rows that say a thing twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest

from headstart.data.records import Listed, Listing, Skipped
from headstart.data.sources.table import Found, Place, Row, listing_of
from headstart.errors import UserError

PLACE = Place(Path("data"), lambda row: Found(row.path))


def listing(*rows: tuple[str, ...], declared: Iterable[str] = ()) -> Listing:
    """Return the listing of rows of path, label, and maybe split and group; all files exist."""
    filled = [(*row, "", "")[:4] for row in rows]
    named = (Row(f"line {i}", path, label, split, group) for i, (path, label, split, group) in enumerate(filled, 2))
    return listing_of(PLACE, "labels.csv", named, declared)


def test_each_row_names_a_picture_with_its_label_part_and_group() -> None:
    named = listing(("1.png", "ant", "train", "p1"), ("2.png", "bee", "Validation", ""), ("3.png", "ant", "TEST", "p2"))
    assert named.root == Path("data")
    assert named.labels == ("ant", "bee")
    assert named.pictures == (
        Listed("1.png", "ant", "train", "p1"),
        Listed("2.png", "bee", "val"),
        Listed("3.png", "ant", "test", "p2"),
    )


def test_labels_are_stripped_and_two_spellings_of_an_accent_are_one_class() -> None:
    one, two = (unicodedata.normalize(form, "Käfer") for form in ("NFC", "NFD"))
    named = listing(("1.png", f" {two}\t"), ("2.png", one))
    assert named.labels == (one,)
    assert {p.label for p in named.pictures} == {one}


def test_labels_that_differ_by_case_or_inner_spaces_stay_two() -> None:
    assert listing(("1.png", "Ant"), ("2.png", "ant"), ("3.png", "a nt")).labels == ("Ant", "a nt", "ant")


@pytest.mark.parametrize("label", ["", "  ", "\t"])
def test_a_row_without_a_label_is_skipped(label: str) -> None:
    named = listing(("1.png", "ant"), ("2.png", label))
    assert named.skipped == (Skipped("2.png", "no-label"),)
    assert len(named.pictures) == 1


def test_a_row_that_says_the_same_again_is_skipped() -> None:
    named = listing(("1.png", "ant", "train"), ("1.png", " ant", "Training"))
    assert named.pictures == (Listed("1.png", "ant", "train"),)
    assert named.skipped == (Skipped("1.png", "listed-twice"),)


@pytest.mark.parametrize(
    "again", [("1.png", "bee", "train", "p"), ("1.png", "ant", "test", "p"), ("1.png", "ant", "train", "q")]
)
def test_a_picture_listed_with_another_label_split_or_group_stays_twice(again: tuple[str, ...]) -> None:
    named = listing(("1.png", "ant", "train", "p"), again)
    assert [p.path for p in named.pictures] == ["1.png", "1.png"]
    assert named.skipped == ()


def test_what_is_not_found_is_skipped_and_its_class_stays_declared() -> None:
    place = Place(Path("data"), lambda row: Skipped(row.path, "missing-file"))
    named = listing_of(place, "labels.csv", [Row("line 2", "1.png", "ant")])
    assert (named.pictures, named.skipped, named.labels) == ((), (Skipped("1.png", "missing-file"),), ("ant",))


def test_classes_may_be_declared_beside_those_in_the_rows() -> None:
    assert listing(("1.png", "ant"), declared=["cow ", "bee", "ant"]).labels == ("ant", "bee", "cow")


def test_unknown_splits_are_refused_with_their_number_and_the_first_three() -> None:
    with pytest.raises(UserError) as refused:
        listing(*((f"{i}.png", "ant", f"fold{i}") for i in range(5)))
    assert str(refused.value) == (
        "labels.csv has an unknown split in 5 rows (fold0 in line 2, fold1 in line 3, fold2 in line 4, …); write one "
        "of train, training, val, valid, validation, test, testing."
    )


def test_a_split_in_only_some_rows_is_refused_with_their_number_and_the_first_three() -> None:
    with pytest.raises(UserError) as refused:
        listing(("0.png", "ant", "train"), *((f"{i}.png", "ant", " ") for i in range(1, 4)))
    assert str(refused.value) == (
        "labels.csv has no split in 3 rows (line 3, line 4, line 5), but in others; fill the column in every row with "
        "a label, or leave it out."
    )


def test_a_row_without_a_label_needs_no_split() -> None:
    assert len(listing(("1.png", "ant", "train"), ("2.png", "", ""), ("3.png", "", "nonsense")).pictures) == 1


def test_only_some_rows_may_have_a_group() -> None:
    assert [p.group for p in listing(("1.png", "ant", "", "p1"), ("2.png", "ant")).pictures] == ["p1", None]


def test_the_pictures_of_a_class_share_the_string_of_its_name() -> None:
    first, second = listing(("1.png", "an" + "t" * 50), ("2.png", "an" + "t" * 50 + " ")).pictures
    assert first.label is second.label
