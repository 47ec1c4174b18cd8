"""Features at mean 0 and deviation 1, and a fitted layer brought back to raw features."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.learn.rows import Floats
from headstart.learn.standardisation import on_raw_features, standardisation

DIMENSION, CLASSES = 5, 3


def random_floats(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


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


def test_a_channel_that_is_nearly_silent_cannot_decide_alone() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(20, 8)).astype(np.float32)
    features[:, 3] = 0
    features[7, 3] = 1e-4
    mean, std = standardisation(features)
    one = np.float32(1)
    assert abs(one - mean[3]) / std[3] < 200
    np.testing.assert_allclose(np.delete(std, 3), np.delete(features, 3, axis=1).std(axis=0), rtol=1e-5)
