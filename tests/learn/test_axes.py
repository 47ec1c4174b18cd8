"""Rows in their principal axes, of features or of the space that a kernel spans."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.learn.axes import kernel_axes, principal_axes, standardised_axes
from headstart.learn.heads.kernel import gaussian
from learn.blobs import drawn


@pytest.mark.parametrize(("n", "dimension"), [(30, 7), (7, 30), (12, 12)])
def test_principal_axes_hold_the_same_rows(n: int, dimension: int) -> None:
    x = np.random.default_rng(0).normal(size=(n, dimension)).astype(np.float32) * np.geomspace(1, 30, dimension)
    axes = principal_axes(x.astype(np.float32))
    np.testing.assert_allclose(axes.scores @ axes.directions.T, x, atol=1e-3)


@pytest.mark.parametrize(("n", "dimension"), [(30, 7), (7, 30), (12, 12)])
def test_principal_axes_are_orthonormal(n: int, dimension: int) -> None:
    axes = standardised_axes(drawn(n, dimension, 2).features).axes
    np.testing.assert_allclose(axes.directions.T @ axes.directions, np.eye(len(axes.variances)), atol=1e-4)


@pytest.mark.parametrize(("n", "dimension"), [(30, 7), (7, 30)])
def test_variances_are_those_of_the_scores(n: int, dimension: int) -> None:
    axes = standardised_axes(drawn(n, dimension, 2).features).axes
    np.testing.assert_allclose(axes.variances, (axes.scores**2).mean(axis=0), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("n", "dimension"), [(30, 9), (9, 30)])
def test_directions_in_which_no_row_varies_are_dropped(n: int, dimension: int) -> None:
    random = np.random.default_rng(0)
    x = (random.normal(size=(n, 3)) @ random.normal(size=(3, dimension))).astype(np.float32)
    assert principal_axes(x).directions.shape == (dimension, 3)


def test_weights_in_the_axes_become_a_head_on_raw_features() -> None:
    features = drawn(40, 6, 2).features * np.float32(50) + np.float32(7)
    standard = standardised_axes(features)
    weights, bias = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32), np.arange(3, dtype=np.float32)
    expected = standard.axes.scores @ weights + bias
    np.testing.assert_allclose(standard.head(weights, bias).scores(features), expected, atol=1e-3)


def test_kernel_axes_hold_the_kernel() -> None:
    rows = drawn(40, 6, 2).features
    likeness = gaussian(rows, rows, 0.1)
    axes = kernel_axes(likeness)
    np.testing.assert_allclose(axes.scores @ axes.scores.T, likeness, atol=1e-3)
    np.testing.assert_allclose(axes.variances, (axes.scores**2).mean(axis=0), rtol=1e-3)


def test_kernel_axes_lead_any_row_there() -> None:
    rows = drawn(40, 6, 2).features
    axes = kernel_axes(gaussian(rows, rows, 0.1))
    np.testing.assert_allclose(gaussian(rows[:7], rows, 0.1) @ axes.directions, axes.scores[:7], atol=1e-3)


def test_copies_span_no_axes_of_their_own() -> None:
    rows = np.repeat(drawn(10, 6, 2).features, 3, axis=0)
    assert kernel_axes(gaussian(rows, rows, 0.1)).scores.shape == (30, 10)
