"""The Keras model that is trained: what it holds, what a step changes in it, and that its state is all there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.training.batches import Batch
from headstart.learn.training.learner import KerasLearner
from headstart.learn.training.plan import BIAS, KERNEL, Network, Plan
from headstart.networks.backbones import backbone

SIDE, CLASSES = 16, 3
PIXELS = Network("small_vgg2x8", SIDE, None, CLASSES, 0.5, batch_statistics=True)
FROZEN = Network("small_vgg2x8", SIDE, None, CLASSES, 0.0, batch_statistics=False)
PLAN = Plan(2, 8, 1e-2, "cosine", 1.0, 0.0, 0.0, "none", 5, 0)
MOVING = ("moving_mean", "moving_variance")


def batch(shape: tuple[int, ...] = (SIDE, SIDE, 3), dtype: type[np.generic] = np.uint8) -> Batch:
    inputs = np.random.default_rng(0).integers(0, 256, (8, *shape)).astype(dtype)
    return Batch(inputs, np.eye(CLASSES, dtype=np.float32)[np.arange(8) % CLASSES], np.ones(8, np.float32))


def changes(network: Network, plan: Plan = PLAN) -> dict[str, float]:
    """Return by how much each array changes at most in a step with a learning rate of 0.01."""
    learner = KerasLearner(network, plan)
    before = learner.weights()
    learner.learn(batch(), 1e-2)
    return {name: float(np.abs(array - before[name]).max()) for name, array in learner.weights().items()}


def without_head(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: array for name, array in arrays.items() if name not in (KERNEL, BIAS)}


def test_it_learns_a_batch_by_heart() -> None:
    learner = KerasLearner(PIXELS, PLAN)
    losses = [learner.learn(batch(), 1e-2)[0] for _ in range(30)]
    assert losses[-1] < losses[0] / 2


def test_loss_and_accuracy_are_those_of_the_batch_before_the_step() -> None:
    learner = KerasLearner(FROZEN, PLAN)
    logits = learner.logits(batch().inputs)
    learner.learn(Batch(batch().inputs, np.roll(batch().targets, 1, axis=1), batch().weights), 0.0)
    loss, accuracy = learner.learn(batch(), 1e-2)
    own = logits[np.arange(8), batch().targets.argmax(axis=1)]
    assert loss == pytest.approx(np.mean(np.log(np.exp(logits).sum(axis=1)) - own), rel=1e-4)
    assert accuracy == np.mean(logits.argmax(axis=1) == batch().targets.argmax(axis=1))


def test_the_weight_of_a_picture_is_what_it_counts_in_the_loss() -> None:
    learner = KerasLearner(FROZEN, PLAN)
    whole = batch()
    first_alone = Batch(whole.inputs, whole.targets, np.array([8, 0, 0, 0, 0, 0, 0, 0], np.float32))
    logits = learner.logits(whole.inputs)[0]
    loss, _ = learner.learn(first_alone, 0.0)
    assert loss == pytest.approx(np.log(np.exp(logits).sum()) - logits[0], rel=1e-4)


def test_the_same_seed_gives_the_same_weights_and_another_one_others() -> None:
    first, again = KerasLearner(PIXELS, PLAN).weights(), KerasLearner(PIXELS, PLAN).weights()
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])
    other = KerasLearner(PIXELS, Plan(2, 8, 1e-2, "cosine", 1.0, 0.0, 0.0, "none", 5, 1)).weights()
    assert (first["block1_conv1/kernel"] != other["block1_conv1/kernel"]).all()
    assert (first[KERNEL] != other[KERNEL]).all()


# --- batch normalisation --------------------------------------------------------------------------------------


def test_with_batch_statistics_everything_changes() -> None:
    assert min(changes(PIXELS).values()) > 0


def test_without_batch_statistics_the_moving_statistics_keep_every_bit_and_all_else_changes() -> None:
    changed = changes(FROZEN)
    assert {change for name, change in changed.items() if name.endswith(MOVING)} == {0.0}
    assert min(change for name, change in changed.items() if not name.endswith(MOVING)) > 0


# --- rates ----------------------------------------------------------------------------------------------------


def test_every_stage_changes_by_its_own_rate() -> None:
    """The first step of Adam is as long as the rate."""
    changed = changes(FROZEN, Plan(2, 8, 1e-2, "cosine", 0.3, 0.0, 0.0, "none", 5, 0))
    assert changed[KERNEL] == pytest.approx(1e-2, rel=0.01)
    assert changed["block2_conv2/kernel"] == pytest.approx(0.3e-2, rel=0.01)
    assert changed["block2_conv1_bn/gamma"] == pytest.approx(0.3e-2, rel=0.01)
    assert changed["block1_conv1/kernel"] == pytest.approx(0.09e-2, rel=0.01)


def test_weight_decay_is_of_kernels_alone() -> None:
    learner = KerasLearner(FROZEN, Plan(2, 8, 1e-2, "cosine", 1.0, 0.5, 0.0, "none", 5, 0))
    before = learner.weights()
    uncounted = Batch(batch().inputs, batch().targets, np.zeros(8, np.float32))
    learner.learn(uncounted, 1e-2)
    for name, array in learner.weights().items():
        kept = 1 - 1e-2 * 0.5 if name.endswith("kernel") else 1
        np.testing.assert_allclose(array, before[name] * kept, rtol=1e-6)


# --- where it starts ------------------------------------------------------------------------------------------


def test_it_starts_from_given_weights_and_a_given_head() -> None:
    given = {name: array + np.float32(0.5) for name, array in KerasLearner(PIXELS, PLAN).weights().items()}
    weights = KerasLearner(PIXELS, PLAN, given, (given[KERNEL], given[BIAS])).weights()
    for name, array in given.items():
        np.testing.assert_array_equal(weights[name], array)


def test_a_weight_to_start_from_that_is_missing_is_named() -> None:
    given = without_head(KerasLearner(PIXELS, PLAN).weights())
    del given["block2_conv1/kernel"]
    with pytest.raises(UserError, match=r"lack 1 array.*block2_conv1/kernel"):
        KerasLearner(PIXELS, PLAN, given)


# --- the upper part of a network ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tail() -> KerasLearner:
    """MobileNetV2 from its last stage but one, with random weights."""
    return KerasLearner(Network("mobilenet_v2", 64, backbone("mobilenet_v2").maps[-2], CLASSES, 0.0, False), PLAN)


def test_the_upper_part_has_the_names_that_the_whole_network_gives(tail: KerasLearner) -> None:
    whole = KerasLearner(Network("mobilenet_v2", 64, None, CLASSES, 0.0, False), PLAN).weights()
    own = tail.weights()
    assert own.keys() < whole.keys()
    assert {name.split("/")[0].split("_")[1] for name in without_head(own) if name.startswith("block")} == {
        "13",
        "14",
        "15",
        "16",
    }
    for name, array in own.items():
        np.testing.assert_array_equal(array, whole[name])


def test_the_upper_part_learns_from_float16_maps(tail: KerasLearner) -> None:
    before = tail.weights()
    tail.learn(batch((4, 4, 96), np.float16), 1e-3)
    changed = {name for name, array in tail.weights().items() if (array != before[name]).any()}
    assert changed == {name for name in before if not name.endswith(MOVING)}


def test_the_upper_part_computes_what_it_computes_within_the_whole() -> None:
    network = Network("small_vgg2x8", SIDE, "block1_pool", CLASSES, 0.0, batch_statistics=False)
    upper, whole = KerasLearner(network, PLAN), KerasLearner(FROZEN, PLAN)
    lower: Any = whole.model.get_layer("small_vgg").network
    pixels = batch().inputs.astype(np.float32) / 127.5 - 1
    import keras

    maps = keras.Model(lower.input, lower.get_layer("block1_pool").output).predict(pixels, verbose=0)
    np.testing.assert_allclose(upper.logits(maps.astype(np.float16)), whole.logits(batch().inputs), atol=0.02)


# --- its state ------------------------------------------------------------------------------------------------


def test_a_learner_that_takes_the_state_of_another_goes_on_to_the_same_bits() -> None:
    first, second = KerasLearner(PIXELS, PLAN), KerasLearner(PIXELS, PLAN)
    for rate in (1e-2, 5e-3):
        first.learn(batch(), rate)
    second.restore(first.state())
    losses = [[learner.learn(batch(), 1e-3) for _ in range(3)] for learner in (first, second)]
    assert losses[0] == losses[1]
    for name, array in first.state().items():
        np.testing.assert_array_equal(array, second.state()[name])


def test_dropout_draws_anew_in_every_step_and_its_state_is_part_of_the_state() -> None:
    learner = KerasLearner(PIXELS, PLAN)
    before = learner.state()
    losses = [learner.learn(batch(), 0.0)[0] for _ in range(2)]
    learner.restore(before)
    assert learner.learn(batch(), 0.0)[0] == losses[0] != losses[1]
