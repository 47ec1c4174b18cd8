"""A model as an ONNX file says what the model says: every network, every head, every recipe."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import openvino as ov
import pytest
from numpy.typing import NDArray

from headstart import __version__
from headstart.data.decode import Geometry, pixels_from
from headstart.networks.backbones import BACKBONES, backbone
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.weights import WeightsOrigin
from headstart.progress import silent
from headstart.ship.exports.onnx_file import metadata_of, onnx_model_of
from models import lite0
from ship.exports.onnx_cases import each_by_onnx, each_by_openvino
from ship.exports.small import MODELS, PIXELS, Model, models_once, write

DENSE = "everything, two dense layers"
ODD_NAMES = ("<b>&amp;\"'\n", "\udcff", " ")
"""Names that strangers give their classes."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    return models_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: dict[str, Model]) -> Path:
    """What was written: every model in f32, and one in the other precisions."""
    out = tmp_path_factory.mktemp("onnx")
    wanted = [("onnx", "f32", name) for name in MODELS] + [("onnx", precision, DENSE) for precision in ("f16", "int8")]
    write(models, wanted, "openvino", out)
    return out


def read(folder: Path, precision: str, name: str) -> onnx.ModelProto:
    place = folder / f"onnx {precision}" / name
    assert [file.name for file in place.iterdir()] == ["model.onnx"]
    return onnx.load_model(place / "model.onnx")


@pytest.mark.parametrize("name", MODELS)
def test_a_file_gives_the_probabilities_that_headstart_gives(folder: Path, models: dict[str, Model], name: str) -> None:
    np.testing.assert_allclose(each_by_onnx(read(folder, "f32", name), PIXELS), models[name].probabilities, atol=1e-5)


def test_with_f16_the_weights_take_half_the_space_and_the_answers_hardly_change(
    folder: Path, models: dict[str, Model]
) -> None:
    assert _bytes_of_kernels(read(folder, "f16", DENSE)) * 2 == _bytes_of_kernels(read(folder, "f32", DENSE))
    difference = np.abs(each_by_onnx(read(folder, "f16", DENSE), PIXELS) - models[DENSE].probabilities).max()
    assert 1e-5 < difference < 0.05


def test_with_int8_the_network_is_rounded_and_the_head_is_not(folder: Path, models: dict[str, Model]) -> None:
    model = read(folder, "int8", DENSE)
    made_by = {name: node for node in model.graph.node for name in node.output}
    whole = {node.op_type for node in model.graph.node if not _sources(node, made_by) & {"DequantizeLinear"}}
    rounded = {node.op_type for node in model.graph.node if _sources(node, made_by) & {"DequantizeLinear"}}
    assert "Conv" in rounded - whole
    assert "MatMul" in whole - rounded
    assert np.abs(each_by_onnx(model, PIXELS) - models[DENSE].probabilities).mean() < 0.1


def _sources(node: onnx.NodeProto, made_by: dict[str, onnx.NodeProto]) -> set[str]:
    return {made_by[name].op_type for name in node.input if name in made_by}


def test_a_file_says_what_goes_in_and_comes_out(folder: Path) -> None:
    graph = read(folder, "f32", DENSE).graph
    assert sorted(_described(value) for value in graph.input) == [
        ("pixels_20", onnx.TensorProto.UINT8, [1, 20, 20, 3]),
        ("pixels_32", onnx.TensorProto.UINT8, [1, 32, 32, 3]),
    ]
    assert [_described(value) for value in graph.output] == [("probabilities", onnx.TensorProto.FLOAT, [1, 3])]


def _described(value: onnx.ValueInfoProto) -> tuple[str, int, list[int]]:
    tensor = value.type.tensor_type
    return value.name, tensor.elem_type, [dimension.dim_value for dimension in tensor.shape.dim]


@pytest.mark.parametrize("precision", ["f32", "f16", "int8"])
def test_a_file_knows_its_classes_and_who_wrote_it(folder: Path, precision: str) -> None:
    model = read(folder, precision, DENSE)
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "classes": '["ant", "bee", "white cow"]',
        "backbone": "small_vgg2x4",
        "head": "dense",
        "approach": "",
    }
    assert (model.producer_name, model.producer_version) == ("headstart", __version__)


def test_any_name_of_a_class_can_be_read_back(models: dict[str, Model]) -> None:
    facts = metadata_of(replace(models[DENSE].bundle, classes=ODD_NAMES, facts={"approach": "frozen+mlp"}))
    assert json.loads(facts["classes"].encode()) == list(ODD_NAMES)
    assert facts["approach"] == "frozen+mlp"


def test_two_looks_through_one_network_store_it_once(folder: Path) -> None:
    once, twice = (_bytes_of_kernels(read(folder, "f32", name)) for name in ("plain", "flip"))
    assert once == twice > 0


def _bytes_of_kernels(model: onnx.ModelProto) -> int:
    return sum(len(tensor.raw_data) for tensor in model.graph.initializer if tensor.dims[-2:] == [3, 3])


def _network(found: ConvertedNetwork) -> ov.Model:
    """Return a converted network for one picture of bytes, its tensors named as those of an export."""
    model = ov.Core().read_model(found.folder / "network.xml")
    model.reshape([1, found.image_size, found.image_size, 3])
    steps = ov.preprocess.PrePostProcessor(model)
    steps.input().tensor().set_element_type(ov.Type.u8)
    model = steps.build()
    model.input(0).tensor.set_names({"pixels"})
    model.output(0).tensor.set_names({"probabilities"})
    return model


def relative_difference(network: ov.Model, made: onnx.ModelProto, pixels: NDArray[np.uint8]) -> float:
    """Return how far the two are apart at most, for pictures ``(n, size, size, 3)``, as part of the vector's length."""
    theirs, ours = each_by_openvino(network, {"pixels": pixels}), each_by_onnx(made, {"pixels": pixels})
    return float((np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1)).max())


def test_a_genuine_network_gives_its_features_on_real_pictures(imagenet_200: list[Path]) -> None:
    network = _network(lite0())
    made = onnx_model_of(network, {})
    pixels = np.stack([pixels_from(path.read_bytes(), Geometry(224)) for path in imagenet_200[:3]])
    assert relative_difference(network, made, pixels) < 1e-5
    of_kind = Counter(node.op_type for node in made.graph.node)
    assert of_kind["BatchNormalization"] == 0
    assert of_kind["Transpose"] == 1  # of the pixels, whose channels lie last


TOUCHY = {"efficientnet_v2_b0": 1e-3}
"""Networks with random weights that make 2e-4 of a change of their pixels by a millionth."""


@pytest.mark.trust
@pytest.mark.parametrize("name", BACKBONES)
def test_every_network_of_the_table_gives_its_features(name: str) -> None:
    record = backbone(name)
    network = _network(network_from(record, "avg_pool", WeightsOrigin("none", "random", seed=0), silent))
    made = onnx_model_of(network, {})
    onnx.checker.check_model(made, full_check=True)
    pixels = np.random.default_rng(0).integers(0, 256, (2, record.image_size, record.image_size, 3), np.uint8)
    assert relative_difference(network, made, pixels) < TOUCHY.get(name, 1e-4)
