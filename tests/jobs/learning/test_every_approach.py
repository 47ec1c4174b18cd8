"""What every approach owes, by one battery: the same pictures in, a model that says again what was judged."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.jobs.classifier import load
from headstart.learn.approaches import APPROACHES, approach
from models import Trained, train
from pictures import write_classes

QUICK: dict[str, dict[str, Any]] = {
    "scratch": {"epochs": 4, "scale": 16, "blocks": 2, "width": 8},
    "fine-tune": {"epochs": 2, "views": 1},
}
"""What lets a network be trained within seconds."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four classes in ready-made parts, to be ordered by the numbers in their names; one of them has one picture."""
    root = tmp_path_factory.mktemp("battery") / "data"
    write_classes(root / "train", {"kind 10": 8, "kind 2": 8, "kind 1": 4, "lone": 1}, seed=1)
    write_classes(root / "val", {"kind 10": 3, "kind 2": 3, "kind 1": 2}, seed=2)
    write_classes(root / "test", {"kind 10": 3, "kind 2": 3, "kind 1": 2}, seed=3)
    return root


@pytest.fixture(scope="module")
def with_other_test_pictures(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same pictures to learn from, and others to be judged by."""
    root = tmp_path_factory.mktemp("battery") / "other"
    for part in ("train", "val"):
        shutil.copytree(data / part, root / part)
    write_classes(root / "test", {"kind 10": 2, "kind 2": 4, "kind 1": 1}, seed=4)
    return root


@pytest.fixture(scope="module", params=APPROACHES)
def pair(
    request: pytest.FixtureRequest,
    data: Path,
    with_other_test_pictures: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Trained, Trained]:
    """The approach, trained twice on the same pictures and judged by others."""
    place = tmp_path_factory.mktemp("pair")
    options = QUICK.get(request.param, {})
    first = train(data, place / "first", approach=request.param, **options)
    return first, train(with_other_test_pictures, place / "second", approach=request.param, **options)


@pytest.fixture
def model(pair: tuple[Trained, Trained]) -> Trained:
    return pair[0]


def test_the_results_say_what_learnt(model: Trained) -> None:
    entry, way = model.entry, approach(model.entry["name"])
    assert entry["id"].startswith(way.name)
    assert entry["family"] == way.family
    assert entry["chosen"]
    assert entry["class_weight"] == "balanced"  # one class has one picture
    assert ("training" in entry) == way.trains_a_network
    assert entry["features"]["dimension"] == model.bundle.head.dimension


def test_classes_are_in_the_order_of_their_names_numbers_by_value(model: Trained) -> None:
    assert model.bundle.classes == ("kind 1", "kind 2", "kind 10", "lone")
    right = [prediction.label == prediction.predicted for prediction in model.tested]
    if model.entry["name"] not in (*QUICK, "handcrafted+tree"):  # few epochs, or one tree on few pictures, teach little
        assert np.mean(right) > 0.6


def test_probabilities_are_float32_in_rows_that_sum_to_one(model: Trained) -> None:
    head = model.bundle.head
    features = np.random.default_rng(0).normal(0, 1, (7, head.dimension)).astype(np.float32)
    proba = head.predict_proba(features)
    assert proba.shape == (7, 4)
    assert proba.dtype == np.float32
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)


def test_the_seed_and_the_pictures_to_learn_from_decide_every_bit_and_the_test_pictures_none(
    pair: tuple[Trained, Trained],
) -> None:
    first, second = pair
    assert first.answers != second.answers
    assert first.entry["val"] == second.entry["val"]
    assert first.entry["chosen"] == second.entry["chosen"]
    for own, other in zip(first.head, second.head, strict=True):
        np.testing.assert_array_equal(own, other)
    arrays = second.bundle.backbone_arrays
    assert all((own == arrays[name]).all() for name, own in first.bundle.backbone_arrays.items())


def test_the_model_on_disk_says_what_training_said_of_the_test_pictures(model: Trained) -> None:
    loaded = load(model.model)
    tested = model.tested
    predicted = loaded.predict([model.data / each.path for each in tested])
    assert [each.label for each in predicted] == [each.predicted for each in tested]
    np.testing.assert_allclose(
        [each.probability or 0 for each in predicted], [each.probability for each in tested], atol=1e-4
    )


@pytest.mark.parametrize("name", [name for name in APPROACHES if approach(name).takes("refit")])
def test_refitted_to_the_val_part_too_the_test_figures_are_those_of_the_model_that_is_kept(
    name: str, data: Path, tmp_path: Path
) -> None:
    refitted = train(data, tmp_path / "model", approach=name, refit="train+val")
    predicted = load(refitted.model).predict([refitted.data / each.path for each in refitted.tested])
    assert [each.label for each in predicted] == [each.predicted for each in refitted.tested]
    plain = train(data, tmp_path / "plain", approach=name)
    assert refitted.entry["val"] == plain.entry["val"]  # judged by the head that hadn't seen it
    assert refitted.tested != plain.tested
