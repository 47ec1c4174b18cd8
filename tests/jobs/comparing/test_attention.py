"""Where a model looks, told of models of which that is known, and checked against what they answer."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyes import CORNERS, checks_in_corners, lightest_quarter, red_eye, red_quarters, write_objects
from headstart.data.records import Dataset
from headstart.features.recipe import Recipe
from headstart.jobs.comparing.attention import activation_maps, attention_of, averaged_stage, shown_to
from headstart.jobs.comparing.squares import looking_through
from headstart.learn.heads import DenseHead, KernelHead
from headstart.networks.backbones import HANDCRAFTED, backbone
from headstart.progress import Event, silent
from headstart.ship.bundle import Bundle
from models import Trained, contents, inspected_in, sentences, train

OCCLUDED: dict[str, Any] = {"flip": True}
"""What makes a recipe of which no exact map is drawn."""


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return red_quarters(tmp_path_factory.mktemp("red"))


def head_of(*sizes: int) -> DenseHead:
    """Return dense layers of random numbers, from ``sizes[0]`` features to ``sizes[-1]`` classes."""
    random = np.random.default_rng(0)
    return DenseHead(
        tuple(
            (random.normal(size=(inputs, units)).astype(np.float32), np.zeros(units, np.float32))
            for inputs, units in pairwise(sizes)
        )
    )


def bundle_of(name: str, layer: str, head: Any = None, **recipe: Any) -> Bundle:
    """Return a model without weights, to be asked how it is made."""
    record = HANDCRAFTED if name == HANDCRAFTED.name else backbone(name)
    made = Recipe(**{"layer": layer, "fit": "squash", "sizes": (record.image_size,)} | recipe)
    return Bundle(("ant", "bee"), record, made, "f32", "", {}, head or head_of(4, 2), {})


def small_vgg() -> Bundle:
    """Return a small VGG of random numbers, those of its batch normalisations as a training would leave them."""
    random = np.random.default_rng(0)
    arrays = {}
    for name, inputs, outputs in [("1_conv1", 3, 8), ("1_conv2", 8, 8), ("2_conv1", 8, 16), ("2_conv2", 16, 16)]:
        arrays[f"block{name}/kernel"] = random.normal(0, 0.2, (3, 3, inputs, outputs)).astype(np.float32)
        for part in ("beta", "moving_mean"):
            arrays[f"block{name}_bn/{part}"] = random.normal(0, 0.3, outputs).astype(np.float32)
        for part in ("gamma", "moving_variance"):
            arrays[f"block{name}_bn/{part}"] = random.uniform(0.5, 2, outputs).astype(np.float32)
    bundle = bundle_of("small_vgg2x8", "avg_pool", head_of(16, 3), sizes=(32,))
    return replace(bundle, classes=("ant", "bee", "cow"), backbone_arrays=arrays)


@pytest.mark.parametrize(
    ("bundle", "stage"),
    [
        (bundle_of("vgg16", "avg_pool"), "block5_pool"),
        (bundle_of("efficientnet_lite0", "avg_pool"), "head_relu"),
        (bundle_of("small_vgg3x8", "avg_pool", sizes=(64,)), "block3_pool"),
        (bundle_of("vgg16", "block4_pool:avg"), "block4_pool"),
        (bundle_of("vgg16", "block4_pool:max"), None),
        (bundle_of("vgg16", "block4_pool:avg+avg_pool"), None),
        (bundle_of("vgg16", "fc2"), None),
        (bundle_of("convnext_tiny", "avg_pool"), None),  # the average is normalised before it leaves
        (bundle_of("vgg16", "avg_pool", flip=True), None),
        (bundle_of("vgg16", "avg_pool", l2=True), None),
        (bundle_of("vgg16", "avg_pool", sizes=(224, 320)), None),
        (bundle_of("vgg16", "avg_pool", head_of(4, 3, 2)), None),
        (bundle_of("vgg16", "avg_pool", KernelHead(*[np.zeros((1, 1), np.float32)] * 6)), None),
        (bundle_of("handcrafted", "avg_pool"), None),
    ],
)
def test_the_map_is_exact_where_one_dense_layer_sees_the_average_of_a_stage(bundle: Bundle, stage: str | None) -> None:
    assert averaged_stage(bundle) == stage


def maps_and_scores(bundle: Bundle, data: Path) -> tuple[list[float], list[float]]:
    """Return the means of the class activation maps of pictures, and their scores without the bias."""
    dataset = inspected_in(data).dataset
    looking = looking_through(bundle, silent)
    shown = shown_to(looking, dataset, dataset.records[::3])
    scores = looking.scores([own.squares for own in shown])
    assert isinstance(bundle.head, DenseHead)
    bias = bundle.head.layers[-1][1]
    stage = averaged_stage(bundle)
    assert stage
    maps = activation_maps(looking, stage, shown, silent)
    assert all(min(each.shape) > 1 for each in maps)
    pairs = zip(scores, shown, strict=True)
    return [float(each.mean()) for each in maps], [float(own[s.predicted] - bias[s.predicted]) for own, s in pairs]


def test_the_mean_of_the_map_is_the_score_without_the_bias_for_a_real_network(trained: Trained) -> None:
    means, scores = maps_and_scores(trained.bundle, trained.data)
    assert means == pytest.approx(scores, rel=1e-3, abs=1e-4)


def test_the_mean_of_the_map_is_the_score_without_the_bias_for_a_small_network(trained: Trained) -> None:
    means, scores = maps_and_scores(small_vgg(), trained.data)
    assert means == pytest.approx(scores, rel=1e-3, abs=1e-4)


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
    bundle = replace(bundle_of("handcrafted", "avg_pool", head), facts={"approach": "handcrafted+logistic"})

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
