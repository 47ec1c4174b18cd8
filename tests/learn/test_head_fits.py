"""The table of heads, and what every entry owes: the same battery for each."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache as once
from pathlib import Path

import numpy as np
import pytest

from headstart.learn import forest
from headstart.learn.calibration import log_loss
from headstart.learn.fit import Fit
from headstart.learn.head_fits import HEAD_FITS
from headstart.learn.heads import KINDS, head_from
from headstart.learn.rows import Rows, rows_of
from headstart.progress import silent
from learn.blobs import Drawn, doubled, drawn, weighted

DIMENSION, CLASSES, SEED = 12, 3, 3
EASY = drawn(90, DIMENSION, CLASSES, apart=2)
BLURRED = drawn(240, DIMENSION, CLASSES, apart=0.45, seed=2)
IN_PROCESS = [name for name, entry in HEAD_FITS.items() if not entry.needs_training_backend]
"""Heads that are fitted in this process: the others take seconds to start."""


def fit_to(name: str, rows: Rows) -> Fit:
    return HEAD_FITS[name].fit(rows, silent)


@once
def of_blurred(name: str) -> Fit:
    """Return the head fitted to classes that overlap: once for all tests."""
    return fit_to(name, BLURRED.rows(CLASSES, SEED))


@pytest.fixture(scope="module", params=HEAD_FITS)
def fits(request: pytest.FixtureRequest, cache: Path) -> list[Fit]:
    """Return the head fitted twice to the same easy rows: at once, since a child takes seconds to start."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: fit_to(request.param, EASY.rows(CLASSES, SEED)), range(2)))


def accuracy(fit: Fit, data: Drawn) -> float:
    return float((fit.head.predict_proba(data.fresh).argmax(axis=1) == data.fresh_labels).mean())


def test_the_heads_are_those_that_are_documented() -> None:
    assert list(HEAD_FITS) == ["logistic", "svm", "ridge", "lda", "tree", "forest", "knn", "mlp"]


@pytest.mark.parametrize("name", HEAD_FITS)
def test_every_entry_says_what_it_is(name: str) -> None:
    assert HEAD_FITS[name].name == name
    assert len(HEAD_FITS[name].summary) > 15
    assert "\n" not in HEAD_FITS[name].summary


def test_classes_that_are_apart_are_told_apart(fits: list[Fit]) -> None:
    assert accuracy(fits[0], EASY) > 0.9


def test_probabilities_are_float32_and_sum_to_1(fits: list[Fit]) -> None:
    proba = fits[0].head.predict_proba(EASY.fresh)
    assert proba.shape == (len(EASY.fresh), CLASSES)
    assert proba.dtype == np.float32
    assert proba.min() >= 0
    np.testing.assert_allclose(proba.sum(axis=1), np.ones(len(proba)), rtol=1e-5)


def test_scores_are_float32_and_their_softmax_is_the_probabilities(fits: list[Fit]) -> None:
    scores = fits[0].head.scores(EASY.fresh).astype(np.float64)
    assert fits[0].head.scores(EASY.fresh).dtype == np.float32
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fits[0].head.predict_proba(EASY.fresh), expected, atol=1e-5)


def test_no_rows_have_no_probabilities(fits: list[Fit]) -> None:
    assert fits[0].head.predict_proba(EASY.fresh[:0]).shape == (0, CLASSES)


def test_the_same_seed_gives_the_same_head(fits: list[Fit]) -> None:
    first, second = (fit.head.tensors() for fit in fits)
    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }
    assert fits[0].chosen == fits[1].chosen


def test_a_row_does_not_depend_on_those_beside_it(fits: list[Fit]) -> None:
    together = fits[0].head.scores(EASY.fresh)
    alone = np.concatenate([fits[0].head.scores(EASY.fresh[[i]]) for i in range(20)])
    np.testing.assert_allclose(alone, together[:20], rtol=1e-4, atol=1e-4)


def test_stored_tensors_give_the_same_head_to_the_bit(fits: list[Fit]) -> None:
    head = fits[0].head
    again = head_from(head.kind, head.tensors(), DIMENSION, CLASSES)
    assert again.scores(EASY.fresh).tobytes() == head.scores(EASY.fresh).tobytes()
    assert type(again) is type(head)
    assert again.dimension == head.dimension == DIMENSION


def test_tensors_are_plain_arrays(fits: list[Fit]) -> None:
    assert fits[0].head.kind in KINDS
    for array in fits[0].head.tensors().values():
        assert array.dtype.kind in "fi"
        assert array.flags.c_contiguous


def test_what_was_chosen_is_plain_json(fits: list[Fit]) -> None:
    chosen = fits[0].chosen
    assert json.loads(json.dumps(chosen)) == chosen
    assert chosen.keys() >= {"temperature", "folds", "accuracy", "log_loss"}
    assert chosen["accuracy"] > 0.9
    assert chosen["log_loss"] < np.log(CLASSES)


@pytest.mark.parametrize("temperature", [0.3, 5])
def test_a_cooled_head_has_its_scores_divided(fits: list[Fit], temperature: float) -> None:
    head = fits[0].head
    np.testing.assert_allclose(
        head.cooled(temperature).scores(EASY.fresh), head.scores(EASY.fresh) / temperature, rtol=1e-3, atol=1e-4
    )


# --- classes that overlap -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HEAD_FITS)
def test_the_cross_validated_accuracy_is_near_that_of_fresh_rows(name: str, cache: Path) -> None:
    fit = of_blurred(name)
    assert 0.5 < accuracy(fit, BLURRED) < 0.95
    assert fit.chosen["accuracy"] == pytest.approx(accuracy(fit, BLURRED), abs=0.1)


@pytest.mark.parametrize("name", HEAD_FITS)
def test_the_temperature_is_about_the_best_for_fresh_rows(name: str, cache: Path) -> None:
    scores, ones = of_blurred(name).head.scores(BLURRED.fresh), np.ones(len(BLURRED.fresh), np.float32)
    ours = log_loss(scores, BLURRED.fresh_labels, ones)
    best = min(log_loss(scores, BLURRED.fresh_labels, ones, each) for each in np.geomspace(0.2, 5, 31))
    assert ours < 1.06 * best


@pytest.mark.parametrize("name", HEAD_FITS)
def test_the_log_loss_of_fresh_rows_is_that_of_held_out_ones(name: str, cache: Path) -> None:
    fit = of_blurred(name)
    ones = np.ones(len(BLURRED.fresh), np.float32)
    fresh = log_loss(fit.head.scores(BLURRED.fresh), BLURRED.fresh_labels, ones)
    assert fresh == pytest.approx(fit.chosen["log_loss"], rel=0.35)


@pytest.mark.parametrize("name", HEAD_FITS)
def test_a_heavier_class_is_named_more_often(name: str, cache: Path) -> None:
    rows = weighted(BLURRED.rows(CLASSES, SEED), 2.8, 0.1, 0.1)
    named = (fit_to(name, rows).head.scores(BLURRED.fresh).argmax(axis=1) == 0).mean()
    before = (of_blurred(name).head.scores(BLURRED.fresh).argmax(axis=1) == 0).mean()
    assert named > before + 0.1


@pytest.mark.parametrize("name", IN_PROCESS)
def test_copies_in_one_unit_are_not_held_out_from_each_other(name: str) -> None:
    noise = np.random.default_rng(0).normal(size=(80, DIMENSION)).astype(np.float32)
    rows = rows_of(np.repeat(noise, 4, axis=0), np.repeat(np.arange(80) % 2, 4), 2, SEED)
    apart = fit_to(name, rows)
    together = fit_to(name, replace(rows, units=np.repeat(np.arange(80), 4)))
    assert together.chosen["accuracy"] < 0.7
    if name in ("knn", "tree", "forest"):  # those that remember what they saw
        assert apart.chosen["accuracy"] > 0.9


# --- odd rows -------------------------------------------------------------------------------------------------


def _noise(n: int, dimension: int = 5) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(size=(n, dimension)).astype(np.float32)


def _with_constant_columns() -> Rows:
    constant = np.broadcast_to(np.array([0, 1, -5000, 1e30], np.float32), (90, 4))
    return rows_of(np.hstack([EASY.features, constant]), EASY.labels, CLASSES)


ODD = {
    "a class of one row": rows_of(_noise(21), np.repeat([0, 1, 2], [10, 10, 1]), 3),
    "two classes": rows_of(_noise(20), np.arange(20) % 2, 2),
    "a row of each class": rows_of(_noise(4), np.arange(4), 4),
    "two rows": rows_of(_noise(2), np.arange(2), 2),
    "fewer rows than classes": rows_of(_noise(6), np.array([0, 0, 2, 2, 5, 9]), 12),
    "rows all the same": rows_of(np.full((40, 5), 3, np.float32), np.repeat([0, 1], [30, 10]), 2),
    "rows of nothing": rows_of(np.zeros((12, 5), np.float32), np.arange(12) % 3, 3),
    "columns that are constant": _with_constant_columns(),
    "one column": rows_of(_noise(30, 1), np.arange(30) % 3, 3),
    "more columns than rows": rows_of(_noise(12, 400), np.arange(12) % 3, 3),
    "every row twice": doubled(rows_of(_noise(20), np.arange(20) % 2, 2), 0),
    "a class that is one unit": replace(
        rows_of(_noise(30), np.repeat([0, 1], 15), 2), units=np.concatenate([np.arange(15), np.full(15, 99)])
    ),
    "one unit": replace(rows_of(_noise(12), np.arange(12) % 2, 2), units=np.zeros(12, np.intp)),
    "huge numbers": rows_of(_noise(30) * np.float32(1e15), np.arange(30) % 3, 3),
    "tiny numbers": rows_of(_noise(30) * np.float32(1e-15), np.arange(30) % 3, 3),
    "a lonely outlier": rows_of(np.vstack([_noise(29), np.full((1, 5), 1e6, np.float32)]), np.arange(30) % 3, 3),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", IN_PROCESS)
def test_odd_rows_are_learnt_as_far_as_they_can_be(name: str, odd: str) -> None:
    rows = ODD[odd]
    fit = fit_to(name, rows)
    proba = fit.head.predict_proba(rows.features)
    assert proba.shape == (len(rows.labels), rows.n_classes)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), np.ones(len(proba)), rtol=1e-4)
    assert all(np.isfinite(array).all() for array in fit.head.tensors().values())
    json.dumps(fit.chosen, allow_nan=False)
    head_from(fit.head.kind, fit.head.tensors(), rows.features.shape[1], rows.n_classes)


def test_a_row_of_each_class_is_learnt_by_the_custom_layers(cache: Path) -> None:
    rows = ODD["a row of each class"]
    fit = fit_to("mlp", rows)
    np.testing.assert_array_equal(fit.head.predict_proba(rows.features).argmax(axis=1), rows.labels)
    assert fit.chosen["accuracy"] is None


@pytest.mark.parametrize("name", HEAD_FITS)
def test_rows_that_are_all_the_same_get_the_shares_of_the_classes(name: str, cache: Path) -> None:
    rows = ODD["rows all the same"]
    proba = fit_to(name, rows).head.predict_proba(rows.features[:1])
    np.testing.assert_allclose(proba, [[0.75, 0.25]], atol=0.12)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.trust if name in ("tree", "svm") else ()) for name in IN_PROCESS]
)
def test_a_thousand_classes_are_told_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "TREES", 20)
    monkeypatch.setattr(forest, "TREES_OF_A_TRIAL", 5)
    many = drawn(1200, 32, 1000, apart=3)
    proba = fit_to(name, many.rows(1000)).head.predict_proba(many.features)
    assert proba.shape == (1200, 1000)
    assert (proba.argmax(axis=1) == many.labels).mean() > (0.05 if name == "tree" else 0.5)


@pytest.mark.parametrize("name", IN_PROCESS)
def test_units_of_the_features_do_not_matter(name: str) -> None:
    unit, offset = np.geomspace(0.15, 6, DIMENSION).astype(np.float32), np.linspace(-50, 50, DIMENSION)
    data = replace(
        BLURRED,
        features=(BLURRED.features + offset.astype(np.float32)) * unit,
        fresh=(BLURRED.fresh + offset.astype(np.float32)) * unit,
    )
    assert accuracy(fit_to(name, data.rows(CLASSES, SEED)), data) == pytest.approx(
        accuracy(of_blurred(name), BLURRED), abs=0.08
    )
