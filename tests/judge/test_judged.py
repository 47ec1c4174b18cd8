"""The figures of a results document: complete, with intervals that cover, fit for JSON, and with warnings."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from headstart.judge.groups import share_interval
from headstart.judge.judged import chance_of, figures_with_intervals, plain_figures
from headstart.judge.operating_point import operating_point

CLASSES = ("ant", "bee", "cow", "dog", "emu", "fox")
NUMBERS = (
    "accuracy",
    "balanced_accuracy",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
    "mcc",
    "log_loss",
    "brier",
    "ece",
    "top5_accuracy",
    "roc_auc_macro",
    "average_precision_macro",
)

Labels = NDArray[np.intp]
Proba = NDArray[np.float32]


def predictions(n: int, seed: int, *, n_classes: int = 6, classes_with_pictures: int = 6) -> tuple[Labels, Proba]:
    """Return labels and probabilities of a classifier that is often right, but not always."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes_with_pictures, n)
    logits = random.normal(0, 1, (n, n_classes)) + 2 * np.eye(n_classes)[labels]
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, proba.astype(np.float32)


def certain(labels: Labels, predicted: Labels, n_classes: int = 6) -> tuple[Labels, Proba]:
    return labels, np.eye(n_classes, dtype=np.float32)[predicted]


def wrong_in(errors: int, n: int) -> tuple[Labels, Proba]:
    """Return predictions for ``n`` pictures with that many errors."""
    labels = np.arange(n) % 3
    return certain(labels, (labels + (np.arange(n) < errors)) % 3)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return figures_with_intervals(*predictions(120, seed=0), CLASSES, 0.2, seed=0)


def test_the_document_has_every_figure(document: dict[str, Any]) -> None:
    others = {"chance", "pictures", "groups", "per_class", "confusion_matrix", "reliability", "operating_point"}
    assert document.keys() == {*NUMBERS, *others, "warnings"}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_figure_lies_within_its_interval(document: dict[str, Any], name: str) -> None:
    figure = document[name]
    assert figure["low"] < figure["value"] < figure["high"]


@pytest.mark.parametrize("name", NUMBERS)
def test_the_figures_are_those_without_intervals(document: dict[str, Any], name: str) -> None:
    assert document[name]["value"] == pytest.approx(plain_figures(*predictions(120, seed=0))[name], rel=1e-6)


def test_accuracy_has_wilsons_interval() -> None:
    accuracy = figures_with_intervals(*wrong_in(182, 263), CLASSES, 0.2, seed=0)["accuracy"]
    assert accuracy["value"] == 81 / 263
    assert (accuracy["low"], accuracy["high"]) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_chance_and_the_number_of_pictures_are_told(document: dict[str, Any]) -> None:
    assert document["chance"] == 0.2
    assert document["pictures"] == 120
    assert document["groups"] == 120


@pytest.mark.parametrize(("i", "name"), list(enumerate(CLASSES)))
def test_every_class_has_its_figures(document: dict[str, Any], i: int, name: str) -> None:
    labels, proba = predictions(120, seed=0)
    own, guessed = labels == i, proba.argmax(axis=1) == i
    entry = document["per_class"][name]
    assert (entry["pictures"], entry["predicted"]) == (own.sum(), guessed.sum())
    assert entry["recall"]["value"] == pytest.approx((own & guessed).sum() / own.sum(), rel=1e-6)
    assert entry["precision"]["value"] == pytest.approx((own & guessed).sum() / guessed.sum(), rel=1e-6)
    assert entry["f1"]["low"] < entry["f1"]["value"] < entry["f1"]["high"]
    assert entry["roc_auc"]["value"] == pytest.approx(roc_auc_score(own, proba[:, i]), rel=1e-6)
    assert entry["average_precision"]["value"] == pytest.approx(average_precision_score(own, proba[:, i]), rel=1e-6)
    assert entry["roc_auc"]["low"] < entry["roc_auc"]["value"] < entry["roc_auc"]["high"]


def test_the_classes_stand_in_their_order(document: dict[str, Any]) -> None:
    assert tuple(document["per_class"]) == CLASSES


def test_the_confusion_matrix_counts_every_picture(document: dict[str, Any]) -> None:
    matrix = np.array(document["confusion_matrix"])
    assert matrix.sum() == 120
    assert np.trace(matrix) / 120 == document["accuracy"]["value"]


def test_the_same_seed_gives_the_same_document(document: dict[str, Any]) -> None:
    assert figures_with_intervals(*predictions(120, seed=0), CLASSES, 0.2, seed=0) == document


def test_another_seed_moves_the_resampled_ends_alone(document: dict[str, Any]) -> None:
    other = figures_with_intervals(*predictions(120, seed=0), CLASSES, 0.2, seed=1)
    assert other["f1_macro"]["value"] == document["f1_macro"]["value"]
    assert other["f1_macro"] != document["f1_macro"]
    assert other["accuracy"] == document["accuracy"]


@pytest.mark.parametrize("classes_with_pictures", [1, 2, 6])
def test_the_document_is_json_even_if_classes_have_no_pictures(classes_with_pictures: int) -> None:
    document = figures_with_intervals(
        *predictions(12, seed=3, classes_with_pictures=classes_with_pictures), CLASSES, 0.2, seed=0
    )
    assert json.loads(json.dumps(document, allow_nan=False)) == document


@pytest.mark.parametrize("n", [1, 2])
def test_a_single_picture_can_be_judged(n: int) -> None:
    document = figures_with_intervals(*predictions(n, seed=3), CLASSES, 0.2, seed=0)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_a_class_that_neither_occurs_nor_is_predicted_has_no_figures() -> None:
    labels = np.arange(40) % 2
    fox = figures_with_intervals(*certain(labels, labels), CLASSES, 0.5, seed=0)["per_class"]["fox"]
    nothing = dict.fromkeys(("precision", "recall", "f1", "roc_auc", "average_precision"))
    assert fox == {"pictures": 0, "predicted": 0, **nothing}


def test_a_certain_error_has_a_finite_log_loss() -> None:
    document = figures_with_intervals(*wrong_in(40, 40), CLASSES, 0.2, seed=0)
    assert document["log_loss"]["value"] == pytest.approx(-math.log(1e-7), rel=1e-6)


def test_few_pictures_are_warned_of() -> None:
    document = figures_with_intervals(*wrong_in(9, 29), CLASSES, 0.2, seed=0)
    assert document["warnings"] == ["Only 29 pictures were judged: the intervals are wide and rough."]


@pytest.mark.parametrize(
    ("errors", "counted"), [(0, "No error"), (1, "Only 1 error"), (2, "Only 2 errors"), (4, "Only 4 errors")]
)
def test_few_errors_are_warned_of(errors: int, counted: str) -> None:
    document = figures_with_intervals(*wrong_in(errors, 30), CLASSES, 0.2, seed=0)
    assert document["warnings"] == [f"{counted} in 30 pictures: intervals other than accuracy's are too narrow."]


def test_enough_pictures_and_errors_need_no_warning() -> None:
    assert figures_with_intervals(*wrong_in(5, 30), CLASSES, 0.2, seed=0)["warnings"] == []


def test_few_pictures_and_few_errors_are_both_warned_of() -> None:
    assert len(figures_with_intervals(*wrong_in(0, 10), CLASSES, 0.2, seed=0)["warnings"]) == 2


def test_an_accuracy_that_is_no_better_than_always_answering_one_class_is_called_that() -> None:
    labels = np.array([0] * 95 + [1] * 5)
    document = figures_with_intervals(*certain(labels, np.zeros(100, np.intp), 2), CLASSES[:2], 0.95, seed=0)
    assert document["accuracy"]["value"] == 0.95
    assert [w for w in document["warnings"] if "can't be told from that of always answering" in w and "0.950" in w]


def test_where_one_class_outweighs_the_others_the_warning_says_what_to_read_beside_accuracy() -> None:
    labels = np.array([0] * 800 + [1] * 200)
    predicted = np.where(np.arange(1000) % 20, labels, 1 - labels)
    document = figures_with_intervals(*certain(labels, predicted, 2), CLASSES[:2], 0.8, seed=0)
    assert document["warnings"] == [
        "One class is 80% of the judged pictures, so accuracy says little; balanced accuracy is 0.950, Matthews "
        "correlation 0.855."
    ]


def test_classes_of_one_size_need_no_such_warning() -> None:
    document = figures_with_intervals(*certain(np.arange(100) % 2, np.arange(100) % 4 % 3 % 2, 2), ("a", "b"), 0.5, 0)
    assert document["warnings"] == []


@pytest.fixture(scope="module")
def two_hundred_studies() -> list[dict[str, Any]]:
    """Return the documents of one classifier, judged on other pictures each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headstart.judge.intervals.RESAMPLES", 200)
        return [
            figures_with_intervals(
                *predictions(150, seed=1 + i, n_classes=3, classes_with_pictures=3), CLASSES[:3], 0.3, seed=i
            )
            for i in range(200)
        ]


@pytest.mark.parametrize(
    "figure",
    ["balanced_accuracy", "f1_macro", "precision_weighted", "log_loss", "brier", "roc_auc_macro", "ece"],
)
def test_bootstrap_intervals_cover_about_as_often_as_they_say(
    two_hundred_studies: list[dict[str, Any]], figure: str
) -> None:
    truth = plain_figures(*predictions(100_000, seed=0, n_classes=3, classes_with_pictures=3))[figure]
    ends = np.array([(document[figure]["low"], document[figure]["high"]) for document in two_hundred_studies])
    covers = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    assert covers.mean() == pytest.approx(0.94, abs=0.04)


def test_a_figure_that_a_part_cannot_give_is_null() -> None:
    of_one_class = predictions(20, seed=0, classes_with_pictures=1)
    assert plain_figures(*of_one_class)["roc_auc_macro"] is None
    assert plain_figures(*of_one_class)["average_precision_macro"] is None
    assert figures_with_intervals(*of_one_class, CLASSES, 1, seed=0)["roc_auc_macro"] is None


def test_plain_figures_are_plain_numbers() -> None:
    figures = plain_figures(*predictions(40, seed=0))
    assert tuple(figures) == NUMBERS
    assert {type(value) for value in figures.values()} == {float}


FIVES = np.arange(120) // 5


@pytest.fixture(scope="module")
def grouped() -> dict[str, Any]:
    """The same pictures, five of a patient each."""
    return figures_with_intervals(*alike_in_groups(), CLASSES, 0.2, seed=0, units=FIVES)


def alike_in_groups() -> tuple[Labels, Proba]:
    """Return what a classifier says that sees the same in all pictures of a group."""
    labels, proba = predictions(24, seed=0)
    return np.repeat(labels, 5), np.repeat(proba, 5, axis=0)


def test_the_number_of_groups_is_told(grouped: dict[str, Any]) -> None:
    assert (grouped["pictures"], grouped["groups"]) == (120, 24)


def test_accuracy_of_groups_has_the_interval_of_groups(grouped: dict[str, Any]) -> None:
    labels, proba = alike_in_groups()
    assert grouped["accuracy"] == share_interval(proba.argmax(axis=1) == labels, FIVES).document()


@pytest.mark.parametrize("name", sorted({*NUMBERS} - {"ece", "top5_accuracy"}))
def test_every_interval_is_wider_where_groups_are_alike(grouped: dict[str, Any], name: str) -> None:
    alone = figures_with_intervals(*alike_in_groups(), CLASSES, 0.2, seed=0)[name]
    assert grouped[name]["value"] == alone["value"]
    assert grouped[name]["high"] - grouped[name]["low"] > 1.5 * (alone["high"] - alone["low"])


def test_intervals_of_groups_are_as_wide_as_those_of_one_picture_each(grouped: dict[str, Any]) -> None:
    one_each = figures_with_intervals(*predictions(24, seed=0), CLASSES, 0.2, seed=0)
    ends = [(document["f1_macro"]["low"], document["f1_macro"]["high"]) for document in (grouped, one_each)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)


def test_units_of_one_picture_change_nothing_whatever_they_are_called(document: dict[str, Any]) -> None:
    units = np.random.default_rng(0).permutation(1000)[:120]
    assert figures_with_intervals(*predictions(120, seed=0), CLASSES, 0.2, seed=0, units=units) == document


def test_many_pictures_are_judged_in_blocks_to_the_same_figures(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headstart.judge.intervals._BLOCK", 120 * 300)
    in_blocks = figures_with_intervals(*predictions(120, seed=0), CLASSES, 0.2, seed=0)
    for name in NUMBERS:
        assert in_blocks[name] == pytest.approx(document[name], rel=1e-5)
    assert in_blocks["per_class"]["ant"]["roc_auc"] == pytest.approx(document["per_class"]["ant"]["roc_auc"])


@pytest.mark.parametrize(("groups", "warned"), [(3, True), (19, True), (20, False), (120, False)])
def test_groups_that_are_few_are_warned_of(groups: int, warned: bool) -> None:
    document = figures_with_intervals(*predictions(120, seed=0), CLASSES, 0.2, seed=0, units=np.arange(120) % groups)
    told = f"The 120 judged pictures come from {groups} groups only: the intervals are rough."
    assert (told in document["warnings"]) is warned


def test_few_pictures_that_are_alone_are_not_called_groups() -> None:
    document = figures_with_intervals(*wrong_in(5, 15), CLASSES, 0.2, seed=0, units=range(15))
    assert document["warnings"] == ["Only 15 pictures were judged: the intervals are wide and rough."]


def test_the_reliability_curve_counts_every_picture(document: dict[str, Any]) -> None:
    assert sum(entry["pictures"] for entry in document["reliability"]) == 120


def test_two_classes_with_val_have_an_operating_point() -> None:
    val, test = (predictions(60, seed=seed, n_classes=2, classes_with_pictures=2) for seed in (1, 2))
    document = figures_with_intervals(*test, ("cat", "dog"), 0.5, seed=0, val=val)
    assert document["operating_point"] == operating_point(test, np.arange(60), ("cat", "dog"), val)
    assert document["operating_point"]["positive"] == "dog"


def test_without_val_there_is_none(document: dict[str, Any]) -> None:
    assert document["operating_point"] is None


def test_the_error_of_calibration_of_an_honest_classifier_may_be_as_small_as_0() -> None:
    random = np.random.default_rng(0)
    sure = random.uniform(0.6, 1, 300)
    labels = (random.random(300) > sure).astype(np.intp)
    document = figures_with_intervals(labels, np.stack([sure, 1 - sure], axis=1), ("a", "b"), 0.5, seed=0)
    assert document["ece"]["low"] == 0
    assert document["ece"]["value"] > 0.02


@pytest.mark.parametrize(
    ("train", "labels", "expected"),
    [
        ([0, 1, 1], [1, 1, 0, 2], 0.5),
        ([2, 2, 0], [0, 0, 1], 0),
        ([1], [1, 1], 1),
        ([0, 0, 1, 1], [0, 1, 1, 1], 0.25),
    ],
)
def test_chance_is_the_accuracy_of_the_class_most_frequent_in_train(
    train: list[int], labels: list[int], expected: float
) -> None:
    assert chance_of(np.array(train), np.array(labels)) == expected
