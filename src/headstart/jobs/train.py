"""``headstart train``: pictures in, a judged classifier out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.data.decode import DECODER
from headstart.data.records import Dataset, PictureRecord, skipped_sentence
from headstart.data.split import read_split
from headstart.errors import UserError
from headstart.folders import check_out
from headstart.jobs.environment import environment
from headstart.jobs.extraction import extracted, store_of
from headstart.jobs.folds import fold_figures
from headstart.jobs.holdout import (
    Prepared,
    few_units_warnings,
    opened_once_more,
    prepared_split,
    rows_to_learn,
    split_of_what_is_left,
    summary,
)
from headstart.jobs.pictures import Pictures, check_folds, pictures_of
from headstart.jobs.seconds import Seconds
from headstart.jobs.setup import setup_of, wish_of
from headstart.judge.judged import chance_of, figures_with_intervals, plain_figures
from headstart.learn.approaches import approach
from headstart.learn.heads import Floats
from headstart.networks.cuts import cut_of
from headstart.progress import Entered, Listener, Said
from headstart.settings import TrainSettings, as_document
from headstart.ship.bundle import FILES, FORMAT, MANIFEST, Bundle, HeldOutPrediction, write_bundle


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
    way, wish = approach(settings.approach), wish_of(settings)
    record, recipe = wish.record, wish.recipe
    if cut_of(record, recipe.layer).is_map:
        raise UserError("--pool none keeps maps as they are, for `headstart features`; choose avg or max to train.")
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
        prepared = prepared_split(settings, lock, pictures, listen)
        # What is wrong with the data was said; from here on it costs the user time.
        setup, origin = setup_of(wish, listen)
        seconds = Seconds()
        features = extracted(prepared.dataset, setup, store, listen, training=_training(prepared))
        matrix = features.matrix()
        seconds.end("features")
    dataset, split, warnings = features.dataset, prepared.split, list(prepared.warnings)
    if len(dataset.records) < len(prepared.dataset.records):
        split = split_of_what_is_left(split, dataset, listen)
    if dataset.skipped:
        warnings.insert(0, skipped_sentence(dataset.skipped))

    labels = np.array([dataset.label_index(r) for r in dataset.records])
    train = rows_to_learn(split, dataset)
    val, test = (np.array(split.part(dataset.records, side)) for side in ("val", "test"))
    listen(Entered(f"fitting {way.name}"))
    seconds.start()
    head = way.fit_head(matrix[train], labels[train], len(dataset.classes), settings.seed, listen)
    seconds.end("fit")
    val_proba, test_proba = (head.predict_proba(matrix[part]) for part in (val, test))
    seconds.end("predict")

    listen(Entered("judging"))
    split = opened_once_more(split, settings.split, listen)
    chance = chance_of(labels[train], labels[test])
    test_figures = figures_with_intervals(labels[test], test_proba, dataset.classes, chance, settings.seed)
    warnings += test_figures.pop("warnings") + few_units_warnings(pictures.units_of([dataset.records[i] for i in test]))
    folds = fold_figures(way, dataset, matrix, split, seed=settings.seed, listen=listen) if settings.folds else None
    weights = {"kind": origin.kind, "name": origin.name, "sha256": origin.sha256}
    results: dict[str, Any] = {
        "format": FORMAT,
        "dataset": _dataset_document(dataset) | {"findings": [summary(finding) for finding in prepared.findings]},
        "split": {"train": len(train), "val": len(val), "test": len(test)}
        | {"seed": split.seed, "rule": split.rule, "test_opened": split.test_opened},
        "approaches": [
            {
                "id": f"{way.name}@{record.name}",
                "name": way.name,
                "family": way.family,
                "backbone": record.name,
                "features": recipe.document() | {"dimension": matrix.shape[1]},
                "precision": features.precision.document(),
                "weights": weights | {"content_sha256": setup.networks[0].content_sha256},
                "seconds": seconds.spent,
                "val": plain_figures(labels[val], val_proba),
                "test": test_figures,
            }
            | ({"folds": folds} if folds else {})
        ],
        "warnings": warnings,
        "environment": environment(features.engine),
        # A weight file is known by its name and digest, never by where it lay on this machine.
        "settings": as_document(settings)
        | ({} if settings.weights in ("imagenet", "none") else {"weights": origin.name}),
    }
    for warning in warnings:
        listen(Said(f"Warning: {warning}"))
    bundle = Bundle(
        classes=dataset.classes,
        backbone=record,
        recipe=recipe,
        precision=features.precision.precision,
        calibration=features.precision.calibration,
        backbone_arrays=setup.networks[0].arrays(),
        head=head,
        facts=_facts(results),
    )
    tested = [dataset.records[i] for i in test]
    predictions = _predictions(tested, test_proba, dataset.classes, results["approaches"][0]["id"])
    write_bundle(settings.out, bundle, results, split, predictions)
    return results


def _training(prepared: Prepared) -> Dataset:
    """Return the training part, by which a precision may be chosen: the test pictures have no say."""
    records = prepared.dataset.records
    return replace(prepared.dataset, records=tuple(records[i] for i in prepared.split.part(records, "train")))


def _predictions(
    tested: Sequence[PictureRecord], proba: Floats, classes: Sequence[str], approach_id: str
) -> list[HeldOutPrediction]:
    return [
        HeldOutPrediction(record.path, record.label, approach_id, classes[own.argmax()], float(own.max()))
        for record, own in zip(tested, proba, strict=True)
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
