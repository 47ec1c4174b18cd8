"""lda: scikit-learn's discriminants, shrunk by Ledoit and Wolf's formula or as cross-validation prefers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from headstart.learn.axes import standardised_axes
from headstart.learn.heads import Floats, softmax
from headstart.learn.lda import SHRINKAGES, fit_lda, within_classes
from headstart.learn.rows import Rows, rows_of
from headstart.progress import silent
from learn.blobs import doubled, drawn, weighted

DATA = drawn(120, 8, 3, apart=0.5)


def scores(rows: Rows, shrinkage: float | None) -> Floats:
    """Return the discriminants of the training rows."""
    axes = standardised_axes(rows.features).axes
    everything = np.ones(len(rows.labels), np.bool_)
    within = within_classes(axes.scores, rows, everything, rows.features.shape[1])
    return within.discriminants(shrinkage).scores(axes.scores)


@pytest.mark.parametrize("shrinkage", [0.01, 0.3, 0.9])
def test_probabilities_are_scikit_learns(shrinkage: float) -> None:
    rows = DATA.rows(3)
    standard = standardised_axes(rows.features)
    x = (rows.features - standard.mean) / standard.std
    centred = x - np.stack([x[rows.labels == label].mean(axis=0) for label in range(3)])[rows.labels]
    covariance = centred.T @ centred / len(x)
    shrunk = (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / 8 * np.eye(8)

    class Given:
        """Hands scikit-learn the covariance within classes, which it would else average over classes' own."""

        covariance_ = shrunk

        def fit(self, _: Floats) -> None:
            """Do nothing."""

    theirs = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=Given()).fit(x, rows.labels)
    np.testing.assert_allclose(softmax(scores(rows, shrinkage)), theirs.predict_proba(x), atol=1e-3)


@pytest.mark.parametrize(("n", "dimension"), [(120, 8), (30, 70)])
def test_the_shrinkage_is_ledoit_and_wolfs(n: int, dimension: int) -> None:
    rows = drawn(n, dimension, 3).rows(3)
    standard = standardised_axes(rows.features)
    x = (rows.features - standard.mean) / standard.std
    centred = x - np.stack([x[rows.labels == label].mean(axis=0) for label in range(3)])[rows.labels]
    expected = ledoit_wolf(centred, assume_centered=True)[1]
    within = within_classes(standard.axes.scores, rows, np.ones(n, np.bool_), dimension)
    assert within.ledoit_wolf == pytest.approx(expected, rel=0.01)


def test_a_row_of_weight_2_counts_like_two_rows() -> None:
    rows = DATA.rows(3)
    axes = standardised_axes(rows.features).axes
    everything = np.ones(len(rows.labels), np.bool_)
    heavy = within_classes(axes.scores, weighted(rows, 1, 2, 1), everything, 8)
    again = np.vstack([axes.scores, axes.scores[rows.labels == 1]])
    copied = within_classes(again, doubled(rows, 1), np.ones(len(again), np.bool_), 8)
    np.testing.assert_allclose(heavy.covariance, copied.covariance, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(heavy.means, copied.means, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(heavy.shares, copied.shares, rtol=1e-5)


def test_rows_that_are_not_learnt_from_change_nothing() -> None:
    rows = DATA.rows(3)
    x = standardised_axes(rows.features).axes.scores
    learnt = np.arange(120) < 60
    spoilt = np.where(learnt[:, np.newaxis], x, 99)
    one, other = (within_classes(each, rows, learnt, 8).discriminants(0.1) for each in (x, spoilt))
    np.testing.assert_array_equal(one.weights, other.weights)


def test_noise_is_shrunk_more_than_a_signal_in_one_direction() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(400) % 2
    # The classes differ along a small difference of two features that vary together.
    common = random.normal(size=(400, 1))
    aligned = np.hstack([common, common + 0.2 * labels[:, np.newaxis]]) + random.normal(0, 0.05, (400, 2))
    signal = fit_lda(rows_of(aligned.astype(np.float32), labels, 2), silent)
    noise = fit_lda(drawn(60, 100, 3, apart=0.3).rows(3), silent)
    assert signal.chosen["shrinkage"] < 0.1 < noise.chosen["shrinkage"]
    assert signal.chosen["accuracy"] > 0.9


def test_without_held_out_rows_the_shrinkage_is_ledoit_and_wolfs() -> None:
    fit = fit_lda(rows_of(np.eye(3, dtype=np.float32), np.arange(3), 3), silent)
    assert not fit.chosen["tuned"]
    assert SHRINKAGES[0] is None
