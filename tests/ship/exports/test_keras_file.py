"""Keras' file: it loads in safe mode where there is no headstart, and says the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ship.exports.small import PIXELS, Model, models_once, written_with_tensorflow

DENSE = "everything, two dense layers"

_LOAD = """
import sys
sys.modules["headstart"] = None
import keras, numpy
arrays = dict(numpy.load(sys.argv[2]))
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
answers = model.predict({name: arrays[name] for name in model.input}, verbose=0, batch_size=16)
numpy.save(sys.argv[3], answers["probabilities"])
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    return models_once(tmp_path_factory.getbasetemp())


def test_the_file_loads_without_headstart_and_gives_its_probabilities(
    tmp_path_factory: pytest.TempPathFactory, models: dict[str, Model], tmp_path: Path
) -> None:
    file = written_with_tensorflow(tmp_path_factory.getbasetemp()) / "keras f32" / DENSE / "model.keras"
    np.savez(tmp_path / "pixels.npz", allow_pickle=False, **PIXELS)
    # Not under OpenVINO, where Keras computes in the processor's own precision.
    subprocess.run(
        [sys.executable, "-I", "-c", _LOAD, file, tmp_path / "pixels.npz", tmp_path / "answers.npy"],
        env=os.environ | {"KERAS_BACKEND": "tensorflow", "KERAS_HOME": str(tmp_path / "keras")},
        check=True,
    )
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), models[DENSE].probabilities, atol=1e-5)
