"""Weights that were never trained are told from those that were, without a false alarm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.networks.backbones import BACKBONES, Backbone, backbone, small_vgg_record
from headstart.networks.classifier import whole_network
from headstart.networks.initialisation import untrained_sign
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import arrays_of, drawn_arrays
from models import lite0
from networks.weights_on_disk import origin_of

Arrays = dict[str, NDArray[Any]]

SMALL = small_vgg_record(2, 32)


def network_of(record: Backbone) -> Any:
    import_keras()
    return whole_network(record, include_top=False)


@pytest.fixture(scope="module")
def genuine(cache: Path) -> Arrays:
    return lite0().arrays()


def test_genuine_weights_show_no_sign(genuine: Arrays) -> None:
    assert untrained_sign(genuine) == ""
    assert lite0().untrained == ""


def test_genuine_weights_of_a_mobilenet_show_no_sign(shared_data: Path) -> None:
    from headstart.networks.weight_files import load_weights

    network = network_of(backbone("mobilenet"))
    file = next((shared_data / "weights").glob("mobilenet*.h5"))
    load_weights(network, network, backbone("mobilenet"), origin_of(file))
    assert untrained_sign(arrays_of(network)) == ""


@pytest.mark.parametrize("record", [SMALL, backbone("mobilenet"), backbone("vgg16")], ids=lambda record: record.name)
def test_a_network_as_keras_or_we_begin_it_is_told(record: Backbone) -> None:
    network = network_of(record)
    for arrays in (arrays_of(network), drawn_arrays(network, seed=3)):
        assert "before any training" in untrained_sign(arrays)


@pytest.mark.trust
@pytest.mark.parametrize("record", BACKBONES.values(), ids=lambda record: record.name)
def test_every_network_of_the_table_is_told_as_keras_and_as_we_begin_it(record: Backbone) -> None:
    test_a_network_as_keras_or_we_begin_it_is_told(record)


@pytest.mark.trust
@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_published_weights_of_every_lite_network_show_no_sign(number: int) -> None:
    from headstart.networks.weight_files import load_weights
    from headstart.networks.weights import find_weights
    from headstart.progress import silent

    record = backbone(f"efficientnet_lite{number}")
    network = network_of(record)
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    load_weights(network, network, record, origin)
    assert untrained_sign(arrays_of(network)) == ""


def test_one_batch_normalisation_as_it_begins_is_enough(genuine: Arrays) -> None:
    name = next(name for name in genuine if name.endswith("moving_mean")).removesuffix("moving_mean")
    zeros = np.zeros_like(genuine[f"{name}moving_mean"])
    spoilt = genuine | {f"{name}moving_mean": zeros, f"{name}moving_variance": zeros + 1}
    assert untrained_sign(spoilt).startswith("1 of its 49 batch normalisations have means of exactly 0")
    assert untrained_sign(genuine | {f"{name}moving_mean": zeros}) == ""


def kernels(draw: Any, bias: float) -> Arrays:
    random = np.random.default_rng(0)
    return {f"conv{i}/kernel": draw(random, (3, 3, 32, 64)).astype(np.float32) for i in range(3)} | {
        "conv0/bias": np.full(64, bias, np.float32)
    }


def test_biases_that_are_all_0_are_a_sign_and_a_single_other_one_is_none() -> None:
    arrays = kernels(lambda random, shape: random.normal(size=shape), bias=0)
    assert untrained_sign(arrays) == "all of its biases are exactly 0, as before any training"
    arrays["conv0/bias"][5] = 1e-6
    assert untrained_sign(arrays) == ""


@pytest.mark.parametrize("limit", [0.02, 1.0])
def test_kernels_with_an_edge_are_a_sign_whatever_the_biases(limit: float) -> None:
    arrays = kernels(lambda random, shape: random.uniform(-limit, limit, shape), bias=0.1)
    assert "up to a sharp edge" in untrained_sign(arrays)


def test_kernels_that_are_all_the_same_are_a_sign() -> None:
    assert untrained_sign(kernels(lambda random, shape: np.full(shape, 0.1), bias=0.1))


def test_ten_steps_blur_the_edge() -> None:
    def trained(random: Any, shape: Any) -> Any:
        return random.uniform(-0.02, 0.02, shape) + 1e-3 * random.choice([-1, 1], (10, *shape)).sum(axis=0)

    assert untrained_sign(kernels(trained, bias=0.1)) == ""


def test_a_single_kernel_that_was_trained_is_enough_to_be_no_sign() -> None:
    arrays = kernels(lambda random, shape: random.uniform(-1, 1, shape), bias=0.1)
    arrays["conv1/kernel"] = np.random.default_rng(1).laplace(size=(3, 3, 32, 64)).astype(np.float32)
    assert untrained_sign(arrays) == ""


def test_a_network_without_arrays_shows_nothing() -> None:
    assert untrained_sign({}) == ""
