"""OpenVINO's files: they say what the model says, for one picture at a time, and name classes and inputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.child import silence_openvino_telemetry
from headstart.ship.exports.openvino_ir import HEAD_PREFIX
from ship.exports.small import OF_EACH_KIND, PIXELS, Model, models_once, write

DENSE = "everything, two dense layers"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    return models_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: dict[str, Model]) -> Path:
    """What was written: of each kind of head in f32, and one model in the other precisions."""
    out = tmp_path_factory.mktemp("openvino")
    wanted = [("openvino", "f32", name) for name in OF_EACH_KIND]
    wanted += [("openvino", precision, DENSE) for precision in ("f16", "int8")]
    write(models, wanted, "openvino", out)
    return out


def read(folder: Path, precision: str, name: str) -> Any:
    silence_openvino_telemetry()
    import openvino as ov

    return ov.Core().read_model(folder / f"openvino {precision}" / name / "model.xml")


def answers(model: Any) -> NDArray[np.float32]:
    """Return what an OpenVINO model says of the pictures, one by one."""
    import openvino as ov

    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    rows = [compiled({name: pixels[i : i + 1] for name, pixels in PIXELS.items()})["probabilities"] for i in range(40)]
    return np.concatenate(rows)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_the_files_give_the_probabilities_that_headstart_gives(
    folder: Path, models: dict[str, Model], name: str
) -> None:
    np.testing.assert_allclose(answers(read(folder, "f32", name)), models[name].probabilities, atol=1e-5)


def test_inputs_take_one_picture_as_bytes_and_the_output_is_named(folder: Path) -> None:
    model = read(folder, "f32", DENSE)
    described = [(value.get_any_name(), str(value.element_type), list(value.shape)) for value in model.inputs]
    assert sorted(described) == [
        ("pixels_20", "<Type: 'uint8_t'>", [1, 20, 20, 3]),
        ("pixels_32", "<Type: 'uint8_t'>", [1, 32, 32, 3]),
    ]
    assert [(value.get_any_name(), list(value.shape)) for value in model.outputs] == [("probabilities", [1, 3])]


def test_class_names_are_in_the_file_as_they_are_and_parted_at_spaces(folder: Path) -> None:
    model = read(folder, "f32", DENSE)
    assert json.loads(model.get_rt_info(["model_info", "classes"]).astype(str)) == ["ant", "bee", "white cow"]
    assert model.get_rt_info(["model_info", "labels"]).astype(str) == "ant bee white_cow"


def test_with_f16_the_weights_take_half_the_space_and_the_answers_hardly_change(
    folder: Path, models: dict[str, Model]
) -> None:
    sizes = {p: (folder / f"openvino {p}" / DENSE / "model.bin").stat().st_size for p in ("f32", "f16")}
    assert sizes["f16"] < 0.7 * sizes["f32"]
    difference = np.abs(answers(read(folder, "f16", DENSE)) - models[DENSE].probabilities).max()
    assert 1e-5 < difference < 0.05


def test_with_int8_the_network_is_rounded_and_lengths_and_the_head_are_not(
    folder: Path, models: dict[str, Model]
) -> None:
    model = read(folder, "int8", DENSE)
    rounding = [each for each in model.get_ops() if each.get_type_name() == "FakeQuantize"]
    fed = [target.get_node() for each in rounding for target in each.output(0).get_target_inputs()]
    assert len(rounding) > 8  # two for each convolution of each of the networks
    assert not {each.get_type_name() for each in fed} & {"Divide", "Power", "ReduceSum", "Sqrt"}
    assert not [each for each in fed if each.get_friendly_name().startswith(HEAD_PREFIX)]
    assert HEAD_PREFIX in "".join(each.get_friendly_name() for each in model.get_ops())
    same = answers(model).argmax(axis=1) == models[DENSE].probabilities.argmax(axis=1)
    assert same.mean() > 0.6  # of a network of random weights, which rounding hits hard
