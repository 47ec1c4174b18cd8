"""What came of an approach: what it says of the held-out pictures, its entry in the results, and its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headstart.data.decode import DECODER
from headstart.data.records import Dataset
from headstart.data.split import Split
from headstart.jobs.learning import Learned
from headstart.jobs.learning.given import of_sides, probabilities, vectors_for
from headstart.learn.approaches import HANDCRAFTED, SCRATCH, Approach
from headstart.learn.heads import Floats
from headstart.networks.backbones import backbone
from headstart.settings import DataOptions, as_document
from headstart.ship.bundle import Bundle, HeldOutPrediction


@dataclass(frozen=True)
class Answers:
    """What is said of some pictures: ``proba`` is ``(n_pictures, n_classes)`` float32, in the order of ``dataset``."""

    dataset: Dataset
    proba: Floats

    def predictions(self, approach_id: str) -> list[HeldOutPrediction]:
        """Return a row for each picture, as in ``predictions.csv``, sorted by path."""
        classes = self.dataset.classes
        rows = (
            HeldOutPrediction(record.path, record.label, approach_id, classes[own.argmax()], float(own.max()))
            for record, own in zip(self.dataset.records, self.proba, strict=True)
        )
        return sorted(rows, key=lambda row: row.path)


def answers_of(learned: Learned, split: Split) -> tuple[Answers, Answers]:
    """Return what is said of the val and of the test part, in the order of the pictures' contents."""
    val, test = (
        vectors_for(learned.features, of_sides(learned.dataset, split, side).records) for side in ("val", "test")
    )
    return (
        Answers(val.dataset, probabilities(learned.val_head, val)),
        Answers(test.dataset, probabilities(learned.head, test)),
    )


def approach_id(way: Approach, backbone_name: str) -> str:
    """Return how results name an approach: with its network, if it begins with one."""
    return way.name if way.family in (HANDCRAFTED, SCRATCH) else f"{way.name}@{backbone_name}"


def entry_of(way: Approach, learned: Learned) -> dict[str, Any]:
    """Return what the results say of the approach, but its figures."""
    features, origin = learned.features, learned.origin
    network = features.setup.networks[0]
    weights = {"kind": origin.kind, "name": origin.name, "sha256": origin.sha256}
    return {
        "id": approach_id(way, network.backbone),
        "name": way.name,
        "family": way.family,
        "backbone": network.backbone,
        "features": features.setup.recipe.document() | {"dimension": learned.head.dimension},
        "precision": features.precision.document(),
        "weights": weights | {"content_sha256": network.content_sha256},
        "chosen": learned.chosen,
        "class_weight": learned.class_weight,
    } | ({"training": learned.training} if learned.training else {})


def dataset_document(dataset: Dataset) -> dict[str, Any]:
    """Return what the results say of the pictures, but what was found wrong with them."""
    return {
        "pictures": len(dataset.records),
        "classes": list(dataset.classes),
        "pictures_per_class": {name: dataset.counts()[name] for name in dataset.classes},
        "sha256": dataset.sha256,
        "skipped": [s.document() for s in dataset.skipped],
    }


def settings_document(settings: DataOptions, learned: Learned) -> dict[str, Any]:
    """Return the settings without paths: a weight file or a backbone is known by name and digest."""
    document = as_document(settings)
    if document["weights"] not in ("imagenet", "none"):
        document["weights"] = learned.origin.name
    if learned.origin.kind == "backbone":
        document["backbone"] = learned.origin.name
    return document


def bundle_of(classes: tuple[str, ...], learned: Learned, facts: dict[str, Any]) -> Bundle:
    """Return the model; ``facts`` are what its manifest says beside what prediction needs."""
    features = learned.features
    network = features.setup.networks[0]
    return Bundle(
        classes=classes,
        backbone=backbone(network.backbone),
        recipe=features.setup.recipe,
        precision=features.precision.precision,
        calibration=features.precision.calibration,
        backbone_arrays=network.arrays(),
        head=learned.head,
        facts=facts,
    )


def facts_of(entry: dict[str, Any], results: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return what the manifest of a model says beside what prediction needs.

    Parameters
    ----------
    entry
        The model's approach in the ``results``, with its figures.
    results
        As in ``run/results.json``.
    settings
        What was asked for.
    """
    return {
        "approach": entry["name"],
        "weights": entry["weights"],
        "decoder": DECODER,
        "dataset_sha256": results["dataset"]["sha256"],
        "test": {name: value for name, value in entry["test"].items() if name != "confusion_matrix"},
        "warnings": results["warnings"],
        "settings": settings,
        "environment": results["environment"],
    }
