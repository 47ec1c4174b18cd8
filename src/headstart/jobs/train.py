"""``headstart train``: pictures in, a judged classifier out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.decode import DECODER, Geometry
from headstart.data.records import Dataset, skipped_sentence
from headstart.data.sources import read_folder
from headstart.data.split import SHARES, Split, locked_split, new_split, read_split, write_split
from headstart.errors import UserError
from headstart.features.engine import engine_for
from headstart.features.extract import features_of
from headstart.folders import check_out
from headstart.jobs.environment import environment
from headstart.jobs.seconds import Seconds
from headstart.judge.judged import chance_of, figures_with_intervals, plain_figures
from headstart.learn.approaches import approach
from headstart.networks.backbones import backbone
from headstart.networks.converted import network_from
from headstart.networks.weights import find_weights
from headstart.progress import Entered, Listener, Said, Started
from headstart.settings import TrainSettings, as_document
from headstart.ship.bundle import FILES, FORMAT, MANIFEST, SPLIT, Bundle, HeldOutPrediction, write_bundle


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
    way, record = approach(settings.approach), backbone(settings.backbone)
    layer = record.layer(settings.layer)
    way.check_installed()
    check_out(settings.out, settings.data, FILES, MANIFEST)
    listen(Entered("reading pictures"))
    dataset = read_folder(settings.data)
    if settings.split:
        _check_split(settings.split, dataset)
    else:
        new_split(dataset, settings.seed)
    # What is wrong with the data was said; from here on it costs the user time.
    origin = find_weights(
        record,
        settings.weights,
        layer=layer.name,
        seed=settings.seed,
        offline=settings.offline,
        listen=listen,
    )
    network = network_from(record, layer.name, origin, listen)
    engine = engine_for(network)
    geometry = Geometry(record.image_size)

    seconds = Seconds()
    listen(Started(len(dataset.records)))
    listen(Entered("computing features"))
    dataset, features = features_of(dataset, engine, geometry, listen)
    seconds.end("features")
    _check_classes_left(dataset)
    split, warnings = _split(settings, dataset)
    if dataset.skipped:
        warnings.insert(0, skipped_sentence(dataset.skipped))

    labels = np.array([dataset.label_index(r) for r in dataset.records])
    train, val, test = (np.array(split.part(dataset.records, side)) for side in SHARES)
    listen(Entered(f"fitting {way.name}"))
    seconds.start()
    head = way.fit_head(features[train], labels[train], len(dataset.classes), settings.seed, listen)
    seconds.end("fit")
    val_proba, test_proba = head.predict_proba(features[val]), head.predict_proba(features[test])
    seconds.end("predict")

    listen(Entered("judging"))
    split = _opened(split, settings, listen)
    chance = chance_of(labels[train], labels[test])
    test_figures = figures_with_intervals(labels[test], test_proba, dataset.classes, chance, settings.seed)
    warnings += test_figures.pop("warnings")
    weights = {"kind": origin.kind, "name": origin.name, "sha256": origin.sha256}
    results: dict[str, Any] = {
        "format": FORMAT,
        "dataset": _dataset_document(dataset),
        "split": {"train": len(train), "val": len(val), "test": len(test)}
        | {"seed": split.seed, "rule": split.rule, "test_opened": split.test_opened},
        "approaches": [
            {
                "id": f"{way.name}@{record.name}",
                "name": way.name,
                "family": way.family,
                "backbone": record.name,
                "layer": layer.name,
                "weights": weights | {"content_sha256": network.content_sha256},
                "seconds": seconds.spent,
                "val": plain_figures(labels[val], val_proba),
                "test": test_figures,
            }
        ],
        "warnings": warnings,
        "environment": environment(engine.name),
        # A weight file is known by its name and digest, never by where it lay on this machine.
        "settings": as_document(settings)
        | ({} if settings.weights in ("imagenet", "none") else {"weights": origin.name}),
    }
    for warning in warnings:
        listen(Said(f"Warning: {warning}"))
    bundle = Bundle(
        classes=dataset.classes,
        backbone=record,
        layer=layer.name,
        geometry=geometry,
        backbone_arrays=network.arrays(),
        head=head,
        facts=_facts(results),
    )
    entry = results["approaches"][0]
    predictions = [
        HeldOutPrediction(
            record.path,
            record.label,
            entry["id"],
            dataset.classes[proba.argmax()],
            float(proba.max()),
        )
        for record, proba in zip((dataset.records[i] for i in test), test_proba, strict=True)
    ]
    write_bundle(settings.out, bundle, results, split, predictions)
    return results


def _check_classes_left(dataset: Dataset) -> None:
    """Raise `UserError` if a class lost all its pictures when they were decoded."""
    counts = dataset.counts()
    for name in dataset.classes:
        if not counts[name]:
            raise UserError(
                f"{dataset.root}: no picture of class {name} can be read ({skipped_sentence(dataset.skipped)}) Add "
                "pictures, or move its folder away."
            )


def _split(settings: TrainSettings, dataset: Dataset) -> tuple[Split, list[str]]:
    if settings.split:
        return locked_split(settings.split, dataset), []
    split, warnings = new_split(dataset, settings.seed)
    with suppress(UserError):
        # A model that is trained anew in its own place looks at the same test pictures once more.
        before = read_split(settings.out / SPLIT)
        if before.sides == split.sides:
            split = replace(split, test_opened=before.test_opened)
    return split, warnings


def _check_split(path: Path, dataset: Dataset) -> None:
    """Raise `UserError` if the split lacks pictures, before it costs time; unreadable ones can't be told from here."""
    split = read_split(path)
    known = {r.sha256 for r in dataset.records}
    if split.sides.keys() - known:
        locked_split(path, dataset)


def _opened(split: Split, settings: TrainSettings, listen: Listener) -> Split:
    """Return the split with its test part opened once more; the file it came from counts that too."""
    split = split.opened()
    if settings.split:
        try:
            write_split(split, settings.split)
        except OSError as error:
            listen(Said(f"Warning: {settings.split} couldn't count that its test part was opened ({error})."))
    if split.test_opened > 1:
        listen(Said(f"This test part was judged {split.test_opened} times now: a choice by its figures flatters them."))
    return split


def _dataset_document(dataset: Dataset) -> dict[str, Any]:
    return {
        "pictures": len(dataset.records),
        "classes": list(dataset.classes),
        "pictures_per_class": {name: dataset.counts()[name] for name in dataset.classes},
        "sha256": dataset.sha256,
        "skipped": [vars(s) for s in dataset.skipped],
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
