"""logistic: scikit-learn's optimum, its penalty chosen by cross-validation on stratified folds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from headstart.learn import penalised
from headstart.learn.axes import PrincipalAxes, standardised_axes
from headstart.learn.fit import Fit
from headstart.learn.heads import Floats, softmax
from headstart.learn.lbfgs import Vector, minimum
from headstart.learn.logistic import PENALTIES, fit_logistic, fit_probe, softmax_optimum
from headstart.learn.penalised import EXACT, Linear, nothing
from headstart.learn.rows import Labels, Rows, rows_of
from headstart.progress import silent
from learn.blobs import Drawn, doubled, drawn, weighted


def at_optimum(rows: Rows, penalty: float, start: Linear | None = None) -> Floats:
    """Return the scores of the training rows at the optimum for ``penalty``."""
    axes = standardised_axes(rows.features).axes
    begin = start or nothing(len(axes.variances), rows.n_classes)
    return softmax_optimum(axes, rows, np.ones(len(rows.labels), np.bool_), penalty, begin, EXACT).scores(axes.scores)


def ours(data: Drawn, n_classes: int, penalty: float) -> Floats:
    """Return the probabilities of the training rows at the optimum for ``penalty``."""
    return softmax(at_optimum(data.rows(n_classes), penalty))


def fitted(features: Floats, labels: Labels, n_classes: int, seed: int = 0) -> Fit:
    return fit_logistic(rows_of(features, labels, n_classes, seed), silent)


def standardised(features: Floats) -> Floats:
    standard = standardised_axes(features)
    return (features - standard.mean) / standard.std


def scikit_learns(data: Drawn, strength: float) -> NDArray[np.float64]:
    x = standardised(data.features).astype(np.float64)
    model = LogisticRegression(C=1 / (strength * len(x)), tol=1e-9, max_iter=10_000)
    return np.asarray(model.fit(x, data.labels).predict_proba(x))


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
    random = np.random.default_rng(5)
    start = Linear(random.normal(size=(8, 3)).astype(np.float32), random.normal(size=3).astype(np.float32))
    np.testing.assert_allclose(softmax(at_optimum(data.rows(3), penalty, start)), ours(data, 3, penalty), atol=1e-3)


def test_the_bias_is_not_penalised() -> None:
    labels = np.repeat([0, 1], [90, 10])
    axes = PrincipalAxes(np.zeros((100, 1), np.float32), np.ones((1, 1), np.float32), np.ones(1, np.float32))
    rows = rows_of(axes.scores, labels, 2)
    linear = softmax_optimum(axes, rows, np.ones(100, np.bool_), 100, nothing(1, 2), EXACT)
    np.testing.assert_allclose(softmax(linear.bias[np.newaxis]), [[0.9, 0.1]], atol=1e-4)
    np.testing.assert_array_equal(linear.weights, np.zeros((1, 2)))


def test_a_row_of_weight_2_counts_like_two_rows() -> None:
    rows = drawn(60, 8, 3, apart=0.5).rows(3)
    axes = standardised_axes(rows.features).axes
    twice = doubled(rows, 1)
    again = PrincipalAxes(np.vstack([axes.scores, axes.scores[rows.labels == 1]]), axes.directions, axes.variances)
    heavy, copied = (
        softmax_optimum(own, of, np.ones(len(of.labels), np.bool_), 0.1, nothing(8, 3), EXACT).scores(axes.scores)
        for own, of in ((axes, weighted(rows, 1, 2, 1)), (again, twice))
    )
    np.testing.assert_allclose(heavy, copied, atol=2e-3)


def test_an_optimum_costs_hundreds_of_evaluations_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluations: list[Vector] = []

    def counted(loss: Callable[[Vector], tuple[float, Vector]], start: Vector, *, tolerance: float) -> Vector:
        def asked(x: Vector) -> tuple[float, Vector]:
            evaluations.append(x)
            return loss(x)

        return minimum(asked, start, tolerance=tolerance)

    monkeypatch.setattr(penalised, "minimum", counted)
    rows = drawn(40, 10, 3, apart=0.2, seed=2).rows(3)
    for penalty in PENALTIES:
        at_optimum(rows, penalty)
    assert len(evaluations) < 300 * len(PENALTIES)


def test_noise_gets_the_strongest_penalty() -> None:
    random = np.random.default_rng(0)
    fit = fitted(random.normal(size=(80, 100)).astype(np.float32), random.integers(0, 3, 80), 3)
    assert fit.chosen["penalty"] == max(PENALTIES)


def test_classes_far_apart_get_a_weaker_penalty_than_classes_that_overlap() -> None:
    near, far = drawn(200, 100, 3, apart=0.15).rows(3), drawn(600, 10, 10).rows(10)
    assert fit_logistic(far, silent).chosen["penalty"] < 0.1 < fit_logistic(near, silent).chosen["penalty"]


def test_the_head_is_of_the_chosen_penalty_and_temperature() -> None:
    data = drawn(200, 100, 3, apart=0.2)
    fit = fit_logistic(data.rows(3), silent)
    expected = at_optimum(data.rows(3), fit.chosen["penalty"]) / fit.chosen["temperature"]
    np.testing.assert_allclose(fit.head.predict_proba(data.features), softmax(expected), atol=2e-3)


@pytest.mark.parametrize(("n", "dimension"), [(300, 8), (60, 200)])
def test_the_order_of_the_rows_hardly_matters(n: int, dimension: int) -> None:
    data = drawn(n, dimension, 3, apart=0.3)
    order = np.random.default_rng(1).permutation(n)
    one = fit_probe(data.features, data.labels, 3)
    other = fit_probe(data.features[order], data.labels[order], 3)
    np.testing.assert_allclose(other.predict_proba(data.fresh), one.predict_proba(data.fresh), atol=1e-3)


def test_it_predicts_fresh_pictures_of_classes_that_are_apart() -> None:
    data = drawn(60, 20, 4, apart=1.5)
    proba = fitted(data.features, data.labels, 4).head.predict_proba(data.fresh)
    assert (proba.argmax(axis=1) == data.fresh_labels).mean() > 0.95


@pytest.mark.parametrize("counts", [(30, 30, 2), (30, 30, 1), (3, 2, 2), (1, 1, 1)])
def test_classes_with_fewer_pictures_than_folds_are_learnt(counts: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(3), counts)
    data = drawn(3, 20, 3, apart=3)
    features = data.features[labels] + np.random.default_rng(0).normal(0, 0.1, (len(labels), 20)).astype(np.float32)
    head = fitted(features, labels, 3).head
    np.testing.assert_array_equal(head.predict_proba(features).argmax(axis=1), labels)


def test_a_class_without_pictures_gets_next_to_no_probability() -> None:
    data = drawn(60, 8, 2)
    proba = fitted(data.features, data.labels, 3).head.predict_proba(data.fresh)
    assert proba[:, 2].max() < 0.01


@pytest.mark.parametrize("constant", [0, 1, -5000])
def test_a_constant_feature_changes_nothing(constant: float) -> None:
    data = drawn(60, 8, 3, apart=0.5)
    column = np.full((60, 1), constant, np.float32)
    head = fitted(np.hstack([data.features, column]), data.labels, 3).head
    without = fitted(data.features, data.labels, 3).head
    np.testing.assert_allclose(
        head.predict_proba(np.hstack([data.fresh, column])), without.predict_proba(data.fresh), atol=1e-3
    )


def test_features_that_never_vary_give_the_shares_of_the_classes() -> None:
    labels = np.repeat([0, 1], [30, 10])
    proba = fitted(np.full((40, 5), 3, np.float32), labels, 2).head.predict_proba(np.full((1, 5), 3, np.float32))
    np.testing.assert_allclose(proba, [[0.75, 0.25]], atol=0.02)


def test_units_of_the_features_do_not_matter() -> None:
    data = drawn(60, 8, 3, apart=0.5)
    unit, offset = np.geomspace(0.15, 6, 8).astype(np.float32), np.linspace(-50, 50, 8, dtype=np.float32)
    head = fitted(data.features, data.labels, 3).head
    other = fitted((data.features + offset) * unit, data.labels, 3).head
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
