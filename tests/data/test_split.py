"""Which picture is held out: drawn by content, the same for everyone, locked in a file that can't be bent."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headstart.data.duplicates import copies
from headstart.data.records import Dataset, Skipped
from headstart.data.split import (
    LEFT_OUT,
    Split,
    changes_since,
    locked_split,
    new_split,
    read_split,
    without_copies_in_test,
    without_left_out,
    write_split,
)
from headstart.data.together import Together, grouped_by, together
from headstart.errors import UserError
from made_up import dataset_of, dataset_with, read, read_anew, record, sha
from pictures import encoded, picture, write_classes

SIDES = ("train", "val", "test")


def ready_made(counts: Mapping[tuple[str, str], int]) -> Dataset:
    """Return a data set with ``counts[part, label]`` different pictures."""
    return dataset_of(
        [record(label, f"{part} {label} {i}", part) for (part, label), n in counts.items() for i in range(n)]
    )


def sizes(split: Split, dataset: Dataset, label: str) -> list[int]:
    """Return how many pictures of the class are on each side."""
    return [sum(dataset.records[i].label == label for i in split.part(dataset.records, side)) for side in SIDES]


def side_of(split: Split, dataset: Dataset) -> list[str]:
    return [split.sides[r.sha256] for r in dataset.records]


@st.composite
def folders(draw: st.DrawFn) -> Dataset:
    """Draw a data set with copies: within a class, and between classes."""
    own = [(label, f"{label} {i}") for label in "abc" for i in range(draw(st.integers(3, 7)))]
    more = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["a 0", "b 1", "x", "y", "z"])), max_size=9))
    return dataset_of([record(label, content, name=str(i)) for i, (label, content) in enumerate(own + more)])


# --- the draw -------------------------------------------------------------------------------------------------


@given(dataset=folders(), seed=st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_every_picture_has_exactly_one_side(dataset: Dataset, seed: int) -> None:
    split, _ = new_split(dataset, seed)
    positions = [i for side in SIDES for i in split.part(dataset.records, side)]
    assert sorted(positions) == list(range(len(dataset.records)))


@given(dataset=folders(), seed=st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_copies_of_a_picture_are_on_one_side(dataset: Dataset, seed: int) -> None:
    split, _ = new_split(dataset, seed)
    contents = [{dataset.records[i].sha256 for i in split.part(dataset.records, side)} for side in SIDES]
    assert sum(len(c) for c in contents) == len(set().union(*contents))


@given(dataset=folders(), seed=st.integers(0, 5), shuffle=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_files_does_not_matter(dataset: Dataset, seed: int, shuffle: random.Random) -> None:
    records = list(dataset.records)
    shuffle.shuffle(records)
    assert new_split(replace(dataset, records=tuple(records)), seed)[0] == new_split(dataset, seed)[0]


@given(dataset=folders(), seed=st.integers(0, 5), names=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_names_of_the_files_do_not_matter(dataset: Dataset, seed: int, names: random.Random) -> None:
    renamed = tuple(replace(r, path=f"{r.label}/{names.random()}.jpg") for r in dataset.records)
    split, again = new_split(dataset, seed)[0], new_split(replace(dataset, records=renamed), seed)[0]
    assert again == replace(split, paths=again.paths)


@given(dataset=folders(), seed=st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_copies_change_nothing_for_the_other_pictures(dataset: Dataset, seed: int) -> None:
    once = {(r.label, r.sha256): r for r in dataset.records}
    alone = replace(dataset, records=tuple(once.values()))
    assert new_split(alone, seed)[0].sides == new_split(dataset, seed)[0].sides


def test_a_renamed_picture_keeps_its_side_of_the_split(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 5, "bee": 5})
    before, _ = new_split(read_anew(root).dataset, seed=0)
    (root / "ant" / "00.png").rename(root / "ant" / "zebra.jpeg")
    (root / "bee" / "04.png").rename(root / "bee" / "-1.png")
    after, _ = new_split(read_anew(root).dataset, seed=0)
    assert after == replace(before, paths=after.paths)
    assert after.paths.keys() == before.paths.keys()


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (3, [1, 1, 1]),
        (4, [2, 1, 1]),
        (5, [3, 1, 1]),
        (7, [5, 1, 1]),
        (8, [4, 2, 2]),
        (10, [6, 2, 2]),
        (100, [60, 20, 20]),
    ],
)
def test_of_each_class_a_fifth_is_val_and_a_fifth_is_test(count: int, expected: list[int]) -> None:
    dataset = dataset_with({"ant": count, "bee": 10})
    split, warnings = new_split(dataset, seed=0)
    assert sizes(split, dataset, "ant") == expected
    assert sizes(split, dataset, "bee") == [6, 2, 2]
    assert warnings == []
    assert split.rule == "stratified 60/20/20 by content"


def test_the_draw_of_a_seed_is_the_same_everywhere_and_forever() -> None:
    split, _ = new_split(dataset_with({"ant": 5, "bee": 5}), seed=7)
    assert [split.sides[sha(f"ant {i}")] for i in range(5)] == ["test", "val", "train", "train", "train"]
    assert [split.sides[sha(f"bee {i}")] for i in range(5)] == ["test", "train", "train", "train", "val"]


def test_another_seed_holds_out_other_pictures() -> None:
    dataset = dataset_with({"ant": 50, "bee": 50})
    first, again, other = (new_split(dataset, seed)[0] for seed in (0, 0, 1))
    assert first == again
    assert first.sides != other.sides
    assert (first.seed, other.seed) == (0, 1)


def test_a_new_class_leaves_the_draw_of_the_others_alone() -> None:
    two, _ = new_split(dataset_with({"ant": 20, "bee": 20}), seed=0)
    three, _ = new_split(dataset_with({"aardvark": 20, "ant": 20, "bee": 20}), seed=0)
    assert two.sides.items() <= three.sides.items()


def test_classes_are_not_drawn_alike() -> None:
    dataset = dataset_of([record(label, f"{i:03} {label}") for label in ("ant", "bee") for i in range(60)])
    split, _ = new_split(dataset, seed=0)
    ranks = [
        [split.sides[content] for content in sorted(r.sha256 for r in dataset.records if r.label == label)]
        for label in ("ant", "bee")
    ]
    assert ranks[0] != ranks[1]


def test_a_picture_that_stands_in_two_classes_is_drawn_once() -> None:
    shared = [record(label, f"shared {i}") for label in ("ant", "bee") for i in range(10)]
    own = [record("bee", f"own {i}") for i in range(10)]
    dataset = dataset_of(shared + own)
    split, _ = new_split(dataset, seed=0)
    assert len(split.sides) == 20
    assert sizes(split, dataset, "ant") == [6, 2, 2]
    assert sizes(split, dataset, "bee") == [12, 4, 4]


# --- too few pictures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [1, 2])
def test_a_class_too_small_to_hold_any_out_goes_to_train_and_the_user_is_told(few: int) -> None:
    dataset = dataset_with({"ant": 5, "bee": 5, "cow": few})
    split, warnings = new_split(dataset, seed=0)
    assert sizes(split, dataset, "cow") == [few, 0, 0]
    assert warnings == [
        f"Too few pictures to hold any out, all used for training: cow ({few}); "
        "the figures say nothing about these classes."
    ]


def test_copies_do_not_make_a_class_large_enough() -> None:
    copies = [record("cow", "cow 0", name=str(i)) for i in range(9)]
    dataset = dataset_of([*dataset_with({"ant": 5, "bee": 5}).records, *copies])
    split, warnings = new_split(dataset, seed=0)
    assert sizes(split, dataset, "cow") == [9, 0, 0]
    assert "cow (1)" in warnings[0]


def test_of_many_small_classes_three_are_named() -> None:
    _, warnings = new_split(dataset_with({"x": 3, "y": 3, "a": 1, "b": 2, "c": 1, "d": 1}), seed=0)
    assert warnings == [
        "Too few pictures to hold any out, all used for training: a (1), b (2), c (1), …; "
        "the figures say nothing about these classes."
    ]


@pytest.mark.parametrize("counts", [{"ant": 9, "bee": 2}, {"ant": 9, "bee": 1, "cow": 2}, {"ant": 2, "bee": 2}])
def test_fewer_than_two_classes_with_three_pictures_are_refused(counts: dict[str, int]) -> None:
    with pytest.raises(UserError, match=r"^pictures: fewer than two classes have the 3 different pictures .*bee \("):
        new_split(dataset_with(counts), seed=0)


def test_a_class_of_copies_of_another_class_does_not_count_as_large_enough() -> None:
    dataset = dataset_of([record(label, f"shared {i}") for label in ("ant", "bee") for i in range(5)])
    with pytest.raises(UserError, match="fewer than two classes"):
        new_split(dataset, seed=0)


def test_a_class_without_any_readable_picture_is_refused() -> None:
    dataset = dataset_with({"ant": 5, "bee": 5, "cow": 1})
    left = dataset.without([Skipped("cow/cow 0.png", "not-a-picture")])
    with pytest.raises(UserError, match=r"^pictures: no training pictures for cow; "):
        new_split(left, seed=0)


# --- what belongs together -------------------------------------------------------------------------------------


def numbers_of(dataset: Dataset, *units: list[str]) -> NDArray[np.intp]:
    """Return the same number for pictures whose contents are in one of ``units``, and others for all others."""
    of = {sha(content): i for i, unit in enumerate(units) for content in unit}
    return np.array([of.get(r.sha256, len(units) + i) for i, r in enumerate(dataset.records)], np.intp)


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Dataset, NDArray[np.intp]]:
    """Draw a data set, and what belongs together in it: groups that may hold pictures of several classes."""
    labels = draw(st.lists(st.sampled_from("abc"), min_size=9, max_size=30))
    dataset = dataset_of([record(label, f"{label} {i}") for i, label in enumerate([*"aaabbbccc", *labels])])
    alone = list(range(100, 109))  # so that every class has the three that it needs
    return dataset, np.array([*alone, *draw(st.lists(st.integers(0, 9), min_size=len(labels), max_size=len(labels)))])


@given(drawn=grouped(), seed=st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_what_belongs_together_is_on_one_side_and_every_class_on_all(
    drawn: tuple[Dataset, NDArray[np.intp]], seed: int
) -> None:
    dataset, numbers = drawn
    split, _ = new_split(dataset, seed, numbers)
    places = {(number, side) for number, side in zip(numbers.tolist(), side_of(split, dataset), strict=True)}
    assert len(places) == len(np.unique(numbers))
    assert {(r.label, split.sides[r.sha256]) for r in dataset.records} == {(a, side) for a in "abc" for side in SIDES}


@given(drawn=grouped(), seed=st.integers(0, 5), folds=st.sampled_from([0, 3, 4]), shuffle=st.randoms())
@settings(max_examples=50, deadline=None)
def test_neither_order_nor_names_of_the_files_nor_numbers_of_the_groups_matter(
    drawn: tuple[Dataset, NDArray[np.intp]], seed: int, folds: int, shuffle: random.Random
) -> None:
    dataset, numbers = drawn
    order = shuffle.sample(range(len(numbers)), len(numbers))
    shuffled = tuple(replace(dataset.records[i], path=f"{shuffle.random()}.png") for i in order)
    again, _ = new_split(replace(dataset, records=shuffled), seed, 1000 - numbers[order], folds)
    assert again == replace(new_split(dataset, seed, numbers, folds)[0], paths=again.paths)


@given(drawn=grouped(), seed=st.integers(0, 5), folds=st.integers(3, 5))
@settings(max_examples=50, deadline=None)
def test_each_picture_is_in_the_test_part_of_one_fold_and_what_belongs_together_in_the_same(
    drawn: tuple[Dataset, NDArray[np.intp]], seed: int, folds: int
) -> None:
    dataset, numbers = drawn
    split, _ = new_split(dataset, seed, numbers, folds)
    tested = [i for number in range(folds) for i in split.fold(number).part(dataset.records, "test")]
    assert sorted(tested) == list(range(len(dataset.records)))
    places = {(number, split.folds[r.sha256]) for number, r in zip(numbers.tolist(), dataset.records, strict=True)}
    assert len(places) == len(np.unique(numbers))


@given(drawn=grouped(), seed=st.integers(0, 5), folds=st.integers(3, 5))
@settings(max_examples=50, deadline=None)
def test_every_fold_trains_on_every_class(drawn: tuple[Dataset, NDArray[np.intp]], seed: int, folds: int) -> None:
    dataset, numbers = drawn
    split, _ = new_split(dataset, seed, numbers, folds)
    trained = [split.fold(number).part(dataset.records, "train") for number in range(folds)]
    assert [{dataset.records[i].label for i in own} for own in trained] == [set("abc")] * folds


def test_the_split_of_folds_is_that_of_the_first_fold_with_the_next_as_val() -> None:
    dataset = dataset_with({"ant": 10, "bee": 10})
    split, warnings = new_split(dataset, seed=0, folds=5)
    assert split.rule == "stratified 5 folds by content"
    assert (sizes(split, dataset, "ant"), sizes(split, dataset, "bee")) == ([6, 2, 2], [6, 2, 2])
    assert {split.folds[content] for content, side in split.sides.items() if side == "test"} == {0}
    assert {split.folds[content] for content, side in split.sides.items() if side == "val"} == {1}
    assert split.fold(4).fold(0) == split
    assert warnings == []


def test_the_val_part_of_the_last_fold_is_the_first() -> None:
    split, _ = new_split(dataset_with({"ant": 5, "bee": 5}), seed=0, folds=5)
    assert {split.folds[content] for content, side in split.fold(4).sides.items() if side == "val"} == {0}


def test_a_class_too_small_to_hold_any_out_is_in_no_fold_and_always_for_training() -> None:
    dataset = dataset_with({"ant": 5, "bee": 5, "cow": 2})
    split, warnings = new_split(dataset, seed=0, folds=3)
    assert [sizes(split.fold(number), dataset, "cow") for number in range(3)] == [[2, 0, 0]] * 3
    assert "cow (2)" in warnings[0]


def test_folds_of_ready_made_parts_are_refused() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    with pytest.raises(UserError, match=r"^pictures: --folds can't cut ready-made parts; add --resplit"):
        new_split(dataset, seed=0, folds=3)


def test_the_file_has_a_number_for_what_was_kept_together_and_none_for_the_others(tmp_path: Path) -> None:
    dataset = dataset_with({"ant": 5, "bee": 5})
    split, _ = new_split(dataset, 0, numbers_of(dataset, ["ant 0", "ant 1"], ["bee 2", "ant 3"]))
    assert split.units.keys() == {sha("ant 0"), sha("ant 1"), sha("bee 2"), sha("ant 3")}
    assert split.units[sha("ant 0")] == split.units[sha("ant 1")]
    assert split.units[sha("ant 0")] != split.units[sha("bee 2")] == split.units[sha("ant 3")]


def test_val_is_drawn_from_ready_made_train_in_whole_groups() -> None:
    dataset = ready_made({("train", "a"): 10, ("train", "b"): 10, ("test", "a"): 1, ("test", "b"): 1})
    pairs = [[f"train {label} {i}", f"train {label} {i + 1}"] for label in "ab" for i in range(0, 10, 2)]
    split, _ = new_split(dataset, 0, numbers_of(dataset, *pairs))
    assert {len({split.sides[sha(content)] for content in pair}) for pair in pairs} == {1}
    assert sizes(split, dataset, "a") == [8, 2, 1]


def test_groups_of_real_pictures_stay_together(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 9, "bee": 9})
    pictures = read_anew(root)
    dataset, _ = grouped_by(pictures.dataset, r"/(\d)[0-4]")
    split, _ = new_split(dataset, 0, together(dataset, pictures.facts["thumb"]).units)
    assert len({split.sides[r.sha256] for r in dataset.records if r.group is not None}) == 1


# --- ready-made parts -----------------------------------------------------------------------------------------


def test_ready_made_parts_are_kept_as_they_are() -> None:
    dataset = ready_made({(part, label): n for part, n in zip(SIDES, (2, 1, 4), strict=True) for label in "ab"})
    split, warnings = new_split(dataset, seed=0)
    assert side_of(split, dataset) == [r.part for r in dataset.records]
    assert split.rule == "ready-made"
    assert warnings == []


@pytest.mark.parametrize(("missing", "kept"), [("val", "test"), ("test", "val")])
def test_a_missing_part_is_drawn_from_train(missing: str, kept: str) -> None:
    dataset = ready_made({("train", "a"): 10, ("train", "b"): 10, (kept, "a"): 3, (kept, "b"): 1})
    split, _ = new_split(dataset, seed=0)
    assert [split.sides[r.sha256] for r in dataset.records if r.part == kept] == [kept] * 4
    drawn = [split.sides[r.sha256] for r in dataset.records if r.part == "train" and r.label == "a"]
    assert sorted(drawn) == sorted([missing] * 2 + ["train"] * 8)
    assert split.rule == f"ready-made, {missing} drawn from train"


def test_a_ready_made_class_too_small_to_draw_from_goes_to_train_and_the_user_is_told() -> None:
    dataset = ready_made({("train", "a"): 9, ("train", "b"): 9, ("train", "c"): 2, ("test", "c"): 4})
    split, warnings = new_split(dataset, seed=0)
    assert sizes(split, dataset, "c") == [2, 0, 4]
    assert "c (2)" in warnings[0]


def test_copies_between_ready_made_parts_are_refused_with_their_number_and_an_example() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    leaks = [record("a", f"train a {i}", "test", name=f"leak{i}") for i in range(2)]
    with pytest.raises(UserError) as refused:
        new_split(replace(dataset, records=(*dataset.records, *leaks)), seed=0)
    assert str(refused.value) == (
        "pictures: 2 pictures stand in several of the ready-made parts (2 in test and train; for example "
        "train/a/train a 0.png = test/a/leak0.png), so figures on them would flatter the model. Add --dedupe-test to "
        "take the copies out of test, or --resplit to set the ready-made parts aside and split anew with copies kept "
        "together."
    )


def test_copies_between_ready_made_parts_are_refused_under_another_class_too() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    with pytest.raises(UserError, match="1 picture stands in several of the ready-made parts"):
        new_split(replace(dataset, records=(*dataset.records, record("b", "train a 0", "val"))), seed=0)


def test_copies_within_a_ready_made_part_are_welcome() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    copied = replace(dataset, records=(*dataset.records, record("a", "test a 0", "test", name="copy")))
    split, _ = new_split(copied, seed=0)
    assert sizes(split, copied, "a") == [4, 4, 5]


def test_a_ready_made_class_without_training_pictures_is_refused() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"} | {("test", "c"): 3})
    with pytest.raises(UserError, match=r"^pictures: no training pictures for c; "):
        new_split(dataset, seed=0)


def test_a_ready_made_part_without_readable_pictures_is_drawn_or_refused() -> None:
    dataset = ready_made({("train", "a"): 4, ("train", "b"): 4, ("test", "a"): 1})
    left = dataset.without([Skipped("test/a/test a 0.png", "not-a-picture")])
    assert new_split(left, seed=0)[0].rule == "ready-made, val and test drawn from train"


def test_ready_made_parts_on_disk_become_the_sides(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"Training/ant": 3, "Training/bee": 3, "test/ant": 2, "test/bee": 2})
    dataset = read_anew(root).dataset
    split, _ = new_split(dataset, seed=0)
    assert {dataset.records[i].path for i in split.part(dataset.records, "test")} == {
        "test/ant/00.png",
        "test/ant/01.png",
        "test/bee/00.png",
        "test/bee/01.png",
    }
    assert len(split.part(dataset.records, "val")) == 2


def test_copies_in_train_and_val_have_another_way_out_than_the_test_part() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    leaks = [record("a", "train a 0", part, name="leak") for part in ("val", "test")]
    with pytest.raises(UserError) as refused:
        new_split(replace(dataset, records=(*dataset.records, *leaks)), seed=0)
    assert str(refused.value) == (
        "pictures: 1 picture stands in several of the ready-made parts (1 in test and train and val; for example "
        "train/a/train a 0.png = val/a/leak.png = test/a/leak.png), so figures on them would flatter the model. "
        "Clean them with headstart fix, which keeps those in train, or add --resplit to set the ready-made parts aside "
        "and split anew with copies kept together."
    )


def test_the_example_of_a_copy_names_one_file_in_each_part() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    leaks = [record("a", "train a 0", "train", name="twin"), record("a", "train a 0", "test", name="leak")]
    with pytest.raises(UserError, match=r"example train/a/train a 0\.png = test/a/leak\.png\)"):
        new_split(replace(dataset, records=(*dataset.records, *leaks)), seed=0)


def leaky(copies: int) -> Dataset:
    """Return ready-made parts of two classes; of the 6 test pictures some are copies of training pictures."""
    counts = {("train", "a"): 6, ("train", "b"): 6, ("val", "a"): 2, ("val", "b"): 2, ("test", "a"): 6 - copies}
    leaks = [record("a", f"train a {i}", "test", name=f"leak {i}") for i in range(copies)]
    return dataset_of([*ready_made(counts).records, *leaks])


def test_copies_are_taken_out_of_the_test_part_and_the_rest_can_be_split() -> None:
    dataset = leaky(copies=2)
    left, skipped = without_copies_in_test(dataset, together(dataset, np.zeros((22, 16, 16), np.uint8)).units)
    assert skipped == (Skipped("test/a/leak 0.png", "copy-in-test"), Skipped("test/a/leak 1.png", "copy-in-test"))
    assert left.skipped == skipped
    assert sizes(new_split(left, seed=0)[0], left, "a") == [6, 2, 4]


def test_near_copies_are_taken_out_of_the_test_part_and_copies_within_it_stay() -> None:
    dataset = leaky(copies=0)
    numbers = numbers_of(dataset, ["train a 0", "test a 0"], ["val b 0", "test a 1"], ["test a 2", "test a 3"])
    _, skipped = without_copies_in_test(dataset, numbers)
    assert [s.path for s in skipped] == ["test/a/test a 0.png", "test/a/test a 1.png"]


@pytest.mark.parametrize(
    ("copies", "told"),
    [
        (6, "take 6 copies of other pictures out of the test part, and no test picture would be left for 2 classes"),
        (5, "take 5 copies of other pictures out of the test part, and a single test picture would be left"),
    ],
)
def test_a_test_part_that_would_be_smaller_than_the_number_of_classes_is_refused(copies: int, told: str) -> None:
    dataset = leaky(copies)
    with pytest.raises(UserError, match=f"^pictures: --dedupe-test would {told}.*; use --resplit instead"):
        without_copies_in_test(dataset, together(dataset, np.zeros((22, 16, 16), np.uint8)).units)


def test_a_small_test_part_without_copies_is_none_of_its_business() -> None:
    dataset = ready_made({("train", "a"): 4, ("train", "b"): 4, ("test", "a"): 1})
    assert without_copies_in_test(dataset, np.arange(9)) == (dataset, ())


# --- real pictures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_no_split_of_real_pictures_separates_copies_near_copies_or_pairs_in_two_classes(
    shared_data: Path, seed: int
) -> None:
    dataset, belonging = trashnet(shared_data)
    split, warnings = new_split(dataset, seed, belonging.units)
    assert warnings == []
    clusters = [*belonging.near, *copies(dataset.records)]
    assert [len({split.sides[dataset.records[i].sha256] for i in cluster}) for cluster in clusters] == [1] * 23
    folded, _ = new_split(dataset, seed, belonging.units, 5)
    assert [len({folded.folds[dataset.records[i].sha256] for i in cluster}) for cluster in clusters] == [1] * 23


@cache
def trashnet(shared_data: Path) -> tuple[Dataset, Together]:
    pictures = read(shared_data / "trashnet_112.tar.gz")
    return pictures.dataset, together(pictures.dataset, pictures.facts["thumb"])


def test_the_leaky_ready_made_parts_are_refused_with_their_number_and_two_ways_out(shared_data: Path) -> None:
    dataset = read(shared_data / "brain_mri_leaky.tar").dataset
    with pytest.raises(
        UserError, match=r"57 pictures stand in several .* \(57 in test and train; .*--dedupe-test .*--resplit "
    ):
        new_split(dataset, seed=0)


def test_deduped_the_leaky_ready_made_parts_would_have_a_single_test_picture(shared_data: Path) -> None:
    pictures = read(shared_data / "brain_mri_leaky.tar")
    belonging = together(pictures.dataset, pictures.facts["thumb"])
    with pytest.raises(UserError, match=r"take 57 copies .* a single test picture would be left for 4 classes"):
        without_copies_in_test(pictures.dataset, belonging.units)


# --- split.json -----------------------------------------------------------------------------------------------


@given(dataset=folders(), seed=st.integers(0, 5), opened=st.integers(0, 9))
@settings(max_examples=10, deadline=None)
def test_a_split_read_back_is_the_one_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, dataset: Dataset, seed: int, opened: int
) -> None:
    path = tmp_path_factory.mktemp("split") / "split.json"
    split = replace(new_split(dataset, seed)[0], test_opened=opened)
    write_split(split, path)
    assert read_split(path) == split


def test_a_split_with_folds_units_and_what_was_left_out_is_read_back(tmp_path: Path) -> None:
    dataset = dataset_with({"ant": 5, "bee": 5})
    split, _ = new_split(dataset, 0, numbers_of(dataset, ["ant 0", "bee 0"]), folds=3)
    whole = replace(split, sides=split.sides | {sha("gone"): LEFT_OUT})
    write_split(whole, tmp_path / "split.json")
    assert read_split(tmp_path / "split.json") == whole


def test_names_that_are_no_unicode_are_written_and_read_back(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9")
    both = enumerate(("ant", odd))
    dataset = dataset_of([record(label, f"{n} {i}", name=f"{odd}{i}") for n, label in both for i in range(4)])
    split, _ = new_split(dataset, seed=0)
    write_split(split, tmp_path / "split.json")
    assert read_split(tmp_path / "split.json") == split


def test_a_split_of_before_there_were_units_folds_and_paths_is_read(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text(json.dumps(document()), encoding="utf-8")
    split = read_split(tmp_path / "split.json")
    assert (split.units, split.folds, split.paths) == ({}, {}, {})


def test_of_copies_the_path_that_comes_first_by_name_is_kept() -> None:
    dataset = dataset_of([*dataset_with({"ant": 3, "bee": 3}).records, record("ant", "ant 1", name="a copy")])
    assert new_split(dataset, seed=0)[0].paths[sha("ant 1")] == "ant/a copy.png"


def test_the_file_is_the_same_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    dataset = ready_made({(part, label): 3 for part in SIDES for label in "ab"})
    write_split(new_split(dataset, seed=0)[0], tmp_path / "one.json")
    write_split(new_split(replace(dataset, records=dataset.records[::-1]), seed=0)[0], tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_the_file_names_pictures_below_the_data_and_no_folder_of_the_machine(tmp_path: Path) -> None:
    write_split(new_split(dataset_with({"ant": 5, "bee": 5}), seed=0)[0], tmp_path / "split.json")
    text = (tmp_path / "split.json").read_text(encoding="utf-8")
    assert json.loads(text)["paths"][sha("ant 0")] == "ant/ant 0.png"
    assert "pictures/" not in text


def test_opening_the_test_part_is_counted_in_the_file(tmp_path: Path) -> None:
    split, _ = new_split(dataset_with({"ant": 5, "bee": 5}), seed=0)
    assert split.test_opened == 0
    write_split(split.opened().opened(), tmp_path / "split.json")
    again = read_split(tmp_path / "split.json")
    assert again.test_opened == 2
    assert again.sides == split.sides


def document() -> dict[str, Any]:
    """Return a good split.json, as a document to spoil."""
    pictures = {sha("a"): "train", sha("b"): "val", sha("c"): "test"}
    return {"format": 1, "rule": "r", "seed": 0, "dataset_sha256": "d", "test_opened": 0, "pictures": pictures}


def test_the_document_that_the_tests_below_spoil_is_good(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text(json.dumps(document()), encoding="utf-8")
    assert read_split(tmp_path / "split.json").seed == 0


@pytest.mark.parametrize(
    "spoiled",
    [
        b"",
        b"{",
        b"null",
        b"7",
        b'"text"',
        b"[]",
        b"{}",
        b"\xff\xfe\x00",
        b"\x00" * 100,
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_a_file_that_is_no_split_is_refused(tmp_path: Path, spoiled: bytes) -> None:
    (tmp_path / "split.json").write_bytes(spoiled)
    with pytest.raises(UserError, match=r"split\.json (can't be read as|isn't) a split\.json"):
        read_split(tmp_path / "split.json")


@pytest.mark.parametrize("key", ["format", "rule", "seed", "dataset_sha256", "test_opened", "pictures"])
def test_a_split_that_lacks_something_is_refused(tmp_path: Path, key: str) -> None:
    spoiled = document()
    del spoiled[key]
    (tmp_path / "split.json").write_text(json.dumps(spoiled), encoding="utf-8")
    with pytest.raises(UserError, match=rf"isn't a split\.json that headstart wrote .*{key}"):
        read_split(tmp_path / "split.json")


@pytest.mark.parametrize(
    "spoiled",
    [
        {"pictures": []},
        {"pictures": None},
        {"pictures": "train"},
        {"pictures": {sha("a"): "verify"}},
        {"pictures": {sha("a"): None}},
        {"pictures": {sha("a"): ["train"]}},
        {"seed": "x"},
        {"seed": None},
        {"seed": float("nan")},
        {"seed": float("inf")},
        {"test_opened": "often"},
        {"test_opened": []},
        {"test_opened": float("inf")},
        {"units": []},
        {"units": {sha("a"): "x"}},
        {"paths": [1]},
        {"folds": {sha("a"): -1}},
        {"folds": {sha("a"): 10**9}},
        {"folds": {sha("a"): 0, sha("b"): 1}},
        {"folds": {sha("a"): 0, sha("b"): 1, sha("c"): 3}},
    ],
    ids=str,
)
def test_a_split_with_something_wrong_in_it_is_refused(tmp_path: Path, spoiled: dict[str, Any]) -> None:
    (tmp_path / "split.json").write_text(json.dumps(document() | spoiled), encoding="utf-8")
    with pytest.raises(UserError, match=r"isn't a split\.json that headstart wrote"):
        read_split(tmp_path / "split.json")


def test_a_count_of_openings_below_zero_is_refused(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text(json.dumps(document() | {"test_opened": -3}), encoding="utf-8")
    with pytest.raises(UserError, match=r"isn't a split\.json that headstart wrote"):
        read_split(tmp_path / "split.json")


def test_a_split_of_a_later_format_is_refused_with_both_formats(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text(json.dumps(document() | {"format": 2}), encoding="utf-8")
    with pytest.raises(UserError, match=r"has format 2; this headstart reads format 1\.$"):
        read_split(tmp_path / "split.json")


def test_a_missing_split_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.json doesn't exist; --split names a split\.json of an earlier run\.$"):
        read_split(tmp_path / "none.json")


def test_a_folder_in_place_of_a_split_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"can't be read as a split\.json"):
        read_split(tmp_path)


# --- a locked split -------------------------------------------------------------------------------------------


@pytest.fixture
def locked(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder of pictures and the file that locks its split."""
    root = write_classes(tmp_path / "data", {"ant": 4, "bee": 4})
    write_split(new_split(read_anew(root).dataset, seed=3)[0].opened(), tmp_path / "split.json")
    return root, tmp_path / "split.json"


def locked_again(root: Path, path: Path) -> Split:
    return locked_split(read_split(path), path, read_anew(root).dataset)


def test_a_locked_split_holds_out_the_same_pictures_again(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").rename(root / "ant" / "renamed.png")
    split = locked_again(root, path)
    assert split == replace(new_split(read_anew(root).dataset, seed=3)[0], test_opened=1, paths=split.paths)


def test_a_locked_split_refuses_a_new_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "new.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    with pytest.raises(UserError, match=r"locks other data than .* now: 1 added \(ant/new\.png\)\. Restore"):
        locked_again(root, path)


def test_a_locked_split_refuses_a_missing_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").unlink()
    with pytest.raises(UserError, match=r"now: 1 removed \(ant/00\.png\)\. Restore"):
        locked_again(root, path)


def test_a_locked_split_refuses_an_altered_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    with pytest.raises(UserError, match=r"now: 1 altered \(ant/00\.png\)\. Restore"):
        locked_again(root, path)


def test_a_locked_split_refuses_a_picture_moved_to_another_class(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").rename(root / "bee" / "moved.png")
    with pytest.raises(UserError, match=r"now: labels or copies changed\. Restore"):
        locked_again(root, path)


def test_a_locked_split_refuses_another_copy_of_a_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "copy.png").write_bytes((root / "ant" / "00.png").read_bytes())
    with pytest.raises(UserError, match=r"now: labels or copies changed\. Restore"):
        locked_again(root, path)


@pytest.mark.parametrize("empty", SIDES)
def test_a_locked_split_with_an_empty_side_is_refused(tmp_path: Path, empty: str) -> None:
    dataset = dataset_with({"ant": 5, "bee": 5})
    good, _ = new_split(dataset, seed=0)
    another = {"train": "val", "val": "test", "test": "train"}[empty]
    bent = replace(good, sides={content: another if side == empty else side for content, side in good.sides.items()})
    write_split(bent, tmp_path / "split.json")
    with pytest.raises(UserError, match=f"no readable picture is left in {empty}; add pictures"):
        locked_split(read_split(tmp_path / "split.json"), tmp_path / "split.json", dataset)


def test_a_locked_split_tells_all_that_changed_and_the_choices(locked: tuple[Path, Path]) -> None:
    root, path = locked
    for i in range(4):
        (root / "bee" / f"new{i}.png").write_bytes(encoded(picture((1, 2, 3), seed=90 + i)))
    (root / "ant" / "01.png").unlink()
    (root / "ant" / "02.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    with pytest.raises(UserError) as refused:
        locked_again(root, path)
    assert str(refused.value) == (
        f"{path} locks other data than {root} holds now: 4 added (bee/new0.png, bee/new1.png, bee/new2.png, …); "
        "1 removed (ant/01.png); 1 altered (ant/02.png). Restore the data (or give the --exclude of that run) to "
        "compare with it, or leave --split out for a new split, whose figures can't be compared with the old."
    )


def test_a_picture_renamed_and_another_in_its_place_is_an_added_one(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").rename(root / "ant" / "old.png")
    (root / "ant" / "00.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    changes = changes_since(read_split(path), read_anew(root).dataset)
    assert changes == {"added": ["ant/00.png"], "removed": [], "altered": []}


def test_a_removed_picture_of_a_split_without_paths_is_told_by_the_beginning_of_its_hash() -> None:
    dataset = dataset_with({"ant": 5, "bee": 5})
    split = replace(new_split(dataset, seed=0)[0], paths={})
    left = dataset.without([Skipped("ant/ant 0.png", "unreadable")])
    assert changes_since(split, left)["removed"] == [sha("ant 0")[:12]]


def test_what_a_split_left_out_is_neither_removed_nor_added() -> None:
    dataset = leaky(copies=2)
    left, _ = without_copies_in_test(
        dataset, numbers_of(dataset, ["train a 0"], ["train a 1"], ["train a 2", "test a 3"])
    )
    split, _ = new_split(left, seed=0)
    whole = replace(split, sides=split.sides | {sha("test a 3"): LEFT_OUT})
    assert without_left_out(dataset, whole).records == left.records
    assert locked_split(whole, Path("split.json"), without_left_out(dataset, whole)) == whole
    assert changes_since(whole, dataset) == {"added": [], "removed": [], "altered": []}


def test_a_locked_split_that_cuts_a_group_is_refused(locked: tuple[Path, Path]) -> None:
    root, path = locked
    dataset, _ = grouped_by(read_anew(root).dataset, r"^(ant)/")
    with pytest.raises(
        UserError, match=r"split\.json was drawn without these groups and cuts 1 of them apart; leave --spl"
    ):
        locked_split(read_split(path), path, dataset)


def test_ready_made_parts_that_cut_a_group_are_kept_again() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    one = replace(dataset, records=tuple(replace(r, group="one") for r in dataset.records))
    split, _ = new_split(one, seed=0)
    assert locked_split(split, Path("split.json"), one) == split
