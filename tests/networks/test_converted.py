"""Networks are converted once, by content; what runs is what Keras built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart import child
from headstart.data.decode import Geometry, pixels_from
from headstart.features.engine import engine_for
from headstart.networks.backbones import BACKBONES, HANDCRAFTED, backbone
from headstart.networks.classifier import whole_network, with_preprocessing
from headstart.networks.converted import ConvertedNetwork, network_from, network_with
from headstart.networks.weight_files import arrays_of, load_weights
from headstart.networks.weights import WeightsOrigin, find_weights
from headstart.progress import silent
from networks.weights_on_disk import origin_of, random_network, write_published_layout

LITE0 = backbone("efficientnet_lite0")


@pytest.fixture(scope="module")
def photos(imagenet_200: list[Path]) -> list[Path]:
    return imagenet_200[:4]


@pytest.fixture(scope="module")
def lite0() -> ConvertedNetwork:
    return network_from(LITE0, "avg_pool", imagenet(), silent)


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be converted."""

    def run(*_: Any) -> None:
        raise AssertionError("a child process was started")

    monkeypatch.setattr(child, "run", run)


def imagenet() -> WeightsOrigin:
    return find_weights(LITE0, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)


def features(network: ConvertedNetwork, photos: list[Path]) -> NDArray[np.float32]:
    pixels = [pixels_from(path.read_bytes(), Geometry(network.image_size)) for path in photos]
    rows = dict(engine_for(network).vectors(enumerate(pixels)))
    return np.stack([rows[key] for key in range(len(photos))])


def keras_features(record_name: str, weights: WeightsOrigin, photos: list[Path]) -> NDArray[np.float32]:
    """Return what Keras itself computes on TensorFlow, in one batch."""
    record = backbone(record_name)
    network = whole_network(record, include_top=False)
    load_weights(network, network, record, weights)
    pixels = np.stack([pixels_from(path.read_bytes(), Geometry(record.image_size)) for path in photos])
    rows: NDArray[np.float32] = with_preprocessing(network, record).predict(pixels.astype(np.float32), verbose=0)
    return rows


def assert_agree(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> None:
    assert np.linalg.norm(ours - theirs) < 1e-4 * np.linalg.norm(theirs)
    assert np.linalg.norm(theirs - theirs.mean(axis=0)) > 1e-3 * np.linalg.norm(theirs)  # no constant output


def assert_runs_as_in_keras(name: str, weights: WeightsOrigin, photos: list[Path]) -> None:
    network = network_from(backbone(name), "avg_pool", weights, silent)
    assert_agree(features(network, photos), keras_features(name, weights, photos))


def test_vgg16_gives_keras_own_features_on_real_pictures(photos: list[Path], tmp_path: Path) -> None:
    path = write_published_layout(random_network("vgg16", seed=1), tmp_path / "vgg16.h5")
    assert_runs_as_in_keras("vgg16", origin_of(path), photos)


def test_efficientnet_b0_whose_graph_is_baked_for_a_batch_of_one_gives_keras_own_features(photos: list[Path]) -> None:
    assert_runs_as_in_keras("efficientnet_b0", WeightsOrigin("none", "random", seed=1), photos)


@pytest.mark.trust
@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_gives_keras_own_features_on_real_pictures(name: str, photos: list[Path]) -> None:
    assert_runs_as_in_keras(name, WeightsOrigin("none", "random", seed=1), photos)


@pytest.mark.trust
def test_vgg16_fc2_gives_4096_features(photos: list[Path]) -> None:
    weights = WeightsOrigin("none", "random", seed=1)
    network = network_from(backbone("vgg16"), "fc2", weights, silent)
    assert features(network, photos).shape == (4, 4096)


def test_the_genuine_weights_give_keras_own_features(lite0: ConvertedNetwork, photos: list[Path]) -> None:
    assert_agree(features(lite0, photos), keras_features("efficientnet_lite0", imagenet(), photos))


@pytest.mark.usefixtures("no_child")
def test_a_network_is_converted_once(lite0: ConvertedNetwork) -> None:
    assert network_from(LITE0, "avg_pool", imagenet(), silent) == lite0


@pytest.mark.usefixtures("no_child")
def test_the_same_weights_from_a_model_are_the_same_network(lite0: ConvertedNetwork) -> None:
    assert network_with(LITE0, "avg_pool", lite0.arrays(), silent) == lite0


def test_other_weights_are_another_network(lite0: ConvertedNetwork) -> None:
    arrays = lite0.arrays()
    arrays["conv_stem/kernel"] = arrays["conv_stem/kernel"] * 1.5
    other = network_with(LITE0, "avg_pool", arrays, silent)
    assert other.content_sha256 != lite0.content_sha256
    assert other.folder != lite0.folder


@pytest.mark.parametrize("file", ["network.bin", "network.xml", "network.json"])
def test_a_spoiled_file_in_the_cache_is_made_again(lite0: ConvertedNetwork, file: str) -> None:
    good = (lite0.folder / file).read_bytes()
    (lite0.folder / file).write_bytes(good[:-100] + bytes(100))
    again = network_from(LITE0, "avg_pool", imagenet(), silent)
    assert again.content_sha256 == lite0.content_sha256
    assert (again.folder / file).read_bytes() != good[:-100] + bytes(100)


def test_the_arrays_are_those_of_the_network(lite0: ConvertedNetwork) -> None:
    network = whole_network(LITE0, include_top=False)
    load_weights(network, network, LITE0, imagenet())
    expected = arrays_of(network)
    assert lite0.arrays().keys() == expected.keys()
    assert all(np.array_equal(array, expected[name]) for name, array in lite0.arrays().items())


def test_what_needs_no_network_is_there_without_a_file(cache: Path) -> None:
    network = network_with(HANDCRAFTED, "avg_pool", {}, silent)
    assert network == network_from(HANDCRAFTED, "avg_pool", WeightsOrigin("handcrafted", "none"), silent)
    assert network.dimension == HANDCRAFTED.layer("avg_pool").dimension
    assert network.arrays() == network.files == {}
    assert not network.folder.exists()


def test_what_needs_no_network_is_known_by_its_version(cache: Path) -> None:
    newer = replace(HANDCRAFTED, options=(("version", 99),))
    one, other = (network_with(record, "avg_pool", {}, silent) for record in (HANDCRAFTED, newer))
    assert one.content_sha256 != other.content_sha256
    assert one.folder != other.folder
