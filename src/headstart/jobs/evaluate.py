"""``headstart evaluate``: a model on all pictures of a folder, matched by class name."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.records import Dataset, skipped_sentence
from headstart.data.split import read_split
from headstart.errors import UserError
from headstart.jobs.classifier import load
from headstart.jobs.extraction import store_of
from headstart.jobs.holdout import opened_once_more, test_part
from headstart.jobs.learning.given import by_content
from headstart.jobs.pictures import pictures_of
from headstart.judge.judged import chance_of, figures_with_intervals
from headstart.learn.approaches import APPROACHES
from headstart.manifests import FORMAT
from headstart.progress import Listener, Said
from headstart.settings import EvaluateSettings
from headstart.ship.bundle import RESULTS, SPLIT, Bundle


def run_evaluate(settings: EvaluateSettings, listen: Listener) -> dict[str, Any]:
    """Return the figures of the model on every readable picture of ``data``, with intervals and warnings.

    Raises
    ------
    UserError
        If the model can't be used, or the data has a class that the model doesn't know.
    """
    model = load(settings.model, listen)
    own_fit = model.bundle.recipe.fit
    if settings.fit not in (None, own_fit):
        raise UserError(f"--fit {settings.fit}: {settings.model} was trained with {own_fit}, and is judged with that.")
    lock = read_split(settings.split) if settings.split else None
    with (
        store_of(settings.cache, settings.no_cache, settings.data, listen) as store,
        pictures_of(
            settings.data, listen, exclude=settings.exclude, group_by=settings.group_by, fewest_classes=1
        ) as pictures,
    ):
        dataset = pictures.dataset
        unknown = [name for name in dataset.classes if name not in model.classes]
        if unknown:
            raise UserError(
                f"{settings.data} has classes that the model doesn't know ({', '.join(unknown[:3])}); it knows "
                f"{', '.join(model.classes[:5])}{', …' if len(model.classes) > 5 else ''}. Rename their folders, or "
                "leave them out with --exclude."
            )
        if lock and settings.split:
            dataset = test_part(dataset, lock, settings.split)
        dataset, proba = model.predict_proba(by_content(dataset), store, listen)
    if not dataset.records:
        raise UserError(f"{settings.data} holds no picture that can be read ({skipped_sentence(dataset.skipped)})")
    if lock and settings.split:
        opened_once_more(lock, settings.split, listen)
    position = {name: i for i, name in enumerate(model.classes)}
    labels = np.array([position[r.label] for r in dataset.records])
    units = pictures.units_of(dataset.records)
    figures = figures_with_intervals(labels, proba, model.classes, chance_of(labels, labels), seed=0, units=units)
    seen = _seen_in_training(settings, dataset, _sides_learnt_from(model.bundle))
    warnings = figures.pop("warnings")
    if dataset.skipped:
        warnings.append(skipped_sentence(dataset.skipped))
    if seen:
        warnings.append(
            f"{seen} of {len(labels)} pictures were used to train this model: these figures flatter it. Figures on "
            f"held-out pictures are in {settings.model / RESULTS}."
        )
    for warning in warnings:
        listen(Said(f"Warning: {warning}"))
    return {
        "format": FORMAT,
        "pictures": len(labels),
        "seen_in_training": seen,
        "figures": figures,
        "skipped": [s.document() for s in dataset.skipped],
        "warnings": warnings,
    }


def _sides_learnt_from(bundle: Bundle) -> tuple[str, ...]:
    """Return the parts that the model has learnt from, or was stopped by."""
    way = APPROACHES.get(str(bundle.facts.get("approach")))
    settings = bundle.facts.get("settings", {})
    stopped_by_val = way is not None and way.trains_a_network
    return ("train", "val") if stopped_by_val or settings.get("refit", "none") != "none" else ("train",)


def _seen_in_training(settings: EvaluateSettings, dataset: Dataset, sides: tuple[str, ...]) -> int | None:
    """Return how many pictures are of these ``sides`` of the model's split; None if its folder no longer says."""
    try:
        split = read_split(settings.model / SPLIT)
    except UserError:
        return None
    return sum(split.sides.get(r.sha256) in sides for r in dataset.records)
