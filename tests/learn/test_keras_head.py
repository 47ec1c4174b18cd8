"""mlp: the classic custom layers, trained in a child process, come back as arrays on raw features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headstart.errors import MissingError
from headstart.learn.fit import Fit
from headstart.learn.heads import DenseHead
from headstart.learn.keras_head import EPOCHS, HIDDEN, epochs_for, fit_keras_head
from headstart.learn.rows import Rows, rows_of
from headstart.networks import keras_backend
from headstart.progress import silent

DIMENSION, CLASSES = 12, 3
OFFSET, UNIT = np.float32(10_000), np.geomspace(0.5, 50, DIMENSION).astype(np.float32)


def pictures(n: int, seed: int) -> Rows:
    """Return rows of classes that are apart, far from zero and each feature in a unit of its own."""
    labels = np.arange(n) % CLASSES
    centres = np.random.default_rng(0).normal(0, 2, (CLASSES, DIMENSION))
    rows = centres[labels] + np.random.default_rng(seed).normal(size=(n, DIMENSION))
    return rows_of((OFFSET + rows * UNIT).astype(np.float32), labels, CLASSES)


@pytest.fixture(scope="module")
def fit(cache: Path) -> Fit:
    """Return the layers fitted in a child: the cache must be ours before it starts."""
    return fit_keras_head(pictures(96, seed=1), silent)


def test_it_is_one_hidden_layer_of_256_units_and_one_unit_per_class(fit: Fit) -> None:
    assert isinstance(fit.head, DenseHead)
    shapes = [(kernel.shape, bias.shape) for kernel, bias in fit.head.layers]
    assert shapes == [((DIMENSION, 256), (256,)), ((256, CLASSES), (CLASSES,))]
    assert fit.chosen["hidden"] == HIDDEN == 256


def test_all_arrays_are_finite_float32(fit: Fit) -> None:
    assert {array.dtype for array in fit.head.tensors().values()} == {np.dtype(np.float32)}
    assert all(np.isfinite(array).all() for array in fit.head.tensors().values())


def test_it_learns_raw_features_far_from_zero(fit: Fit) -> None:
    rows = pictures(96, seed=1)
    assert (fit.head.scores(rows.features).argmax(axis=1) == rows.labels).mean() > 0.97


def test_it_predicts_fresh_pictures(fit: Fit) -> None:
    fresh = pictures(90, seed=2)
    assert (fit.head.scores(fresh.features).argmax(axis=1) == fresh.labels).mean() > 0.95


def test_half_of_the_rows_tell_its_accuracy(fit: Fit) -> None:
    assert fit.chosen["folds"] == 2
    assert fit.chosen["accuracy"] > 0.9


@pytest.mark.parametrize(("n", "epochs"), [(1, EPOCHS), (6_400, EPOCHS), (12_800, 30), (10**6, 10)])
def test_many_rows_are_passed_over_less_often(n: int, epochs: int) -> None:
    assert epochs_for(n) == epochs


def test_without_a_backend_that_can_train_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"mlp trains with Keras.*pip install 'headstart\[train\]'"):
        fit_keras_head(pictures(9, seed=1), silent)
