"""A rate for every stage: what changes in a step follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from headstart.learn.training.rates import decayed_adam, stages_above
from headstart.networks.backbones import BACKBONES, backbone
from headstart.networks.classifier import whole_network
from headstart.networks.keras_backend import import_keras

RATES, DECAYS = [1.0, 0.1, 0.01], [0.5, 0.5, 0.0]


def stepped(gradient: float) -> list[float]:
    """Return what is left of three ones after a step with a learning rate of 0.1."""
    keras: Any = import_keras()
    variables = [keras.Variable(np.ones(2, np.float32)) for _ in RATES]
    optimizer = decayed_adam(RATES, DECAYS)
    optimizer.build(variables)
    optimizer.learning_rate = 0.1
    optimizer.apply([keras.ops.convert_to_tensor(np.full(2, gradient, np.float32)) for _ in RATES])
    return [float(np.array(variable)[0]) for variable in variables]


def test_weight_decay_is_decoupled_and_follows_the_rate_of_the_variable() -> None:
    assert stepped(0.0) == pytest.approx([1 - 0.1 * 0.5, 1 - 0.01 * 0.5, 1.0])


def test_a_step_is_as_long_as_the_rate_of_the_variable() -> None:
    """The first step of Adam is the learning rate, whatever the gradient."""
    decayed = np.array(stepped(0.0))
    assert decayed - stepped(3.0) == pytest.approx([0.1, 0.01, 0.001], rel=1e-3)


def test_without_rates_and_decays_it_is_the_adam_of_keras() -> None:
    keras: Any = import_keras()
    ends = []
    for optimizer in (keras.optimizers.Adam(0.1), decayed_adam([1.0], [0.0])):
        variable = keras.Variable(np.ones(2, np.float32))
        optimizer.build([variable])
        optimizer.learning_rate = 0.1
        for gradient in (1.0, -0.5, 3.0):
            optimizer.apply([keras.ops.convert_to_tensor(np.full(2, gradient, np.float32))])
        ends.append(np.array(variable))
    np.testing.assert_array_equal(ends[0], ends[1])


def test_a_layer_belongs_to_the_stage_at_whose_end_or_before_whose_end_it_stands() -> None:
    record = replace(backbone("small_vgg3x2"), image_size=16)
    below = stages_above(whole_network(record, include_top=False), record)
    assert below["block1_conv1"] == below["block1_pool"] == 3
    assert below["block2_conv1_bn"] == below["block2_pool"] == 2
    assert below["block3_conv2"] == below["block3_pool"] == below["avg_pool"] == 1


@pytest.mark.parametrize("name", ["mobilenet_v2", "convnext_tiny"])
def test_every_stage_of_a_network_has_layers_and_they_come_in_order(name: str) -> None:
    record = BACKBONES[name]
    below = stages_above(whole_network(record, include_top=False), record)
    assert set(below.values()) == set(range(1, len(record.stages) + 1))
    assert list(below.values()) == sorted(below.values(), reverse=True)
