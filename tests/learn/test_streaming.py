"""Heads from rows that pass by: ridge is the exact one, logistic about that of memory; rows come class by class."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from headstart.learn import passes, ridge, streaming
from headstart.learn.fit import Fit
from headstart.learn.gram import standard_of
from headstart.learn.logistic import fit_logistic
from headstart.learn.passes import folds_of_units
from headstart.learn.ridge import fit_ridge
from headstart.learn.rows import Floats, Labels, rows_of
from headstart.learn.streaming import Chunk, Chunks, fit_logistic_in_passes, fit_ridge_in_passes
from headstart.progress import Event, Listener, Said, silent

FitInPasses = Callable[[Chunks, int, int, int, Listener], Fit]


@dataclass
class Stream:
    """Rows that pass by, in the order of their classes as most data does; counts the passes."""

    features: Floats
    labels: Labels
    weights: Floats
    size: int = 200
    passes: int = field(default=0)

    def __call__(self) -> Iterator[Chunk]:
        """Begin a pass."""
        self.passes += 1
        order = np.argsort(self.labels, kind="stable")
        for start in range(0, len(order), self.size):
            own = order[start : start + self.size]
            yield Chunk(self.features[own], self.labels[own], self.weights[own], own)


def drawn(n: int, dimension: int, n_classes: int, *, apart: float = 0.3, seed: int = 0) -> tuple[Stream, Stream]:
    """Return rows of features that hang together and differ in size, and fresh ones."""
    random = np.random.default_rng(seed)
    centres = random.normal(0, apart, (n_classes, dimension))
    labels = np.resize(np.arange(n_classes), 2 * n)
    mixed = random.normal(size=(dimension, dimension)) / np.sqrt(dimension) + np.diag(np.geomspace(0.2, 5, dimension))
    features = ((centres[labels] + random.normal(size=(2 * n, dimension))) @ mixed + 20).astype(np.float32)
    ones = np.ones(n, np.float32)
    return Stream(features[:n], labels[:n], ones), Stream(features[n:], labels[n:], ones)


def least_squares(fit: Fit) -> list[Floats]:
    return list(fit.head.cooled(1 / fit.chosen["temperature"]).tensors().values())


def scores_of(fit: Fit, rows: Stream) -> tuple[float, float]:
    """Return accuracy and log loss."""
    proba = fit.head.predict_proba(rows.features)
    own = proba[np.arange(len(proba)), rows.labels]
    return float((proba.argmax(axis=1) == rows.labels).mean()), float(-np.log(np.maximum(own, 1e-12)).mean())


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SAMPLE", 500)


@pytest.mark.parametrize("alpha", [0.001, 0.1, 10.0])
def test_ridge_has_the_weights_of_memory_and_of_the_closed_form(alpha: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("streaming", "ridge"):
        monkeypatch.setattr(f"headstart.learn.{module}.ALPHAS", (alpha,))
    rows, _ = drawn(900, 40, 3)
    found = least_squares(fit_ridge_in_passes(rows, 40, 3, 0, silent))
    in_memory = least_squares(fit_ridge(rows_of(rows.features, rows.labels, 3), silent))
    by = standard_of(rows.features, rows.weights)
    x = (rows.features - by.mean) / by.std
    targets = np.eye(3)[rows.labels]
    kernel = np.linalg.solve(x.T @ x + alpha * len(x) * np.eye(40), x.T @ (targets - 1 / 3)) / by.std[:, np.newaxis]
    for layer in (found, in_memory):
        np.testing.assert_allclose(layer[0], kernel, atol=1e-4 * np.abs(kernel).max())
        np.testing.assert_allclose(layer[1], 1 / 3 - by.mean @ kernel, atol=1e-3)


def test_ridge_takes_the_alpha_of_the_least_squared_error_on_held_out_folds() -> None:
    rows, _ = drawn(240, 60, 3)
    fold = folds_of_units(np.arange(240), 0)
    targets = np.eye(3)[rows.labels]
    errors = []
    for alpha in ridge.ALPHAS:
        error = 0.0
        for number in range(4):
            held = fold == number
            by = standard_of(rows.features[~held], rows.weights[~held])
            x = (rows.features - by.mean) / by.std
            shares = targets[~held].mean(axis=0)
            gram = x[~held].T @ x[~held] + alpha * (~held).sum() * np.eye(60)
            weights = np.linalg.solve(gram, x[~held].T @ (targets[~held] - shares))
            error += ((targets[held] - shares - x[held] @ weights) ** 2).sum()
        errors.append(error)
    best = ridge.ALPHAS[int(np.argmin(errors))]
    assert min(ridge.ALPHAS) < best < max(ridge.ALPHAS)
    fit = fit_ridge_in_passes(rows, 60, 3, 0, silent)
    assert fit.chosen["alpha"] == best
    everything = passes.gathered(rows(), rows.features.mean(axis=0), 3, 0)
    found = sum(streaming._HeldOut.of(everything.total - held, held).squared_error(best) for held in everything.folds)
    assert found == pytest.approx(min(errors), rel=1e-3)


def test_ridge_reads_the_rows_once_after_a_look_at_the_first() -> None:
    rows, _ = drawn(300, 10, 3)
    fit_ridge_in_passes(rows, 10, 3, 0, silent)
    assert rows.passes == 2


def test_ridge_tells_how_good_it_is_and_makes_honest_probabilities(small_sample: None) -> None:
    rows, fresh = drawn(3000, 30, 4, apart=0.2)
    fit = fit_ridge_in_passes(rows, 30, 4, 0, silent)
    accuracy, loss = scores_of(fit, fresh)
    assert fit.chosen["accuracy"] == pytest.approx(accuracy, abs=0.05)
    assert fit.chosen["log_loss"] == pytest.approx(loss, abs=0.1)
    assert loss < scores_of(Fit(fit.head.cooled(3), {}), fresh)[1]
    assert loss < scores_of(Fit(fit.head.cooled(1 / 3), {}), fresh)[1]


@pytest.mark.parametrize("fit_in_passes", [fit_ridge_in_passes, fit_logistic_in_passes])
def test_rows_of_one_unit_and_rows_of_one_class_give_a_head_all_the_same(fit_in_passes: FitInPasses) -> None:
    rows, _ = drawn(30, 10, 3, apart=3)

    def one_unit() -> Iterator[Chunk]:
        yield Chunk(rows.features, rows.labels, rows.weights, np.zeros(30, np.intp))

    fit = fit_in_passes(one_unit, 10, 3, 0, silent)
    assert (fit.head.predict_proba(rows.features).argmax(axis=1) == rows.labels).all()
    assert fit.chosen["accuracy"] is None


@pytest.mark.parametrize("fit_in_passes", [fit_ridge_in_passes, fit_logistic_in_passes])
def test_a_weight_of_two_counts_like_the_row_twice(fit_in_passes: FitInPasses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "ALPHAS", (0.1,))
    monkeypatch.setattr(streaming, "PENALTIES", (0.1,))
    rows, fresh = drawn(60, 5, 3)
    heavy = np.where(np.arange(60) < 20, 2, 1)

    def weighted() -> Iterator[Chunk]:
        yield Chunk(rows.features, rows.labels, heavy.astype(np.float32), np.arange(60))

    def copied() -> Iterator[Chunk]:
        yield from weighted_part(rows, slice(None))
        yield from weighted_part(rows, slice(20))

    one, other = (fit_in_passes(each, 5, 3, 0, silent) for each in (weighted, copied))
    np.testing.assert_allclose(before_temperature(one, fresh), before_temperature(other, fresh), atol=2e-3)


def before_temperature(fit: Fit, rows: Stream) -> Floats:
    """Return the probabilities that a fit gives without its temperature, which is sought with less precision."""
    return fit.head.cooled(1 / fit.chosen["temperature"]).predict_proba(rows.features)


def weighted_part(rows: Stream, part: slice) -> Iterator[Chunk]:
    yield Chunk(rows.features[part], rows.labels[part], rows.weights[part], np.arange(60)[part])


@pytest.mark.parametrize("seed", range(5))
def test_logistic_is_as_good_as_that_of_memory(small_sample: None, seed: int) -> None:
    rows, fresh = drawn(3000, 40, 6, apart=0.25, seed=seed)
    accuracy, loss = scores_of(fit_logistic_in_passes(rows, 40, 6, seed, silent), fresh)
    expected, expected_loss = scores_of(fit_logistic(rows_of(rows.features, rows.labels, 6, seed), silent), fresh)
    assert accuracy >= expected - 0.005
    assert loss <= expected_loss + 0.02


def test_logistic_finds_the_optimum_of_memory(small_sample: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "PENALTIES", (0.01,))
    monkeypatch.setattr("headstart.learn.logistic.PENALTIES", (0.01,))
    rows, fresh = drawn(3000, 20, 4)
    fits = (
        fit_logistic_in_passes(rows, 20, 4, 0, silent),
        fit_logistic(rows_of(rows.features, rows.labels, 4), silent),
    )
    one, other = (before_temperature(fit, fresh) for fit in fits)
    np.testing.assert_allclose(one, other, atol=2e-3)


def test_logistic_makes_no_more_passes_than_it_told(small_sample: None) -> None:
    rows, _ = drawn(900, 30, 4)
    events: list[Event] = []
    fit_logistic_in_passes(rows, 30, 4, 0, events.append)
    (told,) = [event.text for event in events if isinstance(event, Said)]
    assert told == "The rows are read 37 times at most."
    assert 5 < rows.passes <= 37


def test_penalties_are_followed_one_group_after_the_other_where_classes_are_many(
    small_sample: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, fresh = drawn(900, 30, 4)
    expected = scores_of(fit_logistic_in_passes(rows, 30, 4, 0, silent), fresh)
    monkeypatch.setattr(streaming, "_SEARCHED", 26 * 30 * 4)
    monkeypatch.setattr(streaming, "_SCORES", 5000)
    events: list[Event] = []
    found = scores_of(fit_logistic_in_passes(rows, 30, 4, 0, events.append), fresh)
    assert [event.text for event in events if isinstance(event, Said)] == ["The rows are read 52 times at most."]
    assert found == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("fit_in_passes", [fit_ridge_in_passes, fit_logistic_in_passes])
def test_memory_does_not_grow_with_the_rows(fit_in_passes: FitInPasses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SAMPLE", 200)
    monkeypatch.setattr(passes, "_NUMBERS", 2**14)
    monkeypatch.setattr(streaming, "_CHOOSING", 2)
    monkeypatch.setattr(streaming, "_FITTING", 2)
    few, many = (peak_of(fit_in_passes, rows) for rows in (3_000, 15_000))
    assert many < 1.2 * few


def peak_of(fit_in_passes: FitInPasses, n: int) -> int:
    def chunks() -> Iterator[Chunk]:
        for number in range(n // 500):
            random = np.random.default_rng(number)
            labels = random.integers(0, 3, 500)
            features = (random.normal(size=(500, 64)) + labels[:, np.newaxis] / 4).astype(np.float32)
            yield Chunk(features, labels, np.ones(500, np.float32), np.arange(500) + 500 * number)

    tracemalloc.start()
    fit_in_passes(chunks, 64, 3, 0, silent)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_without_rows_there_is_no_head() -> None:
    none: Chunks = lambda: iter(())  # noqa: E731
    with pytest.raises(ValueError, match="no rows"):
        fit_ridge_in_passes(none, 5, 2, 0, silent)
