"""Which Keras backend is used, and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import MissingError
from headstart.networks import keras_backend


def test_tensorflow_is_found() -> None:
    assert keras_backend.training_backend() == "tensorflow"


def test_the_users_choice_comes_first_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: object())
    assert keras_backend.training_backend() == "jax"


def test_without_a_backend_one_sentence_says_what_to_install_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"frozen\+mlp trains with Keras.*pip install 'headstart\[train\]'"):
        keras_backend.required_training_backend("frozen+mlp")


def test_without_openvino_keras_converts_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", _only_torch)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert keras_backend.conversion_backend() == "torch"


def _only_torch(name: str) -> Any:
    return object() if name == "torch" else None


def test_without_a_driver_no_backend_is_imported_to_look_for_a_gpu() -> None:
    code = (
        "import sys; from headstart.networks import keras_backend as k; k._NVIDIA = '/dev/no such driver'; "
        "assert k.training_backend() and not k.on_gpu(); "
        "print([name for name in ('tensorflow', 'torch', 'jax', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("backend", keras_backend.TRAINING_BACKENDS)
def test_with_a_driver_the_installed_backend_is_asked_mock(
    backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keras_backend, "_NVIDIA", str(tmp_path))
    monkeypatch.setattr(keras_backend, "training_backend", lambda: backend)
    monkeypatch.setitem(keras_backend._GPUS, backend, lambda: True)
    assert keras_backend.on_gpu()
    monkeypatch.setitem(keras_backend._GPUS, backend, lambda: False)
    assert not keras_backend.on_gpu()


def test_with_a_driver_and_no_backend_there_is_no_gpu_for_us_mock(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keras_backend, "_NVIDIA", str(tmp_path))
    monkeypatch.setattr(keras_backend, "training_backend", lambda: None)
    assert not keras_backend.on_gpu()
