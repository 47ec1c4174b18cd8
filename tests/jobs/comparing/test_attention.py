"""Where a model looks, told of models of which that is known, and checked against what they answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyes import CORNERS, checks_in_corners, lightest_quarter, red_eye, red_quarters, write_objects
from headstart.data.records import Dataset
from headstart.features.recipe import Recipe
from headstart.jobs.comparing.attention import attention_of
from headstart.learn.heads import DenseHead
from headstart.networks.backbones import HANDCRAFTED
from headstart.progress import Event, silent
from headstart.ship.bundle import Bundle
from models import contents, sentences, train

OCCLUDED: dict[str, Any] = {"flip": True}
"""What makes a recipe of which no exact map is drawn."""


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return red_quarters(tmp_path_factory.mktemp("red"))


def test_a_real_network_looks_at_the_object_in_whichever_corner_it_is(tmp_path: Path, cache: Path) -> None:
    model = train(write_objects(tmp_path / "data"), tmp_path / "model", approach="frozen+logistic")
    dataset = checks_in_corners(tmp_path / "corners")

    found = attention_of(model.bundle, dataset, dataset.records, tmp_path, silent)

    assert found
    assert (found["of"], found["method"]) == ("frozen+logistic@efficientnet_lite0", "cam")
    assert [item["predicted"] for item in found["items"]] == ["checks"] * 4
    assert [lightest_quarter(tmp_path / item["overlay"]) for item in found["items"]] == sorted(CORNERS)


@pytest.mark.parametrize(
    ("recipe", "method"), [({}, "cam"), ({"layer": "block1_pool:avg"}, "cam"), (OCCLUDED, "occlusion")]
)
def test_a_model_that_sees_red_is_shown_to_look_at_the_red(
    tmp_path: Path, red: Dataset, recipe: dict[str, Any], method: str
) -> None:
    found = attention_of(red_eye(**recipe), red, red.records[1:], tmp_path, silent)

    assert found
    assert (found["of"], found["method"]) == ("scratch", method)
    assert [item["path"] for item in found["items"]] == [f"red/{corner}.png" for corner in sorted(CORNERS)]
    assert [lightest_quarter(tmp_path / item["overlay"]) for item in found["items"]] == sorted(CORNERS)


def test_what_is_said_of_each_picture_is_the_models_answer(tmp_path: Path, red: Dataset) -> None:
    found = attention_of(red_eye(classes=("red", "plain")), red, red.records[:2], tmp_path, silent)
    first = {"label": "plain", "predicted": "red", "probability": 0.880797, "hit": False}

    assert found
    assert found["items"][0] == {
        "path": "plain/black.png",
        **first,
        "picture": "pictures/attention-01.jpg",
        "overlay": "pictures/attention-01-overlay.jpg",
    }
    assert found["items"][1]["hit"] is False
    assert sorted(contents(tmp_path)) == [
        f"pictures/attention-0{i}{end}.jpg" for i in (1, 2) for end in ("-overlay", "")
    ]


def test_the_map_of_a_miss_is_that_of_the_class_which_was_predicted(tmp_path: Path, red: Dataset) -> None:
    records = [replace(record, label="plain") for record in red.records[1:]]
    found = attention_of(red_eye(), red, records, tmp_path, silent)

    assert found
    assert {(item["predicted"], item["hit"]) for item in found["items"]} == {("red", False)}
    assert [lightest_quarter(tmp_path / item["overlay"]) for item in found["items"]] == sorted(CORNERS)


def test_without_time_one_picture_is_shown_and_it_is_said_that_others_are_left_out(
    tmp_path: Path, red: Dataset
) -> None:
    events: list[Event] = []
    found = attention_of(red_eye(**OCCLUDED), red, red.records, tmp_path, events.append, seconds=0)

    assert found
    assert len(found["items"]) == 1
    assert sentences(events) == (
        "Where it looks is shown for 1 of 5 pictures: each takes 16 looks, and more would take over 0 seconds.",
    )


def test_hits_and_misses_are_shown_in_turns(tmp_path: Path, red: Dataset) -> None:
    records = [*red.records[:3], *(replace(record, label="plain") for record in red.records[3:])]
    found = attention_of(red_eye(**OCCLUDED), red, records, tmp_path, silent)
    assert found
    assert [item["hit"] for item in found["items"]] == [True, False, True, False, True]


@pytest.mark.parametrize("recipe", [{}, OCCLUDED])
def test_the_same_pictures_are_drawn_each_time(tmp_path: Path, red: Dataset, recipe: dict[str, Any]) -> None:
    drawn = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        found = attention_of(red_eye(**recipe), red, red.records, folder, silent)
        drawn.append((found, contents(folder)))
    assert drawn[0] == drawn[1]


def test_hand_crafted_features_are_looked_through_too(tmp_path: Path, red: Dataset) -> None:
    head = DenseHead(((np.zeros((2992, 2), np.float32), np.array([0, 1], np.float32)),))
    recipe = Recipe(layer="avg_pool", fit="squash", sizes=(HANDCRAFTED.image_size,))
    bundle = Bundle(("ant", "bee"), HANDCRAFTED, recipe, "f32", "", {}, head, {"approach": "handcrafted+logistic"})

    found = attention_of(bundle, red, red.records[:1], tmp_path, silent)

    assert found
    assert (found["of"], found["method"]) == ("handcrafted+logistic", "occlusion")


def test_a_picture_that_is_gone_is_left_out_and_without_any_nothing_is_drawn(tmp_path: Path) -> None:
    dataset = red_quarters(tmp_path / "data")
    gone, *left = dataset.records
    (tmp_path / "data" / gone.path).unlink()

    found = attention_of(red_eye(), dataset, dataset.records, tmp_path, silent)

    assert found
    assert [item["path"] for item in found["items"]] == [record.path for record in left]
    assert attention_of(red_eye(), dataset, [gone], tmp_path, silent) is None
