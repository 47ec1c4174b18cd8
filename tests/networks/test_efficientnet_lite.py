"""EfficientNet-Lite with its genuine weights and its own classifier knows real ImageNet pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headstart.data.decode import Geometry, pixels_from
from headstart.networks.backbones import BACKBONES, Backbone, backbone
from headstart.networks.classifier import whole_network, with_preprocessing
from headstart.networks.weight_files import load_weights
from headstart.networks.weights import find_weights
from headstart.progress import silent

LITE = [name for name, record in BACKBONES.items() if record.package]


def top1(record: Backbone, pictures: list[Path]) -> float:
    """Return the accuracy of the network with its own top: wrong strides, channels or inputs bring it down."""
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    whole = whole_network(record, include_top=True)
    load_weights(whole, whole, record, origin)
    model = with_preprocessing(whole, record)
    geometry = Geometry(record.image_size, "crop")
    pixels = np.stack([pixels_from(path.read_bytes(), geometry) for path in pictures])
    predicted = model.predict(pixels.astype(np.float32), batch_size=16, verbose=0).argmax(axis=1)
    return float((predicted == [int(path.name.split("_")[0]) for path in pictures]).mean())


def test_lite0_classifies_200_real_pictures(imagenet_200: list[Path]) -> None:
    assert len(imagenet_200) == 200
    assert top1(backbone("efficientnet_lite0"), imagenet_200) >= 0.85


@pytest.mark.trust
@pytest.mark.parametrize("name", LITE)
def test_every_lite_network_classifies_200_real_pictures(name: str, imagenet_200: list[Path]) -> None:
    assert top1(backbone(name), imagenet_200) >= 0.85


@pytest.mark.parametrize(("name", "parameters"), [("lite0", 4_694_024), ("lite1", 5_470_344), ("lite2", 6_150_168)])
def test_the_networks_have_their_published_size(name: str, parameters: int) -> None:
    network = whole_network(backbone(f"efficientnet_{name}"), include_top=True)
    assert network.count_params() == parameters
