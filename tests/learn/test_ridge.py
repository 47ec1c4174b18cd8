"""Ridge in memory: the closed form, held-out scores as if every unit had been left out, and scikit-learn's accuracy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart.learn import ridge
from headstart.learn.fit import Fit
from headstart.learn.gram import standard_of
from headstart.learn.heads import softmax
from headstart.learn.ridge import ALPHAS, _Fitted, fit_ridge, fit_ridge_and_left_out
from headstart.learn.rows import Floats, Labels, Rows, rows_of
from headstart.progress import silent


@dataclass(frozen=True)
class Drawn:
    """Rows around one centre per class, and fresh ones of the same classes."""

    rows: Rows
    fresh: Floats
    fresh_labels: Labels


def drawn(n: int, dimension: int, n_classes: int = 3, apart: float = 0.5, seed: int = 0) -> Drawn:
    random = np.random.default_rng(seed)
    centres = random.normal(0, apart, (n_classes, dimension))
    labels = np.resize(np.arange(n_classes), 2 * n)
    features = (centres[labels] + random.normal(size=(2 * n, dimension)) + 5).astype(np.float32)
    return Drawn(rows_of(features[:n], labels[:n], n_classes), features[n:], labels[n:])


def weighted(rows: Rows) -> Rows:
    return replace(rows, weights=np.random.default_rng(3).uniform(0.3, 2, len(rows.labels)).astype(np.float32))


def closed_form(rows: Rows, alpha: float, kept: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Return the scores of all rows by a fit to those that are ``kept``, solved in float64."""
    by = standard_of(rows.features, rows.weights)
    x = (rows.features - by.mean) / by.std
    w = rows.weights.astype(np.float64) * (1 if kept is None else kept)
    # The intercept is a column that isn't penalised.
    design = np.hstack([x, np.ones((len(x), 1))])
    penalty = np.diag([alpha] * x.shape[1] + [0]) * rows.weights.sum(dtype=np.float64)
    targets = np.eye(rows.n_classes)[rows.labels]
    return np.asarray(design @ np.linalg.solve((design.T * w) @ design + penalty, (design.T * w) @ targets))


def least_squares(fit: Fit, features: Floats) -> Floats:
    return np.asarray(fit.head.scores(features) * fit.chosen["temperature"])


@pytest.mark.parametrize(("n", "dimension"), [(90, 6), (40, 150)], ids=["more rows", "more features"])
@pytest.mark.parametrize("alpha", [0.001, 0.1, 10.0])
def test_scores_are_those_of_the_closed_form(
    n: int, dimension: int, alpha: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ridge, "ALPHAS", (alpha,))
    rows = weighted(drawn(n, dimension).rows)
    fit = fit_ridge(rows, silent)
    np.testing.assert_allclose(least_squares(fit, rows.features), closed_form(rows, alpha), atol=1e-4)


@pytest.mark.parametrize(("n", "dimension"), [(30, 6), (30, 60)], ids=["more rows", "more features"])
@pytest.mark.parametrize("size", [1, 2, 10], ids=["each row alone", "pairs", "more than the features"])
def test_held_out_scores_are_those_of_fits_without_each_unit(n: int, dimension: int, size: int) -> None:
    rows = weighted(drawn(n, dimension).rows)
    unit = np.arange(n) // size
    unit[:4] = 0
    found = _Fitted.to(rows).held_out(0.05, unit)
    expected = np.empty_like(found)
    for own in (unit == number for number in np.unique(unit)):
        expected[own] = closed_form(rows, 0.05, ~own)[own]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_each_row_is_judged_by_the_fit_without_its_unit_at_the_penalty_and_temperature_of_the_head() -> None:
    rows = weighted(drawn(60, 6).rows)
    left_out = np.where(np.arange(60) < 8, -1, np.arange(60) // 3)
    fit, proba = fit_ridge_and_left_out(rows, left_out)
    (own,) = np.nonzero(left_out == 7)
    scores = closed_form(rows, fit.chosen["alpha"], left_out != 7)[own]
    np.testing.assert_allclose(proba[own], softmax(scores / fit.chosen["temperature"]), atol=1e-3)
    np.testing.assert_allclose(proba[:8], 1 / 3)
    np.testing.assert_allclose(least_squares(fit, rows.features), closed_form(rows, fit.chosen["alpha"]), atol=1e-4)


def test_a_weight_of_two_counts_like_the_row_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ridge, "ALPHAS", (0.1,))
    rows = drawn(30, 5).rows
    first = np.arange(30) < 10
    twice = np.concatenate([np.arange(30), np.flatnonzero(first)])
    copies = replace(rows_of(rows.features[twice], rows.labels[twice], 3), units=twice)
    heavy = replace(rows, weights=np.where(first, 1.5, 0.75).astype(np.float32))
    np.testing.assert_allclose(
        least_squares(fit_ridge(heavy, silent), rows.features),
        least_squares(fit_ridge(copies, silent), rows.features),
        atol=1e-4,
    )


@pytest.mark.parametrize("seed", range(3))
def test_it_is_as_accurate_as_scikit_learns(seed: int) -> None:
    data = drawn(300, 80, 5, apart=0.2, seed=seed)
    model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=[alpha * 300 for alpha in ALPHAS]))
    theirs = model.fit(data.rows.features, data.rows.labels).score(data.fresh, data.fresh_labels)
    ours = fit_ridge(data.rows, silent).head.predict_proba(data.fresh).argmax(axis=1)
    assert (ours == data.fresh_labels).mean() >= theirs - 0.02


def test_noise_gets_the_strongest_penalty_and_classes_far_apart_a_weak_one() -> None:
    random = np.random.default_rng(0)
    noise = rows_of(random.normal(size=(80, 100)).astype(np.float32), random.integers(0, 3, 80), 3)
    assert fit_ridge(noise, silent).chosen["alpha"] == max(ALPHAS)
    assert fit_ridge(drawn(400, 10, apart=2).rows, silent).chosen["alpha"] <= 0.1


def test_probabilities_are_honest_on_fresh_rows() -> None:
    data = drawn(400, 20, apart=0.3)
    fit = fit_ridge(data.rows, silent)
    proba = fit.head.predict_proba(data.fresh)
    right = proba.argmax(axis=1) == data.fresh_labels
    assert abs(proba.max(axis=1).mean() - right.mean()) < 0.04
    assert abs(fit.chosen["accuracy"] - right.mean()) < 0.06


def test_copies_of_one_unit_do_not_vouch_for_each_other() -> None:
    random = np.random.default_rng(0)
    features = np.repeat(random.normal(size=(60, 200)).astype(np.float32), 2, axis=0)
    rows = rows_of(features, np.repeat(random.integers(0, 3, 60), 2), 3)
    apart, together = (fit_ridge(replace(rows, units=units), silent) for units in (rows.units, rows.units // 2))
    assert apart.chosen["accuracy"] > 0.9
    assert together.chosen["accuracy"] < 0.6


@pytest.mark.parametrize("counts", [(30, 30, 1), (3, 2, 2), (1, 1, 1)])
def test_classes_of_few_rows_are_learnt(counts: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(3), counts)
    centres = drawn(3, 20, apart=3).rows.features
    noise = np.random.default_rng(0).normal(0, 0.1, (len(labels), 20))
    features = (centres[labels] + noise).astype(np.float32)
    fit = fit_ridge(rows_of(features, labels, 3), silent)
    np.testing.assert_array_equal(fit.head.predict_proba(features).argmax(axis=1), labels)


@pytest.mark.parametrize("constant", [0, -5000])
def test_a_constant_feature_changes_nothing(constant: float) -> None:
    data = drawn(60, 8)
    column = np.full((60, 1), constant, np.float32)
    more = replace(data.rows, features=np.hstack([data.rows.features, column]))
    np.testing.assert_allclose(
        fit_ridge(more, silent).head.predict_proba(np.hstack([data.fresh, column])),
        fit_ridge(data.rows, silent).head.predict_proba(data.fresh),
        atol=2e-3,
    )


def test_features_that_never_vary_give_the_shares_of_the_classes() -> None:
    labels = np.repeat([0, 1], [30, 10])
    fit = fit_ridge(rows_of(np.full((40, 5), 3, np.float32), labels, 2), silent)
    np.testing.assert_allclose(least_squares(fit, np.full((1, 5), 3, np.float32)), [[0.75, 0.25]], atol=1e-4)


def test_the_order_of_the_rows_does_not_matter() -> None:
    data = drawn(60, 90)
    order = np.random.default_rng(1).permutation(60)
    other = rows_of(data.rows.features[order], data.rows.labels[order], 3)
    np.testing.assert_allclose(
        least_squares(fit_ridge(other, silent), data.fresh),
        least_squares(fit_ridge(data.rows, silent), data.fresh),
        atol=1e-3,
    )
