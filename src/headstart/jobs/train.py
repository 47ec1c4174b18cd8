"""``headstart train``: pictures in, a judged classifier out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headstart.data.decode import DECODER
from headstart.data.records import Dataset, PictureRecord, skipped_sentence
from headstart.data.split import Split, read_split
from headstart.errors import UserError
from headstart.folders import check_out
from headstart.jobs.environment import environment
from headstart.jobs.extraction import store_of
from headstart.jobs.folds import fold_figures
from headstart.jobs.holdout import (
    few_units_warnings,
    opened_once_more,
    prepared_split,
    split_of_what_is_left,
    summary,
)
from headstart.jobs.learning import FAMILIES, Given, Learned
from headstart.jobs.learning.given import labels_of, of_sides, probabilities, vectors_for
from headstart.jobs.learning.options import budget_of, check_options
from headstart.jobs.learning.training import deadline_of
from headstart.jobs.pictures import Pictures, check_folds, pictures_of
from headstart.jobs.seconds import Seconds
from headstart.jobs.seen import without_pictures_seen
from headstart.judge.judged import chance_of, figures_with_intervals, plain_figures
from headstart.learn.approaches import HANDCRAFTED, Approach, approach
from headstart.learn.heads import Floats
from headstart.manifests import FORMAT, MANIFEST
from headstart.networks.backbones import backbone
from headstart.progress import Entered, Listener, Said
from headstart.settings import TrainSettings, as_document
from headstart.ship.bundle import FILES, Bundle, HeldOutPrediction, write_bundle


def run_train(settings: TrainSettings, listen: Listener) -> dict[str, Any]:
    """Train a classifier, judge it once on held-out pictures, write the model folder, and return the results.

    The results are those of ``run/results.json`` (``docs/formats.md``).

    Raises
    ------
    UserError
        For settings or data that the user can put right.
    MissingError
        If weights or a backend can't be had.
    """
    way = approach(settings.approach)
    check_options(settings, way)
    deadline = deadline_of(budget_of(settings, way))
    family = FAMILIES[way.family]
    wish = family.wish(settings)
    way.check_installed()
    check_folds(settings.folds)
    check_out(settings.out, settings.data, FILES, MANIFEST)
    lock = read_split(settings.split) if settings.split else None
    with (
        store_of(settings.cache, settings.no_cache, settings.data, listen) as store,
        pictures_of(
            settings.data, listen, exclude=settings.exclude, group_by=settings.group_by, resplit=settings.resplit
        ) as pictures,
    ):
        _check_classes_left(pictures)
        prepared = without_pictures_seen(prepared_split(settings, lock, pictures, listen), wish.weights, listen)
        # What is wrong with the data was said; from here on it costs the user time.
        given = Given(
            settings=settings,
            way=way,
            wish=wish,
            dataset=prepared.dataset,
            split=prepared.split,
            units=pictures.units(),
            sides=pictures.shorter_sides(),
            store=store,
            deadline=deadline,
        )
        learned = family.learn(given, listen)
        dataset, split = learned.dataset, prepared.split
        if len(dataset.records) < len(prepared.dataset.records):
            split = split_of_what_is_left(split, dataset, listen)
        seconds = Seconds()
        val, test = (vectors_for(learned.features, _records(dataset, split, side)) for side in ("val", "test"))
        val_proba, test_proba = probabilities(learned.val_head, val), probabilities(learned.head, test)
        seconds.end("predict")
        folds = None
        if settings.folds:
            folds = fold_figures(replace(given, dataset=dataset, split=split), learned.features, listen)

    listen(Entered("judging"))
    split = opened_once_more(split, settings.split, listen)
    test_labels = labels_of(test.dataset)
    chance = chance_of(labels_of(of_sides(dataset, split, "train")), test_labels)
    figures = figures_with_intervals(test_labels, test_proba, dataset.classes, chance, settings.seed)
    warnings = [
        *([skipped_sentence(dataset.skipped)] if dataset.skipped else []),
        *prepared.warnings,
        *learned.warnings,
        *figures.pop("warnings"),
        *few_units_warnings(pictures.units_of(test.dataset.records)),
    ]
    entry = _entry(way, learned) | {
        "seconds": learned.seconds | seconds.spent,
        "val": plain_figures(labels_of(val.dataset), val_proba),
        "test": figures,
    }
    if folds:
        entry["folds"] = folds
    results: dict[str, Any] = {
        "format": FORMAT,
        "dataset": _dataset_document(dataset) | {"findings": [summary(finding) for finding in prepared.findings]},
        "split": {side: len(split.part(dataset.records, side)) for side in ("train", "val", "test")}
        | {"seed": split.seed, "rule": split.rule, "test_opened": split.test_opened},
        "approaches": [entry],
        "warnings": warnings,
        "environment": environment(learned.features.engine),
        "settings": _settings_document(settings, learned),
    }
    for warning in warnings:
        listen(Said(f"Warning: {warning}"))
    bundle = _bundle(dataset, learned, results)
    write_bundle(settings.out, bundle, results, split, _predictions(test.dataset, test_proba, entry["id"]))
    return results


def _records(dataset: Dataset, split: Split, side: str) -> list[PictureRecord]:
    return [record for record in dataset.records if split.sides[record.sha256] == side]


def _entry(way: Approach, learned: Learned) -> dict[str, Any]:
    """Return what the results say of the approach, but its figures."""
    features, origin = learned.features, learned.origin
    network = features.setup.networks[0]
    weights = {"kind": origin.kind, "name": origin.name, "sha256": origin.sha256}
    return {
        "id": way.name if way.family == HANDCRAFTED else f"{way.name}@{network.backbone}",
        "name": way.name,
        "family": way.family,
        "backbone": network.backbone,
        "features": features.setup.recipe.document() | {"dimension": learned.head.dimension},
        "precision": features.precision.document(),
        "weights": weights | {"content_sha256": network.content_sha256},
        "chosen": learned.chosen,
        "class_weight": learned.class_weight,
    } | ({"training": learned.training} if learned.training else {})


def _settings_document(settings: TrainSettings, learned: Learned) -> dict[str, Any]:
    """Return the settings without paths: a weight file or a backbone is known by name and digest."""
    document = as_document(settings)
    if settings.weights not in ("imagenet", "none"):
        document["weights"] = learned.origin.name
    if learned.origin.kind == "backbone":
        document["backbone"] = learned.origin.name
    return document


def _bundle(dataset: Dataset, learned: Learned, results: dict[str, Any]) -> Bundle:
    features = learned.features
    network = features.setup.networks[0]
    return Bundle(
        classes=dataset.classes,
        backbone=backbone(network.backbone),
        recipe=features.setup.recipe,
        precision=features.precision.precision,
        calibration=features.precision.calibration,
        backbone_arrays=network.arrays(),
        head=learned.head,
        facts=_facts(results),
    )


def _predictions(tested: Dataset, proba: Floats, approach_id: str) -> list[HeldOutPrediction]:
    return [
        HeldOutPrediction(record.path, record.label, approach_id, tested.classes[own.argmax()], float(own.max()))
        for record, own in zip(tested.records, proba, strict=True)
    ]


def _check_classes_left(pictures: Pictures) -> None:
    """Raise `UserError` if a class lost all its pictures when they were decoded."""
    dataset = pictures.dataset
    for name in pictures.inspected.lost:
        raise UserError(
            f"{dataset.name}: no picture of class {name} can be read ({skipped_sentence(dataset.skipped)}) Add "
            f"pictures, or leave the class out with --exclude {name}."
        )


def _dataset_document(dataset: Dataset) -> dict[str, Any]:
    return {
        "pictures": len(dataset.records),
        "classes": list(dataset.classes),
        "pictures_per_class": {name: dataset.counts()[name] for name in dataset.classes},
        "sha256": dataset.sha256,
        "skipped": [s.document() for s in dataset.skipped],
    }


def _facts(results: dict[str, Any]) -> dict[str, Any]:
    """Return what the manifest says beside what prediction needs."""
    entry = results["approaches"][0]
    return {
        "approach": entry["name"],
        "weights": entry["weights"],
        "decoder": DECODER,
        "dataset_sha256": results["dataset"]["sha256"],
        "test": {name: value for name, value in entry["test"].items() if name != "confusion_matrix"},
        "warnings": results["warnings"],
        "settings": results["settings"],
        "environment": results["environment"],
    }
