"""``headstart train``: pictures in, a judged classifier out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headstart.data.records import skipped_sentence
from headstart.data.split import read_split
from headstart.folders import check_out
from headstart.jobs.environment import environment
from headstart.jobs.extraction import store_of
from headstart.jobs.folds import fold_figures
from headstart.jobs.holdout import (
    opened_once_more,
    prepared_split,
    split_of_what_is_left,
    summary,
)
from headstart.jobs.learning import FAMILIES
from headstart.jobs.learning.given import given_of, labels_of, of_sides
from headstart.jobs.learning.options import budget_of, check_options
from headstart.jobs.learning.training import deadline_of
from headstart.jobs.neighbours import carried_by
from headstart.jobs.outcome import answers_of, bundle_of, dataset_document, entry_of, facts_of, settings_document
from headstart.jobs.pictures import check_classes_left, check_folds, pictures_of
from headstart.jobs.places import remember_place
from headstart.jobs.seconds import Seconds
from headstart.jobs.seen import without_pictures_seen
from headstart.judge.judged import chance_of, figures_with_intervals, plain_figures
from headstart.learn.approaches import approach
from headstart.manifests import FORMAT, MANIFEST
from headstart.progress import Entered, Listener, Said
from headstart.settings import TrainSettings
from headstart.ship.bundle import FILES, write_bundle
from headstart.ship.model_card import model_card


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
        check_classes_left(pictures)
        prepared = without_pictures_seen(prepared_split(settings, lock, pictures, listen), wish.weights, listen)
        # What is wrong with the data was said; from here on it costs the user time.
        given = given_of(settings, way, wish, prepared=prepared, pictures=pictures, store=store, deadline=deadline)
        learned = family.learn(given, listen)
        dataset, split = learned.dataset, prepared.split
        if len(dataset.records) < len(prepared.dataset.records):
            split = split_of_what_is_left(split, dataset, listen)
        seconds = Seconds()
        val, test = answers_of(learned, split)
        seconds.end("predict")
        neighbours = carried_by(learned, split, listen) if settings.with_neighbours else None
        folds = None
        if settings.folds:
            folds = fold_figures(replace(given, dataset=dataset, split=split), learned.features, listen)

    listen(Entered("judging"))
    split = opened_once_more(split, settings.split, listen)
    test_labels = labels_of(test.dataset)
    chance = chance_of(labels_of(of_sides(dataset, split, "train")), test_labels)
    val_labels = labels_of(val.dataset)
    figures = figures_with_intervals(
        test_labels,
        test.proba,
        dataset.classes,
        chance,
        settings.seed,
        units=pictures.units_of(test.dataset.records),
        val=(val_labels, val.proba),
    )
    warnings = [
        *([skipped_sentence(dataset.skipped)] if dataset.skipped else []),
        *prepared.warnings,
        *learned.warnings,
        *figures.pop("warnings"),
    ]
    entry = entry_of(way, learned) | {
        "seconds": learned.seconds | seconds.spent,
        "val": plain_figures(val_labels, val.proba),
        "test": figures,
    }
    if folds:
        entry["folds"] = folds
    if neighbours:
        entry["carries"] = len(neighbours.labels)
    results: dict[str, Any] = {
        "format": FORMAT,
        "dataset": dataset_document(dataset) | {"findings": [summary(finding) for finding in prepared.findings]},
        "split": {side: len(split.part(dataset.records, side)) for side in ("train", "val", "test")}
        | {"seed": split.seed, "rule": split.rule, "test_opened": split.test_opened},
        "approaches": [entry],
        "warnings": warnings,
        "environment": environment(learned.features.engine),
        "settings": settings_document(settings, learned),
    }
    for warning in warnings:
        listen(Said(f"Warning: {warning}"))
    bundle = bundle_of(dataset.classes, learned, facts_of(entry, results, results["settings"]))
    card = model_card(results, entry)
    write_bundle(settings.out, bundle, results, split, test.predictions(entry["id"]), card=card, neighbours=neighbours)
    remember_place(results["dataset"]["sha256"], settings.data)
    return results
