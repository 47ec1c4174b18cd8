"""frozen+mlp: the classic custom layers, trained in a child process, come back as arrays on raw features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import MissingError
from headstart.learn.heads import DenseHead, Floats
from headstart.learn.keras_head import HIDDEN, fit_keras_head
from headstart.networks import keras_backend
from headstart.progress import silent

DIMENSION, CLASSES = 12, 3
OFFSET, UNIT = np.float32(10_000), np.geomspace(0.5, 50, DIMENSION).astype(np.float32)


def pictures(n: int, seed: int) -> tuple[Floats, NDArray[np.intp]]:
    """Return features of classes that are apart, far from zero and each in a unit of its own, and their labels."""
    labels = np.arange(n) % CLASSES
    centres = np.random.default_rng(0).normal(0, 2, (CLASSES, DIMENSION))
    rows = centres[labels] + np.random.default_rng(seed).normal(size=(n, DIMENSION))
    return (OFFSET + rows * UNIT).astype(np.float32), labels


@pytest.fixture(scope="module")
def head(cache: Path) -> DenseHead:
    """Return the layers fitted in a child: the cache must be ours before it starts."""
    return fit_keras_head(*pictures(32, seed=1), CLASSES, 0, silent)


def test_it_is_one_hidden_layer_of_256_units_and_one_unit_per_class(head: DenseHead) -> None:
    shapes = [(kernel.shape, bias.shape) for kernel, bias in head.layers]
    assert shapes == [((DIMENSION, 256), (256,)), ((256, CLASSES), (CLASSES,))]
    assert HIDDEN == 256


def test_all_arrays_are_finite_float32(head: DenseHead) -> None:
    assert {array.dtype for array in head.tensors().values()} == {np.dtype(np.float32)}
    assert all(np.isfinite(array).all() for array in head.tensors().values())


def test_it_learns_raw_features_far_from_zero(head: DenseHead) -> None:
    features, labels = pictures(32, seed=1)
    np.testing.assert_array_equal(head.predict_proba(features).argmax(axis=1), labels)


def test_it_predicts_fresh_pictures(head: DenseHead) -> None:
    features, labels = pictures(90, seed=2)
    assert (head.predict_proba(features).argmax(axis=1) == labels).mean() > 0.95


def test_without_a_backend_that_can_train_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"frozen\+mlp trains with Keras.*pip install 'headstart\[train\]'"):
        fit_keras_head(*pictures(9, seed=1), CLASSES, 0, silent)
