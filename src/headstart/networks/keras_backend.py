"""Which Keras backend a process uses, and importing Keras without its habits (files in the home folder)."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headstart.child import quiet_environment, silence_openvino_telemetry
from headstart.errors import MissingError

TRAINING_BACKENDS = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}
"""Keras backends that compute gradients, and the module that each needs."""


def has_openvino() -> bool:
    """Whether OpenVINO is installed."""
    return find_spec("openvino") is not None


def training_backend() -> str | None:
    """Return the installed Keras backend that can train: the user's ``KERAS_BACKEND`` first; None if there is none."""
    wished = os.environ.get("KERAS_BACKEND", "")
    for name in sorted(TRAINING_BACKENDS, key=lambda name: name != wished):
        if find_spec(TRAINING_BACKENDS[name]) is not None:
            return name
    return None


def required_training_backend(purpose: str) -> str:
    """Return `training_backend`; raise `MissingError` with what to install if there is none."""
    name = training_backend()
    if name is None:
        raise MissingError(
            f"{purpose} trains with Keras, which needs a backend: pip install 'headstart[train]' (TensorFlow), "
            "or install torch or jax."
        )
    return name


def on_gpu() -> bool:
    """Whether there is a GPU that the installed training backend uses; without an NVIDIA driver nothing is imported."""
    backend = training_backend()
    if backend is None or not Path(_NVIDIA).exists():
        return False
    return _GPUS[backend]()


def _tensorflow_sees_one() -> bool:
    import tensorflow

    return bool(tensorflow.config.list_physical_devices("GPU"))


def _torch_sees_one() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def _jax_sees_one() -> bool:
    import jax

    return any(device.platform == "gpu" for device in jax.devices())


_NVIDIA = "/dev/nvidiactl"
_GPUS = {"tensorflow": _tensorflow_sees_one, "torch": _torch_sees_one, "jax": _jax_sees_one}


def conversion_backend() -> str:
    """Return the backend under which networks are built to be converted: OpenVINO, or what can be had."""
    return "openvino" if has_openvino() else required_training_backend("Without OpenVINO, headstart")


def import_keras() -> Any:  # noqa: ANN401 - Keras has no types
    """Import Keras in this process, with our cache as its home, and return the module.

    A backend that the user chose, or a Keras that is imported already, stays as it is.
    """
    if "keras" not in sys.modules:
        silence_openvino_telemetry()
        for name, value in quiet_environment(training_backend() or "openvino").items():
            os.environ.setdefault(name, value)
    import keras

    return keras
