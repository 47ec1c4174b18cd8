"""The table of formats: every entry is whole, and names a writer that there is."""

from __future__ import annotations

import importlib
import inspect

import pytest

from headstart.ship.exports.formats import FORMATS, PRECISIONS, Format


def test_the_formats_are_these() -> None:
    assert sorted(FORMATS) == ["keras", "litert", "onnx", "openvino", "saved-model"]


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_an_entry_is_whole(form: Format) -> None:
    module, function = form.writer.split(":")
    write = getattr(importlib.import_module(module), function)
    assert list(inspect.signature(write).parameters) == ["graph", "bundle", "precision", "folder", "calibration"]
    assert form.backend in {"openvino", "tensorflow"}
    assert "f32" in form.precisions
    assert set(form.precisions) <= set(PRECISIONS)
    assert {"numpy", "pillow"} < set(form.requirements.split())
    assert all(command.startswith("pip install ") for _, command in (*form.needs, *form.int8_needs))
