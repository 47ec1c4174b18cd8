"""The table of approaches, and what every entry owes: the same battery for each, on features that are easy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import MissingError, UserError
from headstart.learn import logistic
from headstart.learn.approaches import APPROACHES, approach
from headstart.learn.heads import DenseHead
from headstart.networks import keras_backend
from headstart.progress import silent

DIMENSION, CLASSES, SEED = 16, 4, 3
LABELS = np.arange(32) % CLASSES
FEATURES = (
    np.random.default_rng(0).normal(0, 3, (CLASSES, DIMENSION))[LABELS]
    + np.random.default_rng(1).normal(size=(32, DIMENSION))
).astype(np.float32)


@pytest.fixture(scope="module", params=APPROACHES)
def heads(request: pytest.FixtureRequest, cache: Path) -> list[DenseHead]:
    """Return the approach's head, fitted twice to the same: at once, since a child takes seconds to start."""
    fit_head = APPROACHES[request.param].fit_head
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: fit_head(FEATURES, LABELS, CLASSES, SEED, silent), range(2)))


@pytest.mark.parametrize("name", APPROACHES)
def test_every_entry_says_what_it_is(name: str) -> None:
    entry = APPROACHES[name]
    assert entry.name == name
    assert entry.family
    assert name.startswith(f"{entry.family}+")
    assert len(entry.summary) > 20


def test_the_approaches_are_those_that_are_documented() -> None:
    assert list(APPROACHES) == ["frozen+logistic", "frozen+mlp"]


@pytest.mark.parametrize("name", APPROACHES)
def test_an_approach_is_found_by_its_name(name: str) -> None:
    assert approach(name) is APPROACHES[name]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("logistic", "frozen+logistic"), ("frozen-mlp", "frozen+mlp"), ("Frozen+Logistic", "frozen+logistic")],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UserError) as caught:
        approach(name)
    assert f"No approach is called '{name}'. Did you mean {nearest}?" in str(caught.value)


@pytest.mark.parametrize("name", ["", "zzz"])
def test_a_name_like_none_is_answered_with_all(name: str) -> None:
    with pytest.raises(UserError) as caught:
        approach(name)
    assert "Did you mean" not in str(caught.value)
    assert "Choose from: frozen+logistic, frozen+mlp." in str(caught.value)


def test_an_approach_that_trains_with_keras_is_refused_without_a_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"frozen\+mlp trains with Keras"):
        approach("frozen+mlp").check_installed()


def test_an_approach_without_keras_needs_no_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    approach("frozen+logistic").check_installed()


def test_an_entry_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        APPROACHES["frozen+logistic"].name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("seed", [0, 7])
def test_the_seed_reaches_the_folds_of_the_logistic_head(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []

    def noted(labels: NDArray[np.intp], n_folds: int, seed: int) -> NDArray[np.intp]:
        seeds.append(seed)
        return np.arange(len(labels)) % n_folds

    monkeypatch.setattr(logistic, "folds", noted)
    approach("frozen+logistic").fit_head(FEATURES, LABELS, CLASSES, seed, silent)
    assert seeds == [seed]


def test_every_approach_learns_classes_that_are_apart(heads: list[DenseHead]) -> None:
    np.testing.assert_array_equal(heads[0].predict_proba(FEATURES).argmax(axis=1), LABELS)


def test_every_approach_gives_probabilities_as_float32(heads: list[DenseHead]) -> None:
    proba = heads[0].predict_proba(FEATURES)
    assert proba.shape == (len(FEATURES), CLASSES)
    assert proba.dtype == np.float32
    assert proba.min() >= 0
    np.testing.assert_allclose(proba.sum(axis=1), np.ones(len(FEATURES)), rtol=1e-5)


def test_every_approach_is_surer_of_a_centre_than_of_a_border(heads: list[DenseHead]) -> None:
    centre, other = FEATURES[LABELS == 0].mean(axis=0), FEATURES[LABELS == 1].mean(axis=0)
    proba = heads[0].predict_proba(np.stack([centre, (centre + other) / 2]))
    assert proba[0].max() > proba[1].max()


def test_every_approach_gives_the_same_head_for_the_same_seed(heads: list[DenseHead]) -> None:
    first, second = (head.tensors() for head in heads)
    assert {name: array.tobytes() for name, array in first.items()} == {
        name: array.tobytes() for name, array in second.items()
    }


def test_every_approach_gives_a_dense_head_from_features_to_classes(heads: list[DenseHead]) -> None:
    assert heads[0].layers[0][0].shape[0] == DIMENSION
    assert heads[0].layers[-1][0].shape[1] == CLASSES
