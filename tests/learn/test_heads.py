"""A head: dense layers as arrays, stored and read back, and what standardisation does to its first layer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.heads import DenseHead, Floats, head_from, on_raw_features, softmax, standardisation

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


def test_softmax_of_known_logits() -> None:
    proba = softmax(np.log([[1, 2, 5], [1, 1, 2]]).astype(np.float32))
    np.testing.assert_allclose(proba, [[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]], rtol=1e-6)


def test_softmax_does_not_overflow() -> None:
    proba = softmax(np.array([[1e38, -1e38, 0], [-1e30, -1e30, -1e30], [1e4, 1e4, -1e4]], np.float32))
    np.testing.assert_allclose(proba, [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]], rtol=1e-6)


def test_softmax_keeps_float32() -> None:
    assert softmax(random_floats(2, 3)).dtype == np.float32


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
    again = head_from(head.tensors(), DIMENSION, CLASSES)
    features = random_floats(6, DIMENSION, seed=9)
    np.testing.assert_array_equal(again.predict_proba(features), head.predict_proba(features))
    assert [(k.shape, b.shape) for k, b in again.layers] == [(k.shape, b.shape) for k, b in head.layers]


def test_tensors_are_named_by_their_layer(head: DenseHead) -> None:
    assert list(head.tensors()) == ["0/kernel", "0/bias", "1/kernel", "1/bias"]


def test_a_head_is_float32_however_it_was_stored(head: DenseHead) -> None:
    stored = {name: tensor.astype(np.float64) for name, tensor in head.tensors().items()}
    assert head_from(stored, DIMENSION, CLASSES).predict_proba(random_floats(2, DIMENSION)).dtype == np.float32


@pytest.mark.parametrize("name", ["0/kernel", "0/bias", "1/kernel", "1/bias"])
def test_a_missing_tensor_is_refused(head: DenseHead, name: str) -> None:
    tensors = {other: tensor for other, tensor in head.tensors().items() if other != name}
    with pytest.raises(UserError, match="its head doesn't"):
        head_from(tensors, DIMENSION, CLASSES)


def test_no_tensors_at_all_are_refused() -> None:
    with pytest.raises(UserError, match="doesn't end in 3 classes"):
        head_from({}, CLASSES, CLASSES)


def test_a_tensor_too_many_is_refused(head: DenseHead) -> None:
    with pytest.raises(UserError, match="doesn't end in 3 classes"):
        head_from({**head.tensors(), "extra": random_floats(1)}, DIMENSION, CLASSES)


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
        head_from({**head.tensors(), name: np.zeros(shape, np.float32)}, DIMENSION, CLASSES)


@pytest.mark.parametrize("dimension", [DIMENSION - 1, DIMENSION + 1])
def test_a_head_for_other_features_is_refused(head: DenseHead, dimension: int) -> None:
    with pytest.raises(UserError, match="doesn't fit together at layer 0"):
        head_from(head.tensors(), dimension, CLASSES)


@pytest.mark.parametrize("n_classes", [CLASSES - 1, CLASSES + 1])
def test_a_head_for_another_number_of_classes_is_refused(head: DenseHead, n_classes: int) -> None:
    with pytest.raises(UserError, match=f"doesn't end in {n_classes} classes"):
        head_from(head.tensors(), DIMENSION, n_classes)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("name", "layer"), [("0/kernel", 0), ("0/bias", 0), ("1/kernel", 1), ("1/bias", 1)])
def test_values_that_are_not_numbers_are_refused(head: DenseHead, name: str, layer: int, value: float) -> None:
    spoilt = head.tensors()[name].copy()
    spoilt.flat[-1] = value
    with pytest.raises(UserError, match=f"aren't numbers at layer {layer}"):
        head_from({**head.tensors(), name: spoilt}, DIMENSION, CLASSES)


def test_standardisation_gives_mean_and_deviation_of_each_column() -> None:
    mean, std = standardisation(np.array([[1, 10], [3, 30]], np.float32))
    np.testing.assert_allclose(mean, [2, 20])
    np.testing.assert_allclose(std, [1, 10])
    assert mean.dtype == std.dtype == np.float32


@pytest.mark.parametrize("constant", [0, 0.1, -12345.678, 1e30])
def test_a_constant_column_is_divided_by_one(constant: float) -> None:
    features = np.column_stack([np.full(97, constant), np.arange(97)]).astype(np.float32)
    mean, std = standardisation(features)
    assert std[0] == 1
    np.testing.assert_allclose(mean[0], constant, rtol=1e-6)


@pytest.mark.parametrize("value", [0.1, 1000, -1e-20])
def test_a_column_that_varies_in_its_last_digit_alone_counts_as_constant(value: float) -> None:
    low = np.float32(value)
    features = np.resize([[low], [np.nextafter(low, np.float32(2 * value))]], (40, 1)).astype(np.float32)
    assert standardisation(features)[1] == 1


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1, 1e4])
def test_a_column_that_varies_is_divided_by_its_deviation(scale: float) -> None:
    features: NDArray[np.float32] = scale * random_floats(500, 1) + np.float32(scale)
    mean, std = standardisation(features)
    np.testing.assert_allclose(((features - mean) / std).std(), 1, rtol=1e-4)


def test_many_rows_far_from_zero_lose_no_digits() -> None:
    features = random_floats(20_000, 3) + np.float32(10_000)
    mean, _ = standardisation(features)
    np.testing.assert_allclose(mean, features.astype(np.float64).mean(axis=0), rtol=1e-7)


def test_a_layer_on_raw_features_does_what_it_did_on_standardised_ones() -> None:
    features = random_floats(50, DIMENSION) * np.array([1, 0.01, 100, 5, 0], np.float32) + np.float32(7)
    kernel, bias = random_floats(DIMENSION, CLASSES, seed=1), random_floats(CLASSES, seed=2)
    mean, std = standardisation(features)
    raw_kernel, raw_bias = on_raw_features(kernel, bias, mean, std)
    np.testing.assert_allclose(
        features @ raw_kernel + raw_bias, (features - mean) / std @ kernel + bias, rtol=1e-3, atol=5e-3
    )
    assert raw_kernel.dtype == raw_bias.dtype == np.float32
