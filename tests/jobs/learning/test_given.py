"""What families are given: parts of the data in an order that names of files can't change, and the time left."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.split import new_split
from headstart.features.store import store_in_memory
from headstart.jobs.learning.given import Given, labels_of, of_sides
from headstart.jobs.setup import handcrafted_wish
from headstart.learn.approaches import approach
from headstart.settings import TrainSettings
from made_up import dataset_with

DATASET = dataset_with({"ant": 10, "bee": 10})
SPLIT, _ = new_split(DATASET, 0)


def given(**changes: Any) -> Given:
    with store_in_memory() as store:
        facts: dict[str, Any] = {
            "settings": TrainSettings(Path("data"), out=Path("out"), approach="handcrafted+svm"),
            "way": approach("handcrafted+svm"),
            "wish": handcrafted_wish("squash"),
            "dataset": DATASET,
            "split": SPLIT,
            "units": {},
            "sides": np.array([64]),
            "store": store,
        }
        return Given(**facts | changes)


def test_parts_are_those_of_the_split_in_the_order_of_their_contents() -> None:
    parts = {side: given().part(side).records for side in ("train", "val", "test")}
    assert {side: len(records) for side, records in parts.items()} == {"train": 12, "val": 4, "test": 4}
    for side, records in parts.items():
        contents = [record.sha256 for record in records]
        assert contents == sorted(contents)
        assert {SPLIT.sides[content] for content in contents} == {side}


def test_several_sides_together_are_in_one_order() -> None:
    contents = [record.sha256 for record in of_sides(DATASET, SPLIT, "val", "test").records]
    assert contents == sorted(contents)
    assert len(contents) == 8


def test_what_is_trained_on_holds_no_test_picture() -> None:
    parts = given().to_train_on()
    assert list(parts) == ["train", "val"]
    assert not any(SPLIT.sides[record.sha256] == "test" for part in parts.values() for record in part.records)


def test_labels_are_positions_of_classes() -> None:
    part = given().part("train")
    assert [part.classes[label] for label in labels_of(part)] == [record.label for record in part.records]


def test_the_time_left_is_what_is_not_reserved() -> None:
    assert given().seconds_left(5) is None
    left = given(deadline=time.monotonic() + 60).seconds_left(20)
    assert left == pytest.approx(40, abs=1)
