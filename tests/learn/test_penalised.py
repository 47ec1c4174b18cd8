"""Linear scores that minimise a loss and a penalty: checked on a loss whose optimum has a formula."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.learn.axes import principal_axes
from headstart.learn.penalised import EXACT, Linear, nothing, optimum
from headstart.learn.rows import Floats
from learn.blobs import drawn


@pytest.mark.parametrize("curvature", [0.1, 1, 10])
@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_least_squares_has_the_weights_of_ridge(penalty: float, curvature: float) -> None:
    data = drawn(50, 6, 3)
    axes = principal_axes(data.features - data.features.mean(axis=0))
    target = np.eye(3, dtype=np.float32)[data.labels]

    def loss(scores: Floats) -> tuple[float, Floats]:
        error = (scores - target) / np.float32(50)
        return float(((scores - target) * error).sum()) / 2, error

    found = optimum(
        axes.scores,
        axes.variances,
        loss,
        curvature=curvature,
        penalty=penalty,
        start=nothing(6, 3),
        tolerance=EXACT,
    )
    gram = axes.scores.T @ axes.scores / 50 + penalty * np.eye(6)
    np.testing.assert_allclose(found.weights, np.linalg.solve(gram, axes.scores.T @ target / 50), atol=1e-3)
    np.testing.assert_allclose(found.bias, target.mean(axis=0), atol=1e-3)


def test_scores_are_a_product_and_a_bias() -> None:
    linear = Linear(np.array([[1, 2]], np.float32), np.array([10, 20], np.float32))
    np.testing.assert_array_equal(linear.scores(np.array([[1], [3]], np.float32)), [[11, 22], [13, 26]])
