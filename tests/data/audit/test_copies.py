"""Copies, near copies, groups across parts, names that look like recordings, and what changed since a split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headstart.data.audit import Audited, Finding
from headstart.data.audit.copies import (
    changed_since_split,
    duplicates,
    duplicates_across_classes,
    duplicates_across_splits,
    groups_across_splits,
    near_duplicates,
    possible_groups,
)
from headstart.data.records import PictureRecord, Skipped
from headstart.data.split import LEFT_OUT, Split, new_split
from headstart.data.together import together
from made_up import audited, dataset_of, dataset_with, named, read, record, sha

NEITHER = [record("ant", "a"), record("bee", "b")]


def real(shared_data: Path, name: str) -> Audited:
    pictures = read(shared_data / name)
    return Audited(pictures, together(pictures.dataset, pictures.facts["thumb"]))


# --- copies ---------------------------------------------------------------------------------------------------


def copy_of(label: str, content: str, part: str | None = None) -> PictureRecord:
    return record(label, content, part, name="copy")


def test_different_pictures_are_no_copies() -> None:
    looked_at = audited(NEITHER)
    assert duplicates(looked_at) + duplicates_across_classes(looked_at) + duplicates_across_splits(looked_at) == []


def test_copies_in_one_class_are_a_warning() -> None:
    (finding,) = duplicates(audited([*NEITHER, copy_of("ant", "a")]))
    assert (finding.code, finding.severity) == ("duplicate", "warning")
    assert finding.what == "1 picture stands in the same class more than once."
    assert finding.items == (["ant/a.png", "ant/copy.png"],)


def test_several_pictures_with_copies_are_several() -> None:
    (finding,) = duplicates(audited([*NEITHER, copy_of("ant", "a"), copy_of("bee", "b")]))
    assert finding.what == "2 pictures stand in the same class more than once."


def test_copies_in_two_classes_are_an_error_and_no_duplicates_within_one() -> None:
    looked_at = audited([*NEITHER, copy_of("bee", "a"), copy_of("ant", "a")])
    (finding,) = duplicates_across_classes(looked_at)
    assert (finding.code, finding.severity) == ("duplicate-across-classes", "error")
    assert finding.what == "1 picture stands in several classes: at least one of the labels is wrong."
    assert finding.items == (["ant/a.png", "bee/copy.png", "ant/copy.png"],)
    assert duplicates(looked_at) == []


def test_several_copies_in_two_classes_are_several() -> None:
    (finding,) = duplicates_across_classes(audited([*NEITHER, copy_of("bee", "a"), copy_of("ant", "b")]))
    assert finding.what == "2 pictures stand in several classes: at least one of the labels is wrong."


def test_copies_in_two_parts_are_an_error_and_no_duplicates_within_one() -> None:
    looked_at = audited([record("ant", "a", "train"), record("ant", "a", "test"), record("ant", "b", "train")])
    (finding,) = duplicates_across_splits(looked_at)
    assert (finding.code, finding.severity) == ("duplicate-across-splits", "error")
    assert finding.what == ("1 picture stands in several of the ready-made parts: figures on them flatter the model.")
    assert finding.items == (["train/ant/a.png", "test/ant/a.png"],)
    assert "--dedupe-test" in finding.advice
    assert "--resplit" in finding.advice
    assert duplicates(looked_at) == []


def test_copies_within_one_part_are_duplicates_alone() -> None:
    looked_at = audited([record("ant", "a", "train"), copy_of("ant", "a", "train"), record("ant", "b", "test")])
    assert duplicates_across_splits(looked_at) == []
    assert [finding.items for finding in duplicates(looked_at)] == [(["train/ant/a.png", "train/ant/copy.png"],)]


def test_the_three_pairs_in_two_classes_of_real_pictures_are_found(shared_data: Path) -> None:
    (finding,) = duplicates_across_classes(real(shared_data, "trashnet_112.tar.gz"))
    assert finding.items == (
        ["glass/glass115.jpg", "metal/metal91.jpg"],
        ["glass/glass176.jpg", "plastic/plastic152.jpg"],
        ["glass/glass389.jpg", "plastic/plastic332.jpg"],
    )


def test_the_57_test_pictures_that_are_training_pictures_are_found(shared_data: Path) -> None:
    (finding,) = duplicates_across_splits(real(shared_data, "brain_mri_leaky.tar"))
    assert finding.count == 57
    assert [len(item) for item in finding.items] == [2] * 57
    assert finding.what.startswith("57 pictures stand in several of the ready-made parts")


# --- groups ---------------------------------------------------------------------------------------------------


def in_group(group: str | None, *parts: str) -> list[PictureRecord]:
    return [record("ant", f"{group} {i}", part, group=group) for i, part in enumerate(parts)]


def test_a_group_with_pictures_in_two_parts_is_an_error() -> None:
    records = [*in_group("p1", "train", "test", "test"), *in_group("p2", "train", "train"), *in_group("p3", "test")]
    (finding,) = groups_across_splits(audited(records))
    assert (finding.code, finding.severity) == ("group-across-splits", "error")
    assert finding.what.startswith("1 group has pictures in several of the ready-made parts")
    assert finding.items == (["train/ant/p1 0.png", "test/ant/p1 1.png", "test/ant/p1 2.png"],)


def test_several_groups_in_two_parts_are_several() -> None:
    (finding,) = groups_across_splits(audited([*in_group("p1", "train", "val"), *in_group("p2", "val", "test")]))
    assert finding.what.startswith("2 groups have pictures in several of the ready-made parts")


def test_pictures_without_groups_or_parts_are_not_across_anything() -> None:
    assert groups_across_splits(audited(in_group(None, "train", "test"))) == []
    assert groups_across_splits(audited([record("ant", content, group="p") for content in "xyz"])) == []


# --- near copies ----------------------------------------------------------------------------------------------


def in_parts(*parts: str | None) -> list[PictureRecord]:
    return [record("ant", f"{i}", part) for i, part in enumerate(parts)]


def test_near_copies_are_a_warning() -> None:
    (finding,) = near_duplicates(audited(in_parts(None, None, None), near=[(0, 2)]))
    assert (finding.code, finding.severity) == ("near-duplicate", "warning")
    assert finding.what == "1 group of pictures looks nearly the same."
    assert finding.items == (["ant/0.png", "ant/2.png"],)


def test_several_groups_of_near_copies_are_several() -> None:
    (finding,) = near_duplicates(audited(in_parts(None, None, None, None), near=[(0, 2), (1, 3)]))
    assert finding.what == "2 groups of pictures look nearly the same."


def test_near_copies_in_two_parts_are_an_error_and_others_a_warning() -> None:
    findings = near_duplicates(audited(in_parts("train", "test", "train", "train"), near=[(0, 1), (2, 3)]))
    assert [(f.code, f.severity, f.items) for f in findings] == [
        ("near-duplicate", "warning", (["train/ant/2.png", "train/ant/3.png"],)),
        ("near-duplicate-across-splits", "error", (["train/ant/0.png", "test/ant/1.png"],)),
    ]
    assert findings[1].what == (
        "1 group of pictures that look nearly the same stands in several of the ready-made parts."
    )


def test_several_groups_of_near_copies_in_two_parts_are_several() -> None:
    (finding,) = near_duplicates(audited(in_parts("train", "test", "val", "train"), near=[(0, 1), (2, 3)]))
    assert finding.what == ("2 groups of pictures that look nearly the same stand in several of the ready-made parts.")


@pytest.mark.parametrize("last", [None, "test"])
def test_so_many_near_copies_that_a_split_does_not_keep_them_together_are_told_as_that_alone(last: str | None) -> None:
    five = (0, 1, 2, 3, 4)
    (finding,) = near_duplicates(audited(in_parts(None, None, None, None, last), near=[five], too_large=[five]))
    assert (finding.code, finding.severity) == ("many-alike", "warning")
    assert finding.what == (
        "1 group of pictures looks nearly the same, and is too large a part of a class to be kept on one side of a "
        "split."
    )


def test_several_groups_of_many_alike_are_several() -> None:
    two = [(0, 1), (2, 3)]
    (finding,) = near_duplicates(audited(in_parts(None, None, None, None), near=two, too_large=two))
    assert finding.what == (
        "2 groups of pictures look nearly the same, and each is too large a part of a class to be kept on one side of "
        "a split."
    )


# --- names ----------------------------------------------------------------------------------------------------


PATIENTS = [f"{label}/p{patient}_{i}.png" for label in ("ant", "bee") for patient in (1, 2) for i in range(3)]


def test_names_that_look_like_recordings_are_a_warning_with_the_option_that_groups_them() -> None:
    (finding,) = possible_groups(audited(named(*PATIENTS)))
    assert (finding.code, finding.severity, finding.count) == ("possible-groups", "warning", 4)
    assert finding.what == (
        "The names of 12 pictures look like 4 groups (two numbers: a patient, burst or recording, and the picture in "
        "it): if they are, a split by picture puts the same thing into train and test."
    )
    assert finding.items[0] == ["ant/p1_0.png", "ant/p1_1.png", "ant/p1_2.png"]
    assert finding.advice == r"If they belong together, add --group-by '([^/]*\d)[^/\d]+\d+[^/\d]*\.\w+$'."


def test_names_are_not_looked_at_where_there_are_groups() -> None:
    assert possible_groups(audited([replace(r, group="p") for r in named(*PATIENTS)])) == []


def test_ordinary_names_are_not_found(shared_data: Path) -> None:
    assert possible_groups(audited(named("ant/1.png", "ant/2.png"))) == []
    assert possible_groups(real(shared_data, "trashnet_112.tar.gz")) == []


# --- since a split --------------------------------------------------------------------------------------------


DATASET = dataset_with({"ant": 5, "bee": 5})


def since(split: Split, records: tuple[PictureRecord, ...]) -> list[Finding]:
    return changed_since_split(audited(records, split=split))


def test_without_a_split_nothing_changed() -> None:
    assert changed_since_split(audited(DATASET.records)) == []


def test_renamed_pictures_did_not_change() -> None:
    renamed = tuple(replace(r, path=f"{r.label}/new {i}.png") for i, r in enumerate(DATASET.records))
    assert since(new_split(DATASET, seed=0)[0], renamed) == []


def test_added_removed_and_altered_pictures_are_an_error() -> None:
    altered = replace(DATASET.records[1], sha256=sha("another"))
    (finding,) = since(new_split(DATASET, seed=0)[0], (record("ant", "new"), altered, *DATASET.records[2:]))
    assert (finding.code, finding.severity) == ("changed-since-split", "error")
    assert finding.items == ("added: ant/new.png", "removed: ant/ant 0.png", "altered: ant/ant 1.png")
    assert finding.what == (
        "The data isn't what the split was made of: added: ant/new.png; removed: ant/ant 0.png; altered: ant/ant 1.png."
    )


@pytest.mark.parametrize(
    "records",
    [
        (replace(DATASET.records[0], label="bee"), *DATASET.records[1:]),
        (*DATASET.records, replace(DATASET.records[0], path="ant/copy.png")),
    ],
)
def test_other_labels_and_copies_are_an_error(records: tuple[PictureRecord, ...]) -> None:
    (finding,) = since(new_split(DATASET, seed=0)[0], records)
    assert (finding.severity, finding.items) == ("error", ())
    assert finding.what == "The data isn't what the split was made of: labels or copies changed."


def test_what_the_split_left_out_did_not_change() -> None:
    labels, parts = ("ant", "bee"), ("train", "val", "test")
    whole = dataset_of(
        [record(label, f"{part} {label} {i}", part) for label in labels for part in parts for i in range(4)]
    )
    split, _ = new_split(whole.without([Skipped("test/ant/test ant 0.png", "copy-in-test")]), seed=0)
    assert since(split, whole.records) != []
    assert since(replace(split, sides=split.sides | {sha("test ant 0"): LEFT_OUT}), whole.records) == []
