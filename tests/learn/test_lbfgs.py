"""The minimiser: the same optimum as SciPy's, and an end where float32 has nothing more to give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from numpy.typing import NDArray

from headstart.learn.lbfgs import Vector, minimum

Loss = Callable[[NDArray[Any]], tuple[float, NDArray[Any]]]


@dataclass
class Counted:
    """A loss that keeps the points at which it was asked."""

    loss: Loss
    points: list[Vector] = field(default_factory=list)

    def __call__(self, x: Vector) -> tuple[float, Vector]:
        """Return loss and gradient at ``x``."""
        self.points.append(x)
        return self.loss(x)


def quadratic(matrix: NDArray[Any], pull: NDArray[Any]) -> Loss:
    def loss(x: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        exact = x.astype(np.float64)
        return float(exact @ (matrix @ exact / 2 - pull)), (matrix @ exact - pull).astype(x.dtype)

    return loss


def logistic(rows: NDArray[Any], signs: NDArray[Any], penalty: float) -> Loss:
    """Return the penalised mean log loss of signs -1 and 1, as ``x`` times ``rows`` predicts them."""

    def loss(x: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        margin = signs * (rows @ x)
        value = np.logaddexp(0, -margin).mean() + penalty / 2 * float(x @ x)
        gradient = penalty * x - (signs / (1 + np.exp(margin))) @ rows / len(rows)
        return float(value), gradient.astype(x.dtype)

    return loss


def scipys_optimum(loss: Loss, size: int) -> NDArray[np.float64]:
    found = scipy.optimize.minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"gtol": 1e-10})
    return np.asarray(found.x)


@pytest.fixture(params=[1, 10, 1000])
def bowl(request: pytest.FixtureRequest) -> tuple[Loss, NDArray[np.float64]]:
    """Return a quadratic of 12 variables, of the condition number asked for, and where it is smallest."""
    random = np.random.default_rng(request.param)
    turned, _ = np.linalg.qr(random.normal(size=(12, 12)))
    matrix = turned @ np.diag(np.geomspace(1, request.param, 12)) @ turned.T
    pull = random.normal(size=12)
    return quadratic(matrix, pull), np.linalg.solve(matrix, pull)


def test_a_quadratic_is_solved(bowl: tuple[Loss, NDArray[np.float64]]) -> None:
    loss, solution = bowl
    found = minimum(loss, np.full(12, 3, np.float32), tolerance=1e-5)
    np.testing.assert_allclose(found, solution, atol=1e-4)
    assert found.dtype == np.float32


def test_a_quadratic_takes_about_as_many_steps_as_scipy_needs(bowl: tuple[Loss, NDArray[np.float64]]) -> None:
    ours, theirs = Counted(bowl[0]), Counted(bowl[0])
    minimum(ours, np.full(12, 3, np.float32), tolerance=1e-4)
    scipy.optimize.minimize(theirs, np.full(12, 3.0), jac=True, method="L-BFGS-B", options={"gtol": 1e-4, "ftol": 0})
    assert len(ours.points) <= 2 * len(theirs.points) + 5


@pytest.mark.parametrize("penalty", [1e-3, 1e-2, 1])
def test_a_logistic_loss_ends_where_scipy_ends(penalty: float) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(80, 6)) * np.array([0.3, 1, 1, 2, 3, 5])
    signs = np.where(rows.sum(axis=1) + random.normal(0, 3, 80) > 0, 1, -1)
    loss = logistic(rows, signs, penalty)
    found = minimum(loss, np.zeros(6, np.float32), tolerance=1e-6)
    np.testing.assert_allclose(found, scipys_optimum(loss, 6), atol=2e-3)


def test_a_steep_start_is_survived() -> None:
    def quartic(x: Vector) -> tuple[float, Vector]:
        return float((x**4).sum() + (x**2).sum()), 4 * x**3 + 2 * x

    found = minimum(quartic, np.array([300, -40, 0.5], np.float32), tolerance=1e-5)
    np.testing.assert_allclose(found, np.zeros(3), atol=1e-5)


def test_a_start_at_the_optimum_is_returned_without_a_step(bowl: tuple[Loss, NDArray[np.float64]]) -> None:
    counted = Counted(bowl[0])
    start = bowl[1].astype(np.float32)
    np.testing.assert_array_equal(minimum(counted, start, tolerance=1e-3), start)
    assert len(counted.points) == 1


def test_the_start_is_left_as_it_was(bowl: tuple[Loss, NDArray[np.float64]]) -> None:
    start = np.full(12, 3, np.float32)
    minimum(bowl[0], start, tolerance=1e-5)
    np.testing.assert_array_equal(start, np.full(12, 3, np.float32))


def test_it_ends_when_float32_cannot_resolve_a_further_decrease(bowl: tuple[Loss, NDArray[np.float64]]) -> None:
    counted = Counted(bowl[0])
    found = minimum(counted, np.full(12, 3, np.float32), tolerance=0)
    np.testing.assert_allclose(found, bowl[1], atol=1e-4)
    assert len(counted.points) < 200


def test_a_loss_that_never_falls_is_left_where_it_started() -> None:
    def uphill_everywhere(x: Vector) -> tuple[float, Vector]:
        return float(np.abs(x).sum()), -np.ones(2, np.float32)

    np.testing.assert_array_equal(minimum(uphill_everywhere, np.zeros(2, np.float32), tolerance=1e-5), np.zeros(2))


@pytest.mark.parametrize(("max_steps", "evaluations"), [(0, 1), (1, 26), (3, 76)])
def test_no_more_steps_are_made_than_allowed(max_steps: int, evaluations: int) -> None:
    counted = Counted(quadratic(np.diag(np.geomspace(1, 1000, 12)), np.zeros(12)))
    found = minimum(counted, np.ones(12, np.float32), tolerance=1e-6, max_steps=max_steps)
    assert len(counted.points) <= evaluations
    assert np.abs(found).max() > 0.1


def test_the_loss_never_rises_from_step_to_step(bowl: tuple[Loss, NDArray[np.float64]]) -> None:
    losses = [
        bowl[0](minimum(bowl[0], np.full(12, 3, np.float32), tolerance=1e-5, max_steps=steps))[0] for steps in range(12)
    ]
    assert losses == sorted(losses, reverse=True)
