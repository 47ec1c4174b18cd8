"""headstart as a Python package: its names, and its functions with settings as keywords."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import headstart
from headstart.settings import CheckSettings, EvaluateSettings, FixSettings, TrainSettings
from models import engine_once, write_alike

PUBLIC = [name for name in headstart.__all__ if name != "__version__"]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(headstart, name).__name__ == name


def test_every_public_name_is_listed_by_dir() -> None:
    assert dir(headstart) == sorted(headstart.__all__)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'headstart' has no attribute 'trian'"):
        headstart.trian  # noqa: B018


def test_importing_headstart_imports_no_heavy_library() -> None:
    heavy = "numpy keras openvino tensorflow PIL scipy sklearn h5py rich cyclopts safetensors"
    code = f"import headstart, sys; print(*sorted(set('{heavy}'.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "\n"


@pytest.mark.parametrize(
    ("function", "settings"),
    [
        (headstart.check, CheckSettings),
        (headstart.fix, FixSettings),
        (headstart.train, TrainSettings),
        (headstart.evaluate, EvaluateSettings),
    ],
)
def test_the_keywords_of_a_function_are_the_fields_of_its_settings(
    function: Callable[..., Any], settings: type[Any]
) -> None:
    parameters = inspect.signature(function).parameters

    assert list(parameters) == [field.name for field in dataclasses.fields(settings)]
    assert inspect.signature(function) == inspect.signature(settings)


def test_every_keyword_is_explained_in_the_documentation_of_the_function() -> None:
    text = inspect.getdoc(headstart.train) or ""

    assert text.startswith("Train a classifier")
    assert [field.name for field in dataclasses.fields(TrainSettings) if f"\n{field.name}\n    " not in text] == []


@pytest.mark.parametrize("arguments", [{"sede": 3}, {}], ids=["misspelt", "missing"])
def test_a_wrong_keyword_is_a_type_error_before_any_work(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"sede|out"):
        headstart.train(tmp_path, **arguments)


def test_out_can_not_be_given_by_position(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="positional"):
        headstart.train(tmp_path, tmp_path / "model")  # type: ignore[call-arg, arg-type]


def test_train_load_predict_and_evaluate_take_paths_as_strings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("headstart.jobs.extraction.engine_for", engine_once)
    monkeypatch.setattr("headstart.jobs.classifier.engine_for", engine_once)
    monkeypatch.chdir(tmp_path)
    write_alike(Path("data"), {"ant": 3, "bee": 3})
    results = headstart.train("data", out="model")  # type: ignore[arg-type]
    [prediction] = headstart.load("model").predict(["data/ant/00.png"])
    document = headstart.evaluate("model", "data")  # type: ignore[arg-type]

    assert results["split"]["test"] == 2
    assert prediction.label in ("ant", "bee")
    assert document["pictures"] == 6
    output = capsys.readouterr()
    assert output.out == ""
    assert "Warning: Only 2 pictures were judged" in output.err


def test_what_the_user_can_put_right_and_what_is_missing_are_told_apart() -> None:
    assert issubclass(headstart.UserError, headstart.HeadstartError)
    assert issubclass(headstart.MissingError, headstart.HeadstartError)
    assert (headstart.UserError.exit_code, headstart.MissingError.exit_code) == (2, 3)
