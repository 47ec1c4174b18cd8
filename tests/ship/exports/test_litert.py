"""LiteRT's file: it says what the model says, with operations that every LiteRT has, and names its classes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ship.exports.small import IN_LITERT, PIXELS, Model, models_once, written_with_tensorflow

DENSE = "everything, two dense layers"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    return models_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_with_tensorflow(tmp_path_factory.getbasetemp())


def file(folder: Path, precision: str, name: str) -> Path:
    return folder / f"litert {precision}" / name / "model.tflite"


def answers(path: Path) -> NDArray[np.float32]:
    """Return what the file says of the pictures, one by one, in a runtime that has the built-in operations alone."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path)).get_signature_runner()
    assert {name: entry["dtype"] for name, entry in runner.get_input_details().items()} == {
        "pixels_20": np.uint8,
        "pixels_32": np.uint8,
    }
    rows = [runner(**{name: pixels[i : i + 1] for name, pixels in PIXELS.items()}) for i in range(40)]
    return np.concatenate([row["probabilities"] for row in rows])


@pytest.mark.parametrize("name", IN_LITERT)
def test_the_file_gives_the_probabilities_that_headstart_gives(
    folder: Path, models: dict[str, Model], name: str
) -> None:
    np.testing.assert_allclose(answers(file(folder, "f32", name)), models[name].probabilities, atol=1e-5)


@pytest.mark.parametrize("precision", ["f16", "int8"])
def test_in_less_precision_the_file_is_smaller_and_the_answers_are_near(
    folder: Path, models: dict[str, Model], precision: str
) -> None:
    given = answers(file(folder, precision, DENSE))
    assert given.dtype == np.float32
    differences = np.abs(given - models[DENSE].probabilities)
    assert differences.max() > 1e-5
    assert differences.mean() < {"f16": 0.01, "int8": 0.1}[precision]


def test_class_names_lie_behind_the_graph(folder: Path) -> None:
    with zipfile.ZipFile(file(folder, "f16", DENSE)) as archive:
        assert archive.read("labels.txt").decode() == "ant\nbee\nwhite cow\n"
