"""An export to OpenVINO's format is served by OpenVINO alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from headstart.errors import UserError
from headstart.manifests import EXPORT, write_manifest
from headstart.progress import silent
from headstart.server.served import served
from headstart.server.served_export import ServedExport, served_export

ENTRIES = {
    "to": "openvino",
    "precision": "f32",
    "classes": ["dark", "red", "caf\udce9"],
    "inputs": [{"name": "pixels_8", "size": 8, "fit": "pad"}, {"name": "pixels_4", "size": 4, "fit": "pad"}],
    "output": "probabilities",
    "decoder": "pillow-bicubic-2",
    "model": {"approach": "frozen+knn", "accuracy": {"value": 0.9, "low": 0.8, "high": 1.0}, "place": "/secret"},
}


def write_export(folder: Path, **changes: object) -> Path:
    """Write an export whose scores are the means of red, of both sizes together, and of blue."""
    inputs = [ops.parameter([1, size, size, 3], np.uint8, name=f"pixels_{size}") for size in (8, 4)]
    for each in inputs:
        each.output(0).get_tensor().set_names({each.friendly_name})
    means = [ops.reduce_mean(ops.convert(each, "f32"), ops.constant([1, 2]), False) for each in inputs]
    scores = ops.multiply(ops.add(*means), ops.constant(np.array([[0.0, 0.01, -0.01]], np.float32)))
    result = ops.softmax(scores, 1)
    result.output(0).get_tensor().set_names({"probabilities"})
    folder.mkdir(parents=True, exist_ok=True)
    ov.save_model(ov.Model([result], inputs), folder / "model.xml", compress_to_fp16=False)
    write_manifest(folder, EXPORT, ENTRIES | changes, ("model.xml", "model.bin"))
    return folder


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export(tmp_path_factory.mktemp("export"))


def red(value: int) -> dict[int, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return {size: np.full((size, size, 3), (value, value, 0), np.uint8) for size in (8, 4)}


def test_every_picture_gets_its_own_probabilities(export: Path) -> None:
    model = served_export(export)
    found = dict(model.probabilities([red(value) for value in range(0, 250, 10)]))
    for position, row in found.items():
        scores = np.array([0.0, 2 * 10 * position * 0.01, 0.0])
        assert row == pytest.approx(np.exp(scores) / np.exp(scores).sum(), abs=1e-5)
    assert sorted(found) == list(range(25))


def test_it_says_what_it_is(export: Path) -> None:
    model = served(export, silent)
    assert isinstance(model, ServedExport)
    assert (model.bundle, model.looking) == (None, None)
    assert model.parallel >= 1
    assert [(each.size, each.fit) for each in model.geometries] == [(8, "pad"), (4, "pad")]
    assert model.facts["test"] == {"accuracy": {"value": 0.9, "low": 0.8, "high": 1.0}}
    assert "place" not in str(model.facts)


def test_the_next_call_works_after_one_that_was_left_early(export: Path) -> None:
    model = served_export(export)
    next(model.probabilities([red(9)] * 20))
    assert len(dict(model.probabilities([red(9)] * 5))) == 5


def test_another_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    write_export(tmp_path, to="onnx")
    (tmp_path / "model.onnx").write_bytes(b"x")
    write_manifest(tmp_path, EXPORT, ENTRIES | {"to": "onnx"}, ("model.onnx",))
    with pytest.raises(UserError, match=r"is an export to onnx; serve runs .* Export again with --format openvino"):
        served(tmp_path, silent)


def test_a_graph_that_is_none_is_refused(tmp_path: Path) -> None:
    write_export(tmp_path)
    (tmp_path / "model.xml").write_text("<net/>", encoding="utf-8")
    write_manifest(tmp_path, EXPORT, ENTRIES, ("model.xml", "model.bin"))
    with pytest.raises(UserError, match=r"is refused: OpenVINO can't read its graph; export again\."):
        served(tmp_path, silent)


def test_a_graph_of_other_inputs_or_classes_is_refused(tmp_path: Path) -> None:
    for changes in ({"inputs": ENTRIES["inputs"][:1]}, {"classes": ["one", "two"]}):  # type: ignore[index]
        write_export(tmp_path, **changes)
        with pytest.raises(UserError, match=r"is refused: its graph .* export again\."):
            served(tmp_path, silent)


def test_it_needs_no_library_of_training(export: Path) -> None:
    missing = ("keras", "sklearn", "scipy", "h5py", "safetensors", "tensorflow", "torch")
    code = (
        f"import sys; sys.modules |= dict.fromkeys({missing!r}); from pathlib import Path; "
        "import headstart.server.running; from headstart.server.served import served; "
        "print(served(Path(sys.argv[1]), print).facts['approach'])"
    )
    done = subprocess.run([sys.executable, "-c", code, export], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("frozen+knn\n", "")
