"""Sums of rows: added up, merged and taken apart they are those of the rows, also where float32 would not do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.learn import gram
from headstart.learn.gram import Sums, about, no_sums, standard, standard_of
from headstart.learn.rows import Floats, Labels


def drawn(n: int, dimension: int = 6, n_classes: int = 3, seed: int = 0) -> tuple[Floats, Labels, Floats]:
    random = np.random.default_rng(seed)
    features = (random.normal(size=(n, dimension)) * np.geomspace(0.1, 30, dimension) + 20).astype(np.float32)
    return features, random.integers(0, n_classes, n), random.uniform(0.2, 3, n).astype(np.float32)


def sums_of(features: Floats, labels: Labels, weights: Floats, shift: float = 20) -> Sums:
    sums = no_sums(np.full(features.shape[1], shift, np.float32), 3)
    sums.include(features, labels, weights)
    return sums


def assert_same(sums: Sums, other: Sums) -> None:
    scale = np.abs(other.products).max()
    np.testing.assert_allclose(sums.products, other.products, atol=1e-5 * scale)
    np.testing.assert_allclose(sums.by_class, other.by_class, atol=1e-5 * np.abs(other.by_class).max())
    np.testing.assert_allclose(sums.class_weights, other.class_weights, atol=1e-5 * other.weight)


@given(st.integers(1, 40), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_sums_are_those_of_the_definition(n: int, seed: int) -> None:
    features, labels, weights = drawn(n, seed=seed)
    sums = sums_of(features, labels, weights)
    x, w = features.astype(np.float64) - 20, weights.astype(np.float64)
    targets = np.eye(3)[labels]
    assert_same(sums, Sums(sums.shift, targets.T @ (x * w[:, np.newaxis]), w @ targets, (x.T * w) @ x))


def test_a_weight_of_two_counts_like_the_row_twice() -> None:
    features, labels, _ = drawn(30)
    twice = sums_of(np.concatenate([features, features]), np.tile(labels, 2), np.ones(60, np.float32))
    assert_same(sums_of(features, labels, np.full(30, 2, np.float32)), twice)


@given(st.integers(0, 50))
@settings(deadline=None, max_examples=20)
def test_sums_of_parts_add_up_to_those_of_the_whole_and_can_be_taken_out_again(cut: int) -> None:
    features, labels, weights = drawn(50)
    whole = sums_of(features, labels, weights)
    first = sums_of(features[:cut], labels[:cut], weights[:cut])
    second = sums_of(features[cut:], labels[cut:], weights[cut:])
    assert_same(first + second, whole)
    assert_same(whole - first, second)


def test_sums_that_were_shifted_differently_are_not_added() -> None:
    rows = drawn(9)
    with pytest.raises(ValueError, match="shifted differently"):
        sums_of(*rows) + sums_of(*rows, shift=19)


def test_rows_are_standardised_by_the_same_numbers_from_sums_and_from_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gram, "BLOCK", 7)
    features, labels, weights = drawn(40)
    mean = np.average(features.astype(np.float64), axis=0, weights=weights)
    std = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weights))
    for found in (standard(sums_of(features, labels, weights, shift=0)), standard_of(features, weights)):
        np.testing.assert_allclose(found.mean, mean, rtol=1e-5)
        np.testing.assert_allclose(found.std, std, rtol=1e-3)


@pytest.mark.parametrize("constant", [0, 3, -5000])
def test_a_constant_feature_has_a_deviation_of_one(constant: float) -> None:
    features, labels, weights = drawn(40)
    features[:, 2] = constant
    assert standard_of(features, weights).std[2] == 1
    sums = no_sums(features[:9].mean(axis=0), 3)
    sums.include(features, labels, weights)
    assert standard(sums).std[2] == 1


def test_products_of_standardised_rows_follow_from_the_sums() -> None:
    features, labels, weights = drawn(40)
    sums = sums_of(features, labels, weights)
    by = standard(sums)
    x = (features - by.mean) / by.std
    products, cross = about(sums, by)
    np.testing.assert_allclose(products, (x.T * weights) @ x, atol=1e-3)
    np.testing.assert_allclose(cross, (x.T * weights) @ np.eye(3)[labels], atol=1e-3)
    np.testing.assert_allclose(by.of(features), x, atol=1e-4)


def test_a_small_variance_on_a_large_mean_is_not_lost() -> None:
    random = np.random.default_rng(0)
    features = (random.normal(0, 1, (30_000, 2)) + 3000).astype(np.float32)
    sums = no_sums(features[:99].mean(axis=0), 3)
    sums.include(features, random.integers(0, 3, len(features)), np.ones(len(features), np.float32))
    np.testing.assert_allclose(standard(sums).std, features.astype(np.float64).std(axis=0), rtol=1e-4)
