"""svm: scikit-learn's optimum of the same loss, the kernel where it helps, and none where it would take too long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from headstart.learn import svm
from headstart.learn.axes import PrincipalAxes, kernel_axes, principal_axes
from headstart.learn.heads import DenseHead, Floats, KernelHead
from headstart.learn.heads.kernel import gaussian
from headstart.learn.penalised import EXACT, nothing
from headstart.learn.rows import Rows, rows_of
from headstart.learn.svm import fit_svm, hinge_optimum
from headstart.progress import silent
from learn.blobs import doubled, drawn, weighted


def at_optimum(axes: PrincipalAxes, rows: Rows, penalty: float) -> Floats:
    begin = nothing(len(axes.variances), rows.n_classes)
    everything = np.ones(len(rows.labels), np.bool_)
    return hinge_optimum(axes, rows, everything, penalty, begin, EXACT).scores(axes.scores)


@pytest.mark.parametrize("penalty", [0.01, 0.1, 1])
def test_scores_are_those_of_scikit_learn(penalty: float) -> None:
    rows = drawn(90, 6, 3, apart=0.7).rows(3)
    axes = principal_axes(rows.features - rows.features.mean(axis=0))
    # scikit-learn penalises the bias too, unless the constant that it multiplies is large.
    theirs = LinearSVC(C=1 / (penalty * 45) / 2, dual=False, tol=1e-9, intercept_scaling=1e3, max_iter=10_000)
    theirs.set_params(C=2 / (penalty * 90) / 2)
    expected = theirs.fit(axes.scores.astype(np.float64), rows.labels).decision_function(axes.scores)
    np.testing.assert_allclose(at_optimum(axes, rows, penalty), expected, atol=5e-3)


def test_a_row_of_weight_2_counts_like_two_rows() -> None:
    rows = drawn(60, 8, 3, apart=0.5).rows(3)
    axes = principal_axes(rows.features)
    again = replace(axes, scores=np.vstack([axes.scores, axes.scores[rows.labels == 1]]))
    heavy = at_optimum(axes, weighted(rows, 1, 2, 1), 0.1)
    np.testing.assert_allclose(heavy, at_optimum(again, doubled(rows, 1), 0.1)[:60], atol=3e-3)


def rings(n: int, seed: int = 0) -> Rows:
    """Return directions on a sphere, near its poles or near its equator: no plane parts these."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    x = random.normal(size=(n, 3)) * np.where(labels[:, np.newaxis] == 0, [1, 1, 0.2], [0.2, 0.2, 1])
    return rows_of(x.astype(np.float32), labels, 2)


def test_a_kernel_is_taken_where_no_plane_parts_the_classes() -> None:
    fit = fit_svm(rings(240), silent)
    assert fit.chosen["kernel"] == "rbf"
    assert isinstance(fit.head, KernelHead)
    fresh = rings(240, seed=1)
    assert (fit.head.scores(fresh.features).argmax(axis=1) == fresh.labels).mean() > 0.85


def test_the_kernel_head_does_to_raw_features_what_the_fit_did_in_its_axes() -> None:
    rows = rings(120)
    fit = fit_svm(rows, silent)
    assert isinstance(fit.head, KernelHead)
    axes = kernel_axes(gaussian(fit.head.support, fit.head.support, fit.chosen["gamma"]))
    expected = at_optimum(axes, rows, fit.chosen["penalty"]) / fit.chosen["temperature"]
    np.testing.assert_allclose(fit.head.scores(rows.features), expected, atol=0.02 * np.abs(expected).max())


def test_a_plane_is_taken_where_lengths_part_the_classes() -> None:
    # All rows have one of two directions, so that a kernel of directions sees nothing but the sign.
    x = np.linspace(0.5, 3, 90, dtype=np.float32)[:, np.newaxis] * np.ones(4, np.float32)
    fit = fit_svm(rows_of(x, (np.arange(90) >= 60).astype(np.intp), 2), silent)
    assert fit.chosen["kernel"] == "linear"
    assert isinstance(fit.head, DenseHead)


@pytest.mark.parametrize(("name", "value"), [("MOST_ROWS", 239), ("MOST_CLASSES", 1)])
def test_the_kernel_is_not_tried_where_it_would_take_too_long(
    name: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(svm, name, value)
    chosen = fit_svm(rings(240), silent).chosen
    assert (chosen["kernel"], chosen["tried"]) == ("linear", ["linear"])
