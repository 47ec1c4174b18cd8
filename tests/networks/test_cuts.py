"""Cuts: one text says where a network ends, and what leaves it there is what Keras' own sub-model gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.features.engine import engine_for
from headstart.networks.backbones import BACKBONES, Backbone, backbone
from headstart.networks.classifier import cut_at, parts_of, whole_network, with_preprocessing
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.cuts import AVERAGE, POOLS, Cut, Tap, cut_of, cut_text, sized
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import layer_names, load_weights, variables
from headstart.networks.weights import WeightsOrigin, find_weights
from headstart.progress import silent
from pictures import COLOURS, picture

LITE0, VGG16, CONVNEXT = backbone("efficientnet_lite0"), backbone("vgg16"), backbone("convnext_tiny")
SMALL = 75
TOGETHER = "blocks_4:avg+blocks_10:max+avg_pool"
MAP = "blocks_10:none"

Matrix = NDArray[np.float32]


# --- what the text says ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "text", "cut"),
    [
        (LITE0, "avg_pool", Cut((Tap("head_relu", "avg"),), needs_top=False)),
        (LITE0, "head_relu:max", Cut((Tap("head_relu", "max"),), needs_top=False)),
        (LITE0, MAP, Cut((Tap("blocks_10", "none"),), needs_top=False)),
        (VGG16, "fc2", Cut((Tap("fc2", None),), needs_top=True)),
        (VGG16, "fc1+fc2", Cut((Tap("fc1", None), Tap("fc2", None)), needs_top=True)),
        (VGG16, "block4_pool:max+fc1", Cut((Tap("block4_pool", "max"), Tap("fc1", None)), needs_top=True)),
    ],
)
def test_a_text_names_the_layers_and_their_pooling_in_the_order_of_the_vector(
    record: Backbone, text: str, cut: Cut
) -> None:
    assert cut_of(record, text) == cut
    assert cut.is_map == text.endswith(":none")


@pytest.mark.parametrize(
    ("record", "layers", "pool", "text"),
    [
        (LITE0, "avg_pool", "avg", "avg_pool"),
        (LITE0, "avg_pool", "max", "head_relu:max"),
        (LITE0, "avg_pool", "none", "head_relu:none"),
        (LITE0, "blocks_10", "avg", "blocks_10:avg"),
        (LITE0, "blocks_4+avg_pool", "avg", "blocks_4:avg+avg_pool"),
        (LITE0, "blocks_4+avg_pool", "max", "blocks_4:max+head_relu:max"),
        (VGG16, "fc1+fc2", "avg", "fc1+fc2"),
        (VGG16, "block5_pool+fc2", "max", "block5_pool:max+fc2"),
        # Its average is normalised, and no map's average: there is no map at its end.
        (CONVNEXT, "avg_pool", "avg", "avg_pool"),
        (CONVNEXT, "layer_normalization", "avg", "avg_pool"),
        (CONVNEXT, "convnext_tiny_stem+avg_pool", "max", "convnext_tiny_stem:max+avg_pool"),
    ],
)
def test_options_become_the_text(record: Backbone, layers: str, pool: str, text: str) -> None:
    assert cut_text(record, layers, pool) == text


@pytest.mark.parametrize("record", BACKBONES.values(), ids=BACKBONES)
@pytest.mark.parametrize("pool", POOLS)
def test_every_backbone_can_be_cut_at_every_stage(record: Backbone, pool: str) -> None:
    cuts = [cut_of(record, cut_text(record, stage, pool)) for stage in record.maps]
    assert cuts == [Cut((Tap(stage, pool),), needs_top=False) for stage in record.maps]


@pytest.mark.parametrize(
    ("record", "layers", "pool", "said"),
    [
        (LITE0, "avg_pool", "mean", "--pool mean: choose from avg, max, none. Did you mean max?"),
        (LITE0, "avg_pool", "", "--pool : choose from avg, max, none."),
        (VGG16, "fc1", "max", "--pool max: fc1 of vgg16 is a vector already; leave --pool out."),
        (CONVNEXT, "avg_pool", "max", "--pool max: avg_pool of convnext_tiny is a vector already; leave --pool out."),
        (VGG16, "fc1+fc2", "none", "--pool none: fc1+fc2 of vgg16 is a vector already; leave --pool out."),
        (
            LITE0,
            "fc1",
            "avg",
            "efficientnet_lite0 offers no layer 'fc1' for features; choose from: avg_pool, or the end of a stage: "
            "blocks_0, blocks_2, blocks_4, blocks_10, head_relu.",
        ),
        (LITE0, "blocks_4+blocks_4", "avg", "--layer blocks_4:avg+blocks_4:avg: the same layer stands there twice."),
        (LITE0, "head_relu+avg_pool", "avg", "--layer head_relu:avg+avg_pool: the same layer stands there twice."),
        (
            LITE0,
            "blocks_4+avg_pool",
            "none",
            "--layer blocks_4:none+head_relu:none: a map can't be part of a vector; choose --pool avg or max, or one "
            "layer.",
        ),
    ],
)
def test_what_can_not_be_is_refused_with_one_sentence(record: Backbone, layers: str, pool: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        cut_text(record, layers, pool)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "text",
    ["", "+", "avg_pool+", "avg_pool:max", "blocks_4", "blocks_4:", "blocks_4:mean", "blocks_4:avg:avg", "nothing"],
)
def test_a_text_that_names_no_cut_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="offers no layer"):
        cut_of(LITE0, text)


# --- other sizes ----------------------------------------------------------------------------------------------


def test_a_network_takes_another_size_where_only_its_maps_are_used() -> None:
    assert sized(LITE0, 320, TOGETHER) == replace(LITE0, image_size=320)
    assert sized(LITE0, 224, "avg_pool") is LITE0
    assert sized(VGG16, 224, "fc2") is VGG16


@pytest.mark.parametrize("size", [75, 1024])
def test_the_smallest_and_the_largest_size_are_taken(size: int) -> None:
    assert sized(LITE0, size, "avg_pool").image_size == size


@pytest.mark.parametrize("size", [74, 1025, 0, -1, 10**9])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(UserError) as refused:
        sized(LITE0, size, "avg_pool")
    assert str(refused.value) == f"--scale {size}: choose from 75 to 1024 pixels."


def test_dense_layers_work_on_their_own_size_alone() -> None:
    with pytest.raises(UserError) as refused:
        sized(VGG16, 256, "block4_pool:avg+fc1")
    assert str(refused.value) == (
        "--scale 256: block4_pool:avg+fc1 of vgg16 works on pictures of 224 pixels alone; choose avg_pool or a stage."
    )


# --- what leaves the network ----------------------------------------------------------------------------------


def pictures_of(record: Backbone) -> Matrix:
    """Return three different pictures as preprocessed pixels."""
    side = (record.image_size, record.image_size)
    pixels = np.stack([np.asarray(picture(colour, i, side)) for i, colour in enumerate(COLOURS.values())])
    return np.asarray(pixels / 128 - 1, np.float32)


def outputs_of(network: Any, outputs: list[Any], pixels: Matrix) -> list[Matrix]:
    """Return what Keras computes of several tensors of a network, in one pass."""
    found: list[Matrix] = import_keras().Model(network.input, outputs).predict(pixels, verbose=0)
    return found


def assert_every_stage_is_keras_own(record: Backbone) -> None:
    """Cut at every stage in every way, and compare with the map that Keras knows under the stage's name."""
    import_keras().utils.clear_session()  # names that Keras makes up begin at the first again
    network = whole_network(record, include_top=False)
    load_weights(network, network, record, WeightsOrigin("none", "random", seed=1))
    texts = [f"{stage}:{pool}" for stage in record.maps for pool in POOLS]
    ours = [cut_at(network, record, text).output for text in [*texts, AVERAGE]]
    theirs = [network.get_layer(stage).output for stage in record.maps]
    rows = outputs_of(network, [*ours, *theirs, network.output], pictures_of(record))
    found, maps, average = rows[: len(ours)], rows[len(ours) : -1], rows[-1]
    expected = [
        pooled for each in maps for pooled in (each.mean(axis=(1, 2)), each.max(axis=(1, 2)), each.reshape(3, -1))
    ]
    for own, pooled in zip(found, [*expected, average], strict=True):
        np.testing.assert_allclose(own, pooled, rtol=1e-4, atol=1e-5 * np.abs(pooled).max())
        assert np.abs(own).max() > 0
    assert [parts_of(network, record, f"{stage}:none") for stage in record.maps] == [[m.shape[1:]] for m in maps]


def test_every_stage_of_mobilenet_gives_what_keras_own_layer_gives() -> None:
    assert_every_stage_is_keras_own(replace(backbone("mobilenet"), image_size=SMALL))


@pytest.mark.trust
@pytest.mark.parametrize("record", BACKBONES.values(), ids=BACKBONES)
def test_every_stage_of_every_backbone_gives_what_keras_own_layer_gives(record: Backbone) -> None:
    assert_every_stage_is_keras_own(record)


def test_layers_stand_side_by_side_in_the_order_of_the_text() -> None:
    record = replace(LITE0, image_size=SMALL)
    network = whole_network(record, include_top=False)
    texts = ["avg_pool", "blocks_10:max", "blocks_4:avg", "blocks_4:max"]
    together, *each = outputs_of(
        network,
        [cut_at(network, record, text).output for text in ("+".join(texts), *texts)],
        pictures_of(record),
    )
    np.testing.assert_array_equal(together, np.hstack(each))
    assert parts_of(network, record, "+".join(texts)) == [(1280,), (112,), (40,), (40,)]


def test_fc1_and_fc2_of_vgg16_stand_side_by_side() -> None:
    network = whole_network(VGG16, include_top=True)
    fc1, fc2 = (network.get_layer(name).output for name in ("fc1", "fc2"))
    together = cut_at(network, VGG16, "fc1+fc2").output
    found, first, second = outputs_of(network, [together, fc1, fc2], pictures_of(VGG16)[:1])
    assert (first.shape, second.shape) == ((1, 4096), (1, 4096))
    np.testing.assert_array_equal(found, np.hstack([first, second]))
    assert parts_of(network, VGG16, "fc1+fc2") == [(4096,), (4096,)]
    assert not np.array_equal(first, second)


def assert_named_alike_when_built_again(name: str) -> None:
    record = replace(backbone(name), image_size=SMALL)
    first, second = (whole_network(record, include_top=False) for _ in range(2))
    for ours, theirs in zip(variables(second).values(), variables(first).values(), strict=True):
        ours.assign(theirs)
    places = [[network.layers.index(layer_names(network)[s]) for s in record.stages] for network in (first, second)]
    assert places[0] == places[1]
    text = "+".join(f"{stage}:avg" for stage in record.stages)
    rows = [cut_at(network, record, text).predict(pictures_of(record), verbose=0) for network in (first, second)]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert [layer.name for layer in first.layers] != [layer.name for layer in second.layers]


def test_names_that_keras_counts_up_name_the_same_stages_of_a_second_xception() -> None:
    assert_named_alike_when_built_again("xception")


@pytest.mark.trust
def test_names_that_keras_counts_up_name_the_same_stages_of_a_second_nasnet() -> None:
    assert_named_alike_when_built_again("nasnet_mobile")


# --- converted ------------------------------------------------------------------------------------------------


def imagenet(text: str) -> WeightsOrigin:
    return find_weights(LITE0, "imagenet", layer=text, seed=0, offline=True, listen=silent)


def assert_runs_as_in_keras(record: Backbone, text: str) -> ConvertedNetwork:
    network = network_from(record, text, imagenet(text), silent)
    whole = whole_network(record, include_top=False)
    load_weights(whole, whole, record, imagenet(text))
    side = (record.image_size, record.image_size)
    pixels = [np.asarray(picture(colour, i, side)) for i, colour in enumerate(COLOURS.values())]
    model = with_preprocessing(cut_at(whole, record, text), record)
    theirs = model.predict(np.stack(pixels).astype(np.float32), verbose=0)
    rows = dict(engine_for(network, "openvino").vectors(enumerate(pixels)))
    ours = np.stack([rows[key] for key in range(len(pixels))])
    assert ours.shape == (3, network.dimension)
    ends = np.cumsum(network.lengths)[:-1]
    for own, their in zip(np.split(ours, ends, axis=1), np.split(theirs, ends, axis=1), strict=True):
        assert np.linalg.norm(own - their) < 1e-4 * np.linalg.norm(their)
        assert np.linalg.norm(their - their.mean(axis=0)) > 1e-3 * np.linalg.norm(their)
    return network


def test_stages_side_by_side_at_another_size_run_converted_as_in_keras(cache: Path) -> None:
    network = assert_runs_as_in_keras(sized(LITE0, 160, TOGETHER), TOGETHER)
    assert network.parts == ((40,), (112,), (1280,))
    assert network.lengths == (40, 112, 1280)
    assert (network.dimension, network.image_size, network.layer) == (1432, 160, TOGETHER)


def test_a_map_runs_converted_as_in_keras(cache: Path) -> None:
    network = assert_runs_as_in_keras(LITE0, MAP)
    assert network.parts == ((14, 14, 112),)
    assert network.lengths == (14 * 14 * 112,)
    assert network.dimension == 14 * 14 * 112


@pytest.mark.trust
@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_cut_at_all_its_stages_runs_converted_as_in_keras(name: str, cache: Path) -> None:
    record, origin = backbone(name), WeightsOrigin("none", "random", seed=1)
    text = "+".join([*(f"{stage}:avg" for stage in record.stages[:-1]), AVERAGE])
    network = network_from(record, text, origin, silent)
    whole = whole_network(record, include_top=False)
    cut = cut_at(whole, record, text)
    load_weights(whole, cut, record, origin)
    side = (record.image_size, record.image_size)
    pixels = [np.asarray(picture(colour, i, side)) for i, colour in enumerate(COLOURS.values())]
    theirs = with_preprocessing(cut, record).predict(np.stack(pixels).astype(np.float32), verbose=0)
    rows = dict(engine_for(network, "openvino").vectors(enumerate(pixels)))
    ours = np.stack([rows[key] for key in range(3)])
    assert np.linalg.norm(ours - theirs) < 1e-4 * np.linalg.norm(theirs)
