"""What came of an approach is told in the same words wherever it ran, and without a folder of this machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.jobs.outcome import Answers, approach_id, dataset_document
from headstart.learn.approaches import APPROACHES, approach
from headstart.ship.bundle import HeldOutPrediction
from made_up import dataset_of, record
from models import Trained, train, write_alike
from runs import TREE


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("frozen+svm", "frozen+svm@vgg16"),
        ("fine-tune", "fine-tune@vgg16"),
        ("handcrafted+tree", "handcrafted+tree"),
        ("scratch", "scratch"),
    ],
)
def test_an_approach_is_named_with_the_network_it_begins_with_if_there_is_one(name: str, told: str) -> None:
    assert approach_id(approach(name), "vgg16") == told


def test_no_two_approaches_have_one_name() -> None:
    assert len({approach_id(way, "vgg16") for way in APPROACHES.values()}) == len(APPROACHES)


def test_an_answer_is_the_most_likely_class_and_rows_are_sorted_by_path() -> None:
    dataset = dataset_of([record("bee", "2"), record("ant", "1"), record("cow", "3")])
    proba = np.array([[0.25, 0.5, 0.25], [0.125, 0.125, 0.75], [0.375, 0.375, 0.25]], np.float32)
    assert Answers(dataset, proba).predictions("scratch") == [
        HeldOutPrediction("ant/1.png", "ant", "scratch", "cow", 0.75),
        HeldOutPrediction("bee/2.png", "bee", "scratch", "bee", 0.5),
        HeldOutPrediction("cow/3.png", "cow", "scratch", "ant", 0.375),
    ]


def test_the_pictures_are_counted_in_the_order_of_their_classes() -> None:
    dataset = dataset_of([record("bee", "1"), record("ant", "2"), record("bee", "3")])
    told = dataset_document(replace(dataset, classes=("bee", "cow", "ant")))
    assert told["classes"] == ["bee", "cow", "ant"]
    assert list(told["pictures_per_class"].items()) == [("bee", 2), ("cow", 0), ("ant", 1)]
    assert (told["pictures"], told["skipped"], told["sha256"]) == (3, [], dataset.sha256)


@pytest.fixture(scope="module")
def handcrafted(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    place = tmp_path_factory.mktemp("outcome")
    return train(write_alike(place / "data", {"ant": 8, "bee": 8}), place / "model", approach=TREE)


def test_an_entry_says_what_ran_on_what_and_what_was_chosen(handcrafted: Trained, trained: Trained) -> None:
    expected = {"id", "name", "family", "backbone", "features", "precision", "weights", "chosen", "class_weight"}
    for each in (handcrafted, trained):
        assert expected <= set(each.entry)
        assert "training" not in each.entry
        assert set(each.entry["weights"]) == {"kind", "name", "sha256", "content_sha256"}
        assert each.entry["features"]["dimension"] == each.bundle.head.dimension
    assert handcrafted.entry["id"] == TREE
    assert trained.entry["id"] == "frozen+logistic@efficientnet_lite0"


def test_a_model_says_how_it_was_judged_without_the_whole_matrix(handcrafted: Trained) -> None:
    facts = handcrafted.bundle.facts
    assert facts["test"]["accuracy"] == handcrafted.entry["test"]["accuracy"]
    assert "confusion_matrix" in handcrafted.entry["test"]
    assert "confusion_matrix" not in facts["test"]
    assert facts["warnings"] == handcrafted.results["warnings"]
    assert facts["dataset_sha256"] == handcrafted.results["dataset"]["sha256"]


def test_settings_name_weights_and_a_backbone_and_not_where_they_are(trained: Trained, tmp_path: Path) -> None:
    model = train(trained.data, tmp_path / "model", weights=str(trained.model))
    assert model.results["settings"]["weights"] == "model"
    assert str(trained.model.parent) not in json.dumps(model.results)
