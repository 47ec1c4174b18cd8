"""All are judged at once, on the pictures that all have answered, and what they share they pay alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headstart.data.records import Dataset, PictureRecord
from headstart.data.split import Split
from headstart.jobs.comparing import judged
from headstart.jobs.comparing.judged import entries_of, in_order, verdict_of
from headstart.jobs.comparing.parts import Said
from jobs.comparing.grounds import part_of
from made_up import dataset_of

SIDES = {"train": 3, "val": 2, "test": 4}
"""How many pictures are on each side; they are called after it, and the classes take turns."""

RECORDS = [
    PictureRecord(f"{side}/{i}.png", "ab"[i % 2], f"{side} {i}") for side, count in SIDES.items() for i in range(count)
]
SPLIT = Split({record.sha256: record.sha256.split()[0] for record in RECORDS}, 0, "made up", "")
UNITS = {record.sha256: number // 2 for number, record in enumerate(RECORDS)}


@pytest.fixture
def dataset() -> Dataset:
    return dataset_of(RECORDS)


def test_a_picture_that_one_has_not_answered_judges_none(dataset: Dataset) -> None:
    on = judged.tested(dataset, SPLIT, UNITS, [part_of("a", test=4), part_of("b", test=3)])
    assert on.contents == ["test 0", "test 1", "test 2"]
    assert on.labels.tolist() == [0, 1, 0]
    assert on.units == [UNITS[content] for content in on.contents]


def test_always_answering_trains_most_frequent_class_is_right_for_some(dataset: Dataset) -> None:
    on = judged.tested(dataset, SPLIT, UNITS, [part_of("a")])
    assert on.train_labels.tolist() == [0, 1, 0]
    assert on.majority_right.tolist() == [True, False, True, False]


def test_what_all_share_costs_each_of_them_the_same(dataset: Dataset) -> None:
    parts = [
        part_of("a", seconds={"features": 9.0, "fit": 1.0}),
        part_of("b", seconds={"features": 0.1, "fit": 2.0}),
        part_of("c", seconds={"features": 0.2}, weights={"content_sha256": "other"}),
        part_of("d", seconds={"features": 0.3, "train": 5.0}, family="scratch"),
    ]
    entries = entries_of(parts, judged.tested(dataset, SPLIT, UNITS, parts), dataset, 0)
    assert [entry["seconds"] for entry in entries] == [
        {"features": 9.0, "fit": 1.0},
        {"features": 9.0, "fit": 2.0},
        {"features": 0.2},
        {"features": 0.3, "train": 5.0},
    ]
    assert parts[1].entry["seconds"]["features"] == 0.1


def test_warnings_of_the_approach_and_of_its_figures_stand_together(dataset: Dataset) -> None:
    parts = [part_of("a", warnings=["not converged"])]
    (entry,) = entries_of(parts, judged.tested(dataset, SPLIT, UNITS, parts), dataset, 0)
    assert entry["warnings"][0] == "not converged"
    assert len(entry["warnings"]) > 1
    assert "warnings" not in entry["test"]
    assert parts[0].entry["warnings"] == ["not converged"]


def test_the_threshold_of_two_classes_is_chosen_on_val(dataset: Dataset) -> None:
    contents = ("val 0", "val 1")
    sure, doubtful = (
        replace(part_of(name), val=Said(contents, np.array(proba, np.float32)))
        for name, proba in (("sure", [[0.9, 0.1], [0.1, 0.9]]), ("doubtful", [[0.9, 0.1], [0.75, 0.25]]))
    )
    parts = [sure, doubtful]
    first, second = entries_of(parts, judged.tested(dataset, SPLIT, UNITS, parts), dataset, 0)
    assert first["test"]["operating_point"]["chosen_on"] == "val"
    assert first["test"]["accuracy"] == second["test"]["accuracy"]
    assert first["test"]["operating_point"]["threshold"] > second["test"]["operating_point"]["threshold"]


def test_the_order_is_that_on_val_and_of_the_same_merit_that_in_which_they_ran() -> None:
    entries = [
        part_of("slow", accuracy=0.9, seconds={"fit": 9.0}).entry,
        part_of("quick", accuracy=0.9, seconds={"fit": 1.0}).entry,
        part_of("best", accuracy=0.95).entry,
    ]
    assert in_order(entries) == ["best", "slow", "quick"]


def test_a_class_without_test_pictures_is_known_to_the_verdict(dataset: Dataset) -> None:
    only_a = {content: "train" if content in ("test 1", "test 3") else side for content, side in SPLIT.sides.items()}
    parts = [part_of("a")]
    split = replace(SPLIT, sides=only_a)
    on = judged.tested(dataset, split, UNITS, parts)
    said = verdict_of(entries_of(parts, on, dataset, 0), parts, on, 1)["verdict"]["statements"]
    assert [each["values"]["names"] for each in said if each["key"] == "classes_without_pictures"] == [["b"]]


def test_nothing_done_is_a_verdict_too(dataset: Dataset) -> None:
    on = judged.tested(dataset, SPLIT, UNITS, [])
    document = verdict_of([], [], on, 1)
    assert (document["verdict"]["winner"], document["pairs"]) == (None, [])
    assert on.contents == [f"test {number}" for number in range(4)]
