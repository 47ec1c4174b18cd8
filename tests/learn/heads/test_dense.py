"""Dense layers: what they compute, stored and read back."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.learn.heads import DenseHead, Floats, head_from, softmax

DIMENSION, HIDDEN, CLASSES = 5, 7, 3


def random_floats(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture
def head() -> DenseHead:
    return DenseHead(
        (
            (random_floats(DIMENSION, HIDDEN, seed=1), random_floats(HIDDEN, seed=2)),
            (random_floats(HIDDEN, CLASSES, seed=3), random_floats(CLASSES, seed=4)),
        )
    )


def test_a_head_without_hidden_layers_is_a_softmax_of_one_product() -> None:
    features, kernel, bias = random_floats(4, 5), random_floats(5, 3, seed=1), random_floats(3, seed=2)
    np.testing.assert_array_equal(
        DenseHead(((kernel, bias),)).predict_proba(features), softmax(features @ kernel + bias)
    )


def test_hidden_layers_pass_positive_values_alone() -> None:
    one = np.eye(2, dtype=np.float32)
    zero = np.zeros(2, np.float32)
    proba = DenseHead(((one, zero), (one, zero))).predict_proba(np.array([[-9, 0], [0, np.log(3)]], np.float32))
    np.testing.assert_allclose(proba, [[0.5, 0.5], [0.25, 0.75]], rtol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 11])
def test_probabilities_have_a_row_per_picture_and_a_column_per_class(head: DenseHead, n: int) -> None:
    proba = head.predict_proba(random_floats(n, DIMENSION))
    assert proba.shape == (n, CLASSES)
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba.sum(axis=1), np.ones(n), rtol=1e-6)


def test_stored_tensors_give_the_same_head_again(head: DenseHead) -> None:
    again = head_from("dense", head.tensors(), DIMENSION, CLASSES)
    features = random_floats(6, DIMENSION, seed=9)
    np.testing.assert_array_equal(again.predict_proba(features), head.predict_proba(features))
    assert isinstance(again, DenseHead)
    assert [(k.shape, b.shape) for k, b in again.layers] == [(k.shape, b.shape) for k, b in head.layers]


def test_tensors_are_named_by_their_layer(head: DenseHead) -> None:
    assert list(head.tensors()) == ["0/kernel", "0/bias", "1/kernel", "1/bias"]


def test_a_head_is_float32_however_it_was_stored(head: DenseHead) -> None:
    stored = {name: tensor.astype(np.float64) for name, tensor in head.tensors().items()}
    assert head_from("dense", stored, DIMENSION, CLASSES).predict_proba(random_floats(2, DIMENSION)).dtype == np.float32


@pytest.mark.parametrize("name", ["0/kernel", "0/bias", "1/kernel", "1/bias"])
def test_a_missing_tensor_is_refused(head: DenseHead, name: str) -> None:
    tensors = {other: tensor for other, tensor in head.tensors().items() if other != name}
    with pytest.raises(UserError, match="its head doesn't"):
        head_from("dense", tensors, DIMENSION, CLASSES)


def test_no_tensors_at_all_are_refused() -> None:
    with pytest.raises(UserError, match="doesn't end in 3 classes"):
        head_from("dense", {}, CLASSES, CLASSES)


def test_a_tensor_too_many_is_refused(head: DenseHead) -> None:
    with pytest.raises(UserError, match="doesn't end in 3 classes"):
        head_from("dense", {**head.tensors(), "extra": random_floats(1)}, DIMENSION, CLASSES)


@pytest.mark.parametrize(
    ("name", "shape", "layer"),
    [
        ("0/kernel", (DIMENSION + 1, HIDDEN), 0),
        ("0/kernel", (DIMENSION,), 0),
        ("0/kernel", (DIMENSION, HIDDEN, 1), 0),
        ("0/bias", (HIDDEN - 1,), 0),
        ("1/kernel", (HIDDEN + 1, CLASSES), 1),
        ("1/kernel", (CLASSES, HIDDEN), 1),
        ("1/bias", (1,), 1),
    ],
)
def test_layers_that_do_not_fit_together_are_refused(
    head: DenseHead, name: str, shape: tuple[int, ...], layer: int
) -> None:
    with pytest.raises(UserError, match=f"doesn't fit together at layer {layer}"):
        head_from("dense", {**head.tensors(), name: np.zeros(shape, np.float32)}, DIMENSION, CLASSES)


@pytest.mark.parametrize("dimension", [DIMENSION - 1, DIMENSION + 1])
def test_a_head_for_other_features_is_refused(head: DenseHead, dimension: int) -> None:
    with pytest.raises(UserError, match="doesn't fit together at layer 0"):
        head_from("dense", head.tensors(), dimension, CLASSES)


@pytest.mark.parametrize("n_classes", [CLASSES - 1, CLASSES + 1])
def test_a_head_for_another_number_of_classes_is_refused(head: DenseHead, n_classes: int) -> None:
    with pytest.raises(UserError, match=f"doesn't end in {n_classes} classes"):
        head_from("dense", head.tensors(), DIMENSION, n_classes)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("name", "layer"), [("0/kernel", 0), ("0/bias", 0), ("1/kernel", 1), ("1/bias", 1)])
def test_values_that_are_not_numbers_are_refused(head: DenseHead, name: str, layer: int, value: float) -> None:
    spoilt = head.tensors()[name].copy()
    spoilt.flat[-1] = value
    with pytest.raises(UserError, match=f"aren't numbers at layer {layer}"):
        head_from("dense", {**head.tensors(), name: spoilt}, DIMENSION, CLASSES)


@pytest.mark.parametrize("temperature", [0.25, 1, 8])
def test_a_cooled_head_has_its_scores_divided(head: DenseHead, temperature: float) -> None:
    features = random_floats(6, DIMENSION, seed=9)
    np.testing.assert_allclose(
        head.cooled(temperature).scores(features), head.scores(features) / temperature, rtol=1e-5, atol=1e-6
    )
