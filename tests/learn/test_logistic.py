"""frozen+logistic: scikit-learn's optimum, its penalty chosen by cross-validation on stratified folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from headstart.learn import logistic
from headstart.learn.heads import Floats, softmax, standardisation
from headstart.learn.lbfgs import Vector, minimum
from headstart.learn.logistic import (
    FOLDS,
    PENALTIES,
    PrincipalAxes,
    chosen_penalty,
    fit_logistic,
    fit_probe,
    folds,
    optimum,
    principal_axes,
)

Labels = NDArray[np.intp]


@dataclass(frozen=True)
class Drawn:
    """Features around one centre per class, and fresh ones of the same classes."""

    features: Floats
    labels: Labels
    fresh: Floats
    fresh_labels: Labels


def drawn(n: int, dimension: int, n_classes: int, *, apart: float = 1.0, seed: int = 0) -> Drawn:
    random = np.random.default_rng(seed)
    centres = random.normal(0, apart, (n_classes, dimension))
    labels = np.resize(np.arange(n_classes), 2 * n)
    features = (centres[labels] + random.normal(size=(2 * n, dimension))).astype(np.float32)
    return Drawn(features[:n], labels[:n], features[n:], labels[n:])


def standardised_axes(features: Floats) -> tuple[Floats, PrincipalAxes]:
    mean, std = standardisation(features)
    return (features - mean) / std, principal_axes((features - mean) / std)


def ours(data: Drawn, n_classes: int, penalty: float) -> Floats:
    """Return the probabilities of the training rows at the optimum for ``penalty``."""
    _, axes = standardised_axes(data.features)
    weights, bias = optimum(axes.scores, axes.variances, data.labels, n_classes, penalty)
    return softmax(axes.scores @ weights + bias)


def scikit_learns(data: Drawn, strength: float) -> NDArray[np.float64]:
    x, _ = standardised_axes(data.features)
    model = LogisticRegression(C=1 / (strength * len(x)), tol=1e-9, max_iter=10_000)
    return np.asarray(model.fit(x.astype(np.float64), data.labels).predict_proba(x.astype(np.float64)))


@pytest.mark.parametrize("penalty", [0.001, 0.01, 0.1, 1.0])
@pytest.mark.parametrize(("n", "dimension"), [(90, 6), (40, 150)], ids=["more pictures", "more features"])
def test_probabilities_are_those_of_scikit_learn(n: int, dimension: int, penalty: float) -> None:
    data = drawn(n, dimension, 3, apart=0.5)
    np.testing.assert_allclose(ours(data, 3, penalty), scikit_learns(data, penalty), atol=1e-3)


@pytest.mark.parametrize("penalty", [0.001, 0.1, 1.0])
def test_probabilities_of_two_classes_are_those_of_scikit_learn(penalty: float) -> None:
    # Of two classes scikit-learn penalises the one difference of weights, we each class: twice the half squared.
    data = drawn(60, 8, 2, apart=0.5)
    np.testing.assert_allclose(ours(data, 2, penalty), scikit_learns(data, penalty / 2), atol=1e-3)


@pytest.mark.parametrize("penalty", [0.001, 1.0])
def test_the_optimum_does_not_depend_on_the_start(penalty: float) -> None:
    data = drawn(60, 8, 3)
    _, axes = standardised_axes(data.features)
    random = np.random.default_rng(5)
    start = (random.normal(size=(8, 3)).astype(np.float32), random.normal(size=3).astype(np.float32))
    weights, bias = optimum(axes.scores, axes.variances, data.labels, 3, penalty, start=start)
    np.testing.assert_allclose(softmax(axes.scores @ weights + bias), ours(data, 3, penalty), atol=1e-3)


def test_the_bias_is_not_penalised() -> None:
    labels = np.repeat([0, 1], [90, 10])
    weights, bias = optimum(np.zeros((100, 1), np.float32), np.ones(1, np.float32), labels, 2, penalty=100)
    np.testing.assert_allclose(softmax(bias[np.newaxis]), [[0.9, 0.1]], atol=1e-4)
    np.testing.assert_array_equal(weights, np.zeros((1, 2)))


def test_an_optimum_costs_hundreds_of_evaluations_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluations: list[Vector] = []

    def counted(loss: Callable[[Vector], tuple[float, Vector]], start: Vector, *, tolerance: float) -> Vector:
        def asked(x: Vector) -> tuple[float, Vector]:
            evaluations.append(x)
            return loss(x)

        return minimum(asked, start, tolerance=tolerance)

    monkeypatch.setattr(logistic, "minimum", counted)
    data = drawn(40, 10, 3, apart=0.2, seed=2)
    _, axes = standardised_axes(data.features)
    for penalty in PENALTIES:
        optimum(axes.scores, axes.variances, data.labels, 3, penalty)
    assert len(evaluations) < 300 * len(PENALTIES)


@pytest.mark.parametrize(("n", "dimension"), [(30, 7), (7, 30), (12, 12)])
def test_principal_axes_hold_the_same_rows(n: int, dimension: int) -> None:
    x = np.random.default_rng(0).normal(size=(n, dimension)).astype(np.float32) * np.geomspace(1, 30, dimension)
    axes = principal_axes(x.astype(np.float32))
    np.testing.assert_allclose(axes.scores @ axes.directions.T, x, atol=1e-3)


@pytest.mark.parametrize(("n", "dimension"), [(30, 7), (7, 30), (12, 12)])
def test_principal_axes_are_orthonormal(n: int, dimension: int) -> None:
    _, axes = standardised_axes(drawn(n, dimension, 2).features)
    np.testing.assert_allclose(axes.directions.T @ axes.directions, np.eye(len(axes.variances)), atol=1e-4)


@pytest.mark.parametrize(("n", "dimension"), [(30, 7), (7, 30)])
def test_variances_are_those_of_the_scores(n: int, dimension: int) -> None:
    _, axes = standardised_axes(drawn(n, dimension, 2).features)
    np.testing.assert_allclose(axes.variances, (axes.scores**2).mean(axis=0), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("n", "dimension"), [(30, 9), (9, 30)])
def test_directions_in_which_no_row_varies_are_dropped(n: int, dimension: int) -> None:
    random = np.random.default_rng(0)
    x = (random.normal(size=(n, 3)) @ random.normal(size=(3, dimension))).astype(np.float32)
    assert principal_axes(x).directions.shape == (dimension, 3)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_folds_are_dealt_out_evenly_within_each_class(labels: list[int], seed: int) -> None:
    fold = folds(np.array(labels), FOLDS, seed)
    table = np.array([np.bincount(fold[np.array(labels) == label] + 1, minlength=FOLDS + 1) for label in set(labels)])
    sizes, lone, held = table.sum(axis=1), table[:, 0], table[:, 1:]
    np.testing.assert_array_equal(lone, sizes == 1)
    assert (np.ptp(held, axis=1) <= 1).all()
    assert np.ptp(held.sum(axis=0)) <= 1
    assert fold.max() < FOLDS


def test_folds_depend_on_the_seed_alone() -> None:
    labels = np.arange(60) % 3
    np.testing.assert_array_equal(folds(labels, FOLDS, 1), folds(labels, FOLDS, 1))
    assert (folds(labels, FOLDS, 1) != folds(labels, FOLDS, 2)).any()


def test_noise_gets_the_strongest_penalty() -> None:
    random = np.random.default_rng(0)
    _, axes = standardised_axes(random.normal(size=(80, 100)).astype(np.float32))
    assert chosen_penalty(axes, random.integers(0, 3, 80), 3, seed=0) == max(PENALTIES)


def test_classes_far_apart_get_a_weak_penalty() -> None:
    data = drawn(80, 30, 3, apart=2)
    _, axes = standardised_axes(data.features)
    assert chosen_penalty(axes, data.labels, 3, seed=0) <= 0.01


def test_the_penalty_lies_between_where_the_classes_overlap() -> None:
    data = drawn(200, 100, 3, apart=0.2)
    _, axes = standardised_axes(data.features)
    assert min(PENALTIES) < chosen_penalty(axes, data.labels, 3, seed=0) < max(PENALTIES)


def test_the_head_is_of_the_chosen_penalty() -> None:
    data = drawn(200, 100, 3, apart=0.2)
    _, axes = standardised_axes(data.features)
    head = fit_logistic(data.features, data.labels, 3, seed=0)
    expected = ours(data, 3, chosen_penalty(axes, data.labels, 3, seed=0))
    np.testing.assert_allclose(head.predict_proba(data.features), expected, atol=1e-3)


def test_the_same_seed_gives_the_same_head() -> None:
    data = drawn(60, 90, 3, apart=0.3)
    (kernel, bias), (kernel_again, bias_again) = (
        fit_logistic(data.features, data.labels, 3, seed=7).layers[0] for _ in range(2)
    )
    np.testing.assert_array_equal(kernel, kernel_again)
    np.testing.assert_array_equal(bias, bias_again)


@pytest.mark.parametrize(("n", "dimension"), [(300, 8), (60, 200)])
def test_the_order_of_the_rows_does_not_matter(n: int, dimension: int) -> None:
    data = drawn(n, dimension, 3, apart=0.3)
    order = np.random.default_rng(1).permutation(n)
    head = fit_logistic(data.features, data.labels, 3, seed=0)
    other = fit_logistic(data.features[order], data.labels[order], 3, seed=0)
    np.testing.assert_allclose(other.predict_proba(data.fresh), head.predict_proba(data.fresh), atol=1e-3)


def test_it_predicts_fresh_pictures_of_classes_that_are_apart() -> None:
    data = drawn(60, 20, 4, apart=1.5)
    proba = fit_logistic(data.features, data.labels, 4, seed=0).predict_proba(data.fresh)
    assert (proba.argmax(axis=1) == data.fresh_labels).mean() > 0.95


@pytest.mark.parametrize("counts", [(30, 30, 2), (30, 30, 1), (3, 2, 2), (1, 1, 1)])
def test_classes_with_fewer_pictures_than_folds_are_learnt(counts: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(3), counts)
    data = drawn(3, 20, 3, apart=3)
    features = data.features[labels] + np.random.default_rng(0).normal(0, 0.1, (len(labels), 20)).astype(np.float32)
    head = fit_logistic(features, labels, 3, seed=0)
    np.testing.assert_array_equal(head.predict_proba(features).argmax(axis=1), labels)


def test_a_class_without_pictures_gets_next_to_no_probability() -> None:
    data = drawn(60, 8, 2)
    proba = fit_logistic(data.features, data.labels, 3, seed=0).predict_proba(data.fresh)
    assert proba[:, 2].max() < 0.01


@pytest.mark.parametrize("constant", [0, 1, -5000])
def test_a_constant_feature_changes_nothing(constant: float) -> None:
    data = drawn(60, 8, 3, apart=0.5)
    column = np.full((60, 1), constant, np.float32)
    head = fit_logistic(np.hstack([data.features, column]), data.labels, 3, seed=0)
    without = fit_logistic(data.features, data.labels, 3, seed=0)
    np.testing.assert_allclose(
        head.predict_proba(np.hstack([data.fresh, column])), without.predict_proba(data.fresh), atol=1e-3
    )


def test_features_that_never_vary_give_the_shares_of_the_classes() -> None:
    labels = np.repeat([0, 1], [30, 10])
    proba = fit_logistic(np.full((40, 5), 3, np.float32), labels, 2, seed=0).predict_proba(
        np.full((1, 5), 3, np.float32)
    )
    np.testing.assert_allclose(proba, [[0.75, 0.25]], atol=1e-3)


def test_units_of_the_features_do_not_matter() -> None:
    data = drawn(60, 8, 3, apart=0.5)
    unit, offset = np.geomspace(1e-3, 1e3, 8).astype(np.float32), np.linspace(-50, 50, 8, dtype=np.float32)
    head = fit_logistic(data.features, data.labels, 3, seed=0)
    other = fit_logistic((data.features + offset) * unit, data.labels, 3, seed=0)
    np.testing.assert_allclose(
        other.predict_proba((data.fresh + offset) * unit), head.predict_proba(data.fresh), atol=1e-3
    )


# --- a probe --------------------------------------------------------------------------------------------------


def test_a_probe_is_the_optimum_for_one_fixed_penalty() -> None:
    data = drawn(60, 8, 3)
    head = fit_probe(data.features, data.labels, 3)
    expected = ours(data, 3, 0.1)
    np.testing.assert_allclose(head.predict_proba(data.features), expected, atol=1e-4)
    assert not np.allclose(ours(data, 3, 1.0), expected, atol=1e-2)


def test_a_probe_of_more_numbers_than_pictures_tells_classes_that_are_apart() -> None:
    data = drawn(24, 500, 3, apart=2)
    head = fit_probe(data.features, data.labels, 3)
    assert (head.predict_proba(data.fresh).argmax(axis=1) == data.fresh_labels).mean() > 0.95
