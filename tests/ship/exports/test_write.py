"""Writing a graph: by a child process, and what is refused before one is started."""

from __future__ import annotations

from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart import child
from headstart.errors import MissingError, UserError
from headstart.networks.backbones import HANDCRAFTED
from headstart.progress import Entered, Event, silent
from headstart.ship.exports.formats import FORMATS
from headstart.ship.exports.write import check_exportable, check_installed, write_graph
from models import names
from ship.exports.small import CLASSES, PIXELS, PLAIN, heads, small_bundle, written

FEATURES = np.random.default_rng(0).gamma(2, 0.5, (40, 8)).astype(np.float32)
HEADS = heads(FEATURES, len(CLASSES))


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be written."""

    def run(*_: Any) -> None:
        raise AssertionError("a child process was started")

    monkeypatch.setattr(child, "run", run)


@pytest.mark.parametrize("precision", ["f32", "int8"])
def test_a_graph_is_written_into_the_folder_and_nothing_else(tmp_path: Path, precision: str) -> None:
    model = written(tmp_path, {"model": small_bundle(PLAIN, HEADS["dense"], CLASSES)})["model"]
    (tmp_path / "out").mkdir()
    events: list[Event] = []
    pictures = {"pixels_32": PIXELS["pixels_32"]} if precision == "int8" else None
    write_graph(model, FORMATS["openvino"], precision, tmp_path / "out", events.append, pictures)
    assert names(tmp_path / "out") == ["model.bin", "model.xml"]
    assert ("FakeQuantize" in (tmp_path / "out" / "model.xml").read_text()) == (precision == "int8")
    assert events == [Entered("writing openvino")]


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_hand_crafted_features_are_refused_by_every_format(form: Any) -> None:
    bundle = replace(small_bundle(PLAIN, HEADS["dense"], CLASSES), backbone=HANDCRAFTED)
    with pytest.raises(UserError, match="computed by scikit-image, not by a network"):
        check_exportable(bundle, form)


@pytest.mark.parametrize("name", ["kernel", "neighbours", "forest"])
def test_a_head_of_no_standard_layers_is_refused_by_keras_alone(name: str) -> None:
    bundle = small_bundle(PLAIN, HEADS[name], CLASSES)
    with pytest.raises(UserError, match="choose from onnx, openvino, litert, saved-model"):
        check_exportable(bundle, FORMATS["keras"])
    for form in ("onnx", "openvino", "litert", "saved-model"):
        check_exportable(bundle, FORMATS[form])


def test_dense_layers_go_into_every_format() -> None:
    for form in FORMATS.values():
        check_exportable(small_bundle(PLAIN, HEADS["two dense layers"], CLASSES), form)


@pytest.mark.parametrize(
    ("form", "precision", "module", "command"),
    [
        ("onnx", "f32", "onnxruntime", r"pip install 'headstart\[export\]'"),
        ("openvino", "int8", "nncf", r"pip install 'headstart\[int8\]'"),
        ("litert", "f32", "ai_edge_litert", r"pip install 'headstart\[export\]'"),
        ("keras", "f32", "tensorflow", r"pip install 'headstart\[train\]'"),
    ],
)
def test_what_is_not_installed_is_told_with_the_command_where_its_absence_is_pretended(
    monkeypatch: pytest.MonkeyPatch, form: str, precision: str, module: str, command: str
) -> None:
    found = util.find_spec
    monkeypatch.setattr("headstart.ship.exports.write.find_spec", lambda name: None if name == module else found(name))
    with pytest.raises(MissingError, match=f"--format {form} needs {module}, which isn't installed: {command}"):
        check_installed(FORMATS[form], precision)


def test_nncf_is_needed_for_int8_alone_where_its_absence_is_pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    found = util.find_spec
    monkeypatch.setattr("headstart.ship.exports.write.find_spec", lambda name: None if name == "nncf" else found(name))
    check_installed(FORMATS["openvino"], "f16")


@pytest.mark.usefixtures("no_child")
def test_a_precision_that_the_format_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--precision int8: choose from f32\."):
        write_graph(tmp_path, FORMATS["saved-model"], "int8", tmp_path, silent)


@pytest.mark.parametrize(("precision", "calibration"), [("int8", None), ("f32", {})])
@pytest.mark.usefixtures("no_child")
def test_pictures_to_calibrate_by_go_with_int8_alone(tmp_path: Path, precision: str, calibration: Any) -> None:
    with pytest.raises(ValueError, match="int8 needs them"):
        write_graph(tmp_path, FORMATS["openvino"], precision, tmp_path, silent, calibration)
