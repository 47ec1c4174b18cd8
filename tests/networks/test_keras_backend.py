"""Which Keras backend is used, and what is said where there is none."""

from __future__ import annotations

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
