"""Which picture is held out: drawn by content, the same for everyone, locked in a file that can't be bent."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.records import Dataset, PictureRecord, Skipped
from headstart.data.sources import read_folder
from headstart.data.split import Split, locked_split, new_split, read_split, write_split
from headstart.errors import UserError
from pictures import encoded, picture, write_classes

ROOT = Path("pictures")
SIDES = ("train", "val", "test")


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def record(label: str, content: str, part: str | None = None, name: str = "") -> PictureRecord:
    folder = f"{part}/{label}" if part else label
    return PictureRecord(f"{folder}/{name or content}.png", label, sha(content), part)


def dataset_of(records: list[PictureRecord]) -> Dataset:
    return Dataset(ROOT, tuple(sorted({r.label for r in records})), tuple(records))


def dataset_with(counts: Mapping[str, int]) -> Dataset:
    """Return a data set with ``counts[label]`` different pictures per class."""
    return dataset_of([record(label, f"{label} {i}") for label, count in counts.items() for i in range(count)])


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
    assert new_split(replace(dataset, records=renamed), seed)[0] == new_split(dataset, seed)[0]


@given(dataset=folders(), seed=st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_copies_change_nothing_for_the_other_pictures(dataset: Dataset, seed: int) -> None:
    once = {(r.label, r.sha256): r for r in dataset.records}
    alone = replace(dataset, records=tuple(once.values()))
    assert new_split(alone, seed)[0].sides == new_split(dataset, seed)[0].sides


def test_a_renamed_picture_keeps_its_side_of_the_split(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 5, "bee": 5})
    before, _ = new_split(read_folder(root), seed=0)
    (root / "ant" / "00.png").rename(root / "ant" / "zebra.jpeg")
    (root / "bee" / "04.png").rename(root / "bee" / "-1.png")
    after, _ = new_split(read_folder(root), seed=0)
    assert after == before


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
        "train/a/train a 0.png = test/a/leak0.png), so figures on them would flatter the model; remove the copies, "
        "or put the class folders of all parts together and let headstart split them."
    )


def test_copies_between_ready_made_parts_are_refused_under_another_class_too() -> None:
    dataset = ready_made({(part, label): 4 for part in SIDES for label in "ab"})
    with pytest.raises(UserError, match="1 pictures stand in several of the ready-made parts"):
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
    dataset = read_folder(root)
    split, _ = new_split(dataset, seed=0)
    assert {dataset.records[i].path for i in split.part(dataset.records, "test")} == {
        "test/ant/00.png",
        "test/ant/01.png",
        "test/bee/00.png",
        "test/bee/01.png",
    }
    assert len(split.part(dataset.records, "val")) == 2


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


def test_the_file_is_the_same_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    dataset = ready_made({(part, label): 3 for part in SIDES for label in "ab"})
    write_split(new_split(dataset, seed=0)[0], tmp_path / "one.json")
    write_split(new_split(replace(dataset, records=dataset.records[::-1]), seed=0)[0], tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_the_file_names_no_file_of_the_user_and_no_class(tmp_path: Path) -> None:
    write_split(new_split(dataset_with({"ant": 5, "bee": 5}), seed=0)[0], tmp_path / "split.json")
    text = (tmp_path / "split.json").read_text(encoding="utf-8")
    assert "ant" not in text
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
    write_split(new_split(read_folder(root), seed=3)[0].opened(), tmp_path / "split.json")
    return root, tmp_path / "split.json"


def test_a_locked_split_holds_out_the_same_pictures_again(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").rename(root / "ant" / "renamed.png")
    split = locked_split(path, read_folder(root))
    assert split == replace(new_split(read_folder(root), seed=3)[0], test_opened=1)


def test_a_locked_split_refuses_a_new_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "new.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    with pytest.raises(UserError, match=r"locks other data than .* \(1 pictures are new or altered, 0 are gone\)"):
        locked_split(path, read_folder(root))


def test_a_locked_split_refuses_a_missing_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").unlink()
    with pytest.raises(UserError, match=r"\(0 pictures are new or altered, 1 are gone\)"):
        locked_split(path, read_folder(root))


def test_a_locked_split_refuses_an_altered_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").write_bytes(encoded(picture((1, 2, 3), seed=99)))
    with pytest.raises(UserError, match=r"\(1 pictures are new or altered, 1 are gone\)"):
        locked_split(path, read_folder(root))


def test_a_locked_split_refuses_a_picture_moved_to_another_class(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "00.png").rename(root / "bee" / "moved.png")
    with pytest.raises(UserError, match=r"\(labels or copies changed\)"):
        locked_split(path, read_folder(root))


def test_a_locked_split_refuses_another_copy_of_a_picture(locked: tuple[Path, Path]) -> None:
    root, path = locked
    (root / "ant" / "copy.png").write_bytes((root / "ant" / "00.png").read_bytes())
    with pytest.raises(UserError, match=r"\(labels or copies changed\)"):
        locked_split(path, read_folder(root))


@pytest.mark.parametrize("empty", SIDES)
def test_a_locked_split_with_an_empty_side_is_refused(tmp_path: Path, empty: str) -> None:
    dataset = dataset_with({"ant": 5, "bee": 5})
    good, _ = new_split(dataset, seed=0)
    another = {"train": "val", "val": "test", "test": "train"}[empty]
    bent = replace(good, sides={content: another if side == empty else side for content, side in good.sides.items()})
    write_split(bent, tmp_path / "split.json")
    with pytest.raises(UserError, match=f"no readable picture is left in {empty}; add pictures"):
        locked_split(tmp_path / "split.json", dataset)
