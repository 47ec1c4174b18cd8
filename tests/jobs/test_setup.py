"""From options to networks: refused before anything is read, and a network for each size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headstart.errors import MissingError, UserError
from headstart.features import engine
from headstart.features.recipe import Recipe
from headstart.jobs.setup import setup_of, weights_warnings, wish_of
from headstart.networks.backbone_folder import write_backbone
from headstart.networks.backbones import backbone, small_vgg_record
from headstart.networks.classifier import whole_network
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import arrays_of
from headstart.progress import silent
from headstart.settings import FeatureOptions
from models import train, write_alike


def wish(**options: Any) -> Any:
    return wish_of(FeatureOptions(Path("nowhere"), **options))


def test_without_options_it_is_the_pooled_last_map_at_the_networks_own_size() -> None:
    found = wish()
    assert found.record == backbone("efficientnet_lite0")
    assert found.recipe == Recipe("avg_pool", "squash", (224,))
    assert (found.weights, found.precision, found.seed, found.offline) == ("imagenet", "auto", 0, False)


def test_options_become_a_recipe() -> None:
    found = wish(
        layer="blocks_4+avg_pool", pool="max", fit="crop", scale=(160, 224), combine="average", flip=True, l2=True
    )
    assert found.recipe == Recipe(
        "blocks_4:max+head_relu:max", "crop", (160, 224), flip=True, combine="average", l2=True
    )


def test_a_size_that_is_named_twice_counts_once_and_the_order_stays() -> None:
    assert wish(scale=(320, 160, 320)).recipe.sizes == (320, 160)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backbone": "vgg61"}, r"No backbone is called 'vgg61'\. Did you mean vgg1"),
        ({"layer": "fc1"}, "efficientnet_lite0 offers no layer 'fc1'"),
        ({"layer": "avg_pool+"}, "offers no layer ''"),
        ({"pool": "mean"}, "--pool mean: choose from avg, max, none"),
        ({"fit": "stretch"}, "--fit stretch: choose from squash, crop, pad"),
        ({"combine": "stak"}, r"--combine stak: choose from stack, average\. Did you mean stack\?"),
        ({"scale": (224, 74)}, "--scale 74: choose from 75 to 1024 pixels"),
        ({"scale": (10**9,)}, "--scale 1000000000: choose from"),
        ({"scale": tuple(range(100, 109))}, "--scale is given 9 times; 8 sizes are the most"),
        ({"backbone": "vgg16", "layer": "fc2", "scale": (256,)}, "works on pictures of 224 pixels alone"),
        ({"pool": "none", "flip": True}, "--pool none keeps maps as they are; leave out --flip, --l2 and a second"),
        ({"pool": "none", "l2": True}, "--pool none keeps maps as they are"),
        ({"pool": "none", "scale": (160, 224)}, "--pool none keeps maps as they are"),
        ({"engine": "kears"}, r"--engine kears: choose from auto, openvino, keras\. Did you mean keras\?"),
        ({"precision": "fp16"}, "--precision fp16: choose from auto, f32, bf16, f16, int8"),
        ({"weights": "no.h5"}, "there is no such file"),
    ],
)
def test_options_that_can_not_be_are_refused_before_the_data_is_looked_at(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        wish(**options)


def test_maps_of_one_other_size_can_be_had() -> None:
    assert wish(pool="none", scale=(160,)).recipe == Recipe("head_relu:none", "squash", (160,))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"engine": "openvino"}, "--engine openvino: OpenVINO isn't installed"),
        ({"engine": "keras", "precision": "int8"}, "--precision int8 runs with OpenVINO alone"),
    ],
)
def test_what_the_machine_lacks_is_missing_mock(
    options: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "has_openvino", lambda: False)
    with pytest.raises(MissingError, match=said):
        wish(**options)


def test_every_size_has_a_network_with_the_same_weights(cache: Path) -> None:
    setup, origin = setup_of(wish(scale=(80, 224), engine="openvino", precision="f32", offline=True), silent)
    assert [network.image_size for network in setup.networks] == [80, 224]
    assert len({network.content_sha256 for network in setup.networks}) == 1
    assert len({network.folder for network in setup.networks}) == 2
    assert (setup.dimension, setup.engine, setup.precision) == (2560, "openvino", "f32")
    assert origin.kind == "package"


def test_averaged_sizes_have_vectors_of_one(cache: Path) -> None:
    setup, _ = setup_of(wish(scale=(80, 224), combine="average", offline=True), silent)
    assert setup.dimension == 1280


@pytest.fixture(scope="module")
def untrained(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backbone folder whose network was never trained."""
    import_keras()
    record = small_vgg_record(2, 4)
    arrays = arrays_of(whole_network(record, include_top=False))
    folder = tmp_path_factory.mktemp("untrained") / "backbone"
    write_backbone(folder, record, arrays, ["a" * 64], {})
    return folder


def test_weights_that_were_never_trained_are_warned_of_in_the_results(untrained: Path, tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 6, "bee": 6})
    trained = train(data, tmp_path / "model", backbone=str(untrained))
    sentence = (
        "backbone holds no trained small_vgg2x4: 4 of its 4 batch normalisations have means of exactly 0 and variances "
        "of exactly 1, as before any training. Nothing it shows comes from pretraining."
    )
    assert trained.results["warnings"][0] == sentence
    assert f"Warning: {sentence}" in trained.said


def test_random_weights_that_were_asked_for_are_not_warned_of_again(untrained: Path) -> None:
    setup, origin = setup_of(wish(backbone=str(untrained), weights="none"), silent)
    assert setup.networks[0].untrained
    assert weights_warnings(setup, origin) == ()
