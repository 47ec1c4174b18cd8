"""Where a model looks in one picture: exactly where its score is an average over places, else by covering them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eyes import red_eye
from headstart.features.recipe import Recipe
from headstart.jobs.attention import activation_maps, averaged_stage, covered_squares
from headstart.jobs.comparing.squares import squares_of
from headstart.jobs.looking import Looking, looking_through
from headstart.learn.heads import DenseHead, KernelHead
from headstart.networks.backbones import HANDCRAFTED, backbone
from headstart.progress import silent
from headstart.ship.bundle import Bundle
from models import Trained, inspected_in


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
    pictures = [squares for _, squares in squares_of(dataset, dataset.records[::3], bundle.recipe)]
    scores = looking.scores(pictures)
    positions = [int(own.argmax()) for own in scores]
    assert isinstance(bundle.head, DenseHead)
    bias = bundle.head.layers[-1][1]
    maps = activation_maps(looking, silent)
    assert maps
    drawn = maps.of(pictures, positions)
    assert all(min(each.shape) > 1 for each in drawn)
    return [float(each.mean()) for each in drawn], [
        float(own[position] - bias[position]) for own, position in zip(scores, positions, strict=True)
    ]


def test_the_mean_of_the_map_is_the_score_without_the_bias_for_a_real_network(trained: Trained) -> None:
    means, scores = maps_and_scores(trained.bundle, trained.data)
    assert means == pytest.approx(scores, rel=1e-3, abs=1e-4)


def test_the_mean_of_the_map_is_the_score_without_the_bias_for_a_small_network(trained: Trained) -> None:
    means, scores = maps_and_scores(small_vgg(), trained.data)
    assert means == pytest.approx(scores, rel=1e-3, abs=1e-4)


def test_a_model_whose_score_is_no_average_has_no_exact_map() -> None:
    bundle = red_eye(flip=True)
    assert activation_maps(Looking(bundle, (), "openvino"), silent) is None


def test_every_size_of_a_picture_is_covered_at_the_same_places() -> None:
    squares = {size: np.zeros((size, size, 3), np.uint8) for size in (32, 64)}
    places = covered_squares(squares, 8)

    assert [sorted(each) for each in places] == [[32, 64]] * 49
    assert all((each[64][::2, ::2] == each[32]).all() for each in places)
    assert len({each[32].tobytes() for each in places}) == 49
