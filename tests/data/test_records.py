"""What is known about pictures without their pixels: the hash of a data set, its counts, and who was skipped."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.addresses import Address
from headstart.data.records import Dataset, Listing, PictureRecord, Skipped, skipped_sentence

ROOT = Path("pictures")
ANT, BEE, COW = (PictureRecord(f"{label}/1.png", label, digit * 64) for label, digit in zip("abc", "123", strict=True))
DATASET = Dataset(ROOT, ("a", "b", "c"), (ANT, BEE, COW, replace(ANT, path="a/copy.png")))

records = st.lists(
    st.builds(
        PictureRecord,
        path=st.text("xyz/", min_size=1, max_size=9),
        label=st.sampled_from("abc"),
        sha256=st.sampled_from(["0" * 64, "1" * 64, "2" * 64]),
    ),
    max_size=9,
)


@given(records=records, shuffle=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_hash_of_a_data_set_knows_no_order_and_no_file_names(
    records: list[PictureRecord], shuffle: random.Random
) -> None:
    other = [replace(r, path=f"{r.label}/{shuffle.random()}") for r in records]
    shuffle.shuffle(other)
    here, there = Dataset(ROOT, ("a", "b", "c"), tuple(records)), Dataset(Path("x"), ("a", "b", "c"), tuple(other))
    assert here.sha256 == there.sha256


@pytest.mark.parametrize(
    "other",
    [
        (ANT, BEE, COW),
        (ANT, BEE, COW, ANT, ANT),
        (ANT, BEE, COW, BEE),
        (ANT, BEE, COW, replace(ANT, sha256="9" * 64)),
        (ANT, BEE, COW, replace(ANT, label="b")),
    ],
)
def test_the_hash_of_a_data_set_knows_every_content_label_and_copy(other: tuple[PictureRecord, ...]) -> None:
    assert replace(DATASET, records=other).sha256 != DATASET.sha256


def test_the_hash_of_a_data_set_is_the_same_everywhere_and_forever() -> None:
    assert DATASET.sha256 == "4c9b3a17e17e799df19619b31b230f46c46948382c40375c9f1079b9723d2f33"


def test_the_hash_takes_class_names_of_any_script() -> None:
    named = replace(DATASET, records=tuple(replace(r, label="жук 🐞") for r in DATASET.records))
    assert len(named.sha256) == 64


def test_a_picture_knows_the_position_of_its_class() -> None:
    assert [DATASET.label_index(r) for r in DATASET.records] == [0, 1, 2, 0]


def test_pictures_are_counted_per_class() -> None:
    assert DATASET.counts() == {"a": 2, "b": 1, "c": 1}


def test_skipped_pictures_leave_the_records_and_are_remembered_with_their_reasons() -> None:
    first, second = Skipped("b/1.png", "unreadable"), Skipped("a/copy.png", "changed")
    left = DATASET.without([first]).without([second])
    assert left.records == (ANT, COW)
    assert left.skipped == (first, second)
    assert left.classes == ("a", "b", "c")
    assert DATASET.skipped == ()


@pytest.mark.parametrize(
    ("skipped", "sentence"),
    [
        ([Skipped("a/1.jpg", "unreadable")], "Skipped 1 file (1 unreadable): a/1.jpg."),
        (
            [Skipped("a", "x"), Skipped("b", "y"), Skipped("c", "y")],
            "Skipped 3 files (2 y, 1 x): a, b, c.",
        ),
        (
            [Skipped("a", "x"), Skipped("b", "y"), Skipped("c", "y"), Skipped("d", "y")],
            "Skipped 4 files (3 y, 1 x): a, b, c, …",
        ),
    ],
)
def test_skipped_files_are_counted_by_reason_and_three_are_named(skipped: list[Skipped], sentence: str) -> None:
    assert skipped_sentence(skipped) == sentence
    assert skipped_sentence(tuple(skipped)) == sentence


def test_records_of_object_storage_name_addresses_and_no_folder() -> None:
    dataset = replace(DATASET, root=Address("s3://user:secret@bucket/x"), name="")
    assert dataset.file(replace(ANT, file="a?.png")) == Address("s3://user:secret@bucket/x/a?.png")
    assert dataset.name == "s3://user:…@bucket/x"
    assert DATASET.folder == Listing(ROOT, ()).folder == ROOT
    for data in (dataset, Listing(dataset.root, ())):
        with pytest.raises(TypeError, match=r"^s3://user:…@bucket/x is no folder$"):
            data.folder  # noqa: B018
