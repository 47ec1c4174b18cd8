"""A network whose batch statistics nothing changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headstart.networks.inference_mode import in_inference_mode
from headstart.networks.keras_backend import import_keras


def network() -> Any:
    keras = import_keras()
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.BatchNormalization(name="statistics")(keras.layers.Conv2D(4, 3)(inputs))
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x), name="small")


@pytest.mark.parametrize("trainable", [True, False])
def test_fit_leaves_the_batch_statistics_and_changes_what_is_trainable(trainable: bool) -> None:
    keras = import_keras()
    part = network()
    layer = in_inference_mode(part)
    layer.trainable = trainable
    model = keras.Sequential([keras.Input((6, 6, 3)), layer, keras.layers.Dense(2)])
    model.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = {v.path: v.numpy() for v in part.variables}
    random = np.random.default_rng(0)
    model.fit(random.normal(5, 1, (8, 6, 6, 3)), random.integers(0, 2, 8), verbose=0)
    changed = {v.path for v in part.variables if (v.numpy() != before[v.path]).any()}
    assert not {path for path in changed if "moving" in path}
    assert bool(changed) == trainable
