"""``headstart evaluate``: a model on all pictures of a folder, matched by class name."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.records import Dataset, skipped_sentence
from headstart.data.sources import read_folder
from headstart.data.split import read_split
from headstart.errors import UserError
from headstart.jobs.classifier import load
from headstart.judge.judged import chance_of, figures_with_intervals
from headstart.progress import Entered, Listener, Said
from headstart.settings import EvaluateSettings
from headstart.ship.bundle import FORMAT, RESULTS, SPLIT


def run_evaluate(settings: EvaluateSettings, listen: Listener) -> dict[str, Any]:
    """Return the figures of the model on every readable picture of ``data``, with intervals and warnings.

    Raises
    ------
    UserError
        If the model can't be used, or the data has a class that the model doesn't know.
    """
    model = load(settings.model, listen)
    listen(Entered("reading pictures"))
    dataset = read_folder(settings.data, fewest_classes=1)
    unknown = [name for name in dataset.classes if name not in model.classes]
    if unknown:
        raise UserError(
            f"{settings.data} has classes that the model doesn't know ({', '.join(unknown[:3])}); it knows "
            f"{', '.join(model.classes[:5])}{', …' if len(model.classes) > 5 else ''}. Rename or move their folders."
        )
    dataset, proba = model.predict_proba(dataset, listen)
    if not dataset.records:
        raise UserError(f"{settings.data} holds no picture that can be read ({skipped_sentence(dataset.skipped)})")
    position = {name: i for i, name in enumerate(model.classes)}
    labels = np.array([position[r.label] for r in dataset.records])
    figures = figures_with_intervals(labels, proba, model.classes, chance_of(labels, labels), seed=0)
    seen = _seen_in_training(settings, dataset)
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
        "skipped": [vars(s) for s in dataset.skipped],
        "warnings": warnings,
    }


def _seen_in_training(settings: EvaluateSettings, dataset: Dataset) -> int | None:
    """Return how many pictures were in train when the model learnt; None if the model folder no longer says."""
    try:
        split = read_split(settings.model / SPLIT)
    except UserError:
        return None
    return sum(split.sides.get(r.sha256) == "train" for r in dataset.records)
