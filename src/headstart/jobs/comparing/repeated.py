"""The same comparison on other splits: what holds of the methods, and not only of these models."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headstart.data.split import new_split
from headstart.durations import seconds_of
from headstart.jobs.comparing.judged import tested
from headstart.jobs.comparing.planned import planned
from headstart.jobs.comparing.running import Ground, Ran, run_all
from headstart.jobs.seen import without_pictures_seen_by_any
from headstart.progress import Listener, Said
from headstart.settings import CompareSettings


def repeats_of(
    settings: CompareSettings, ground: Ground, entries: Sequence[dict[str, Any]], first: Ran, listen: Listener
) -> dict[str, Any]:
    """Return the accuracies of ``--repeats`` comparisons, the first of which is done, each with a split of its own.

    Test parts of different splits overlap, so a mean of them has no interval: the range is told. Ctrl-C ends it with
    the repeats that are complete, which ``first``, what came of the first one, is told. An approach that fails in one
    of them is in none. Feature vectors are in the store, so that only heads are fitted anew.
    """
    ids = {plan.id for plan in planned(settings)}
    each = {entry["id"]: [entry["test"]["accuracy"]["value"]] for entry in entries if entry["id"] in ids}
    seeds = [settings.seed]
    for seed in range(settings.seed + 1, settings.seed + settings.repeats):
        listen(Said(f"Repeat {len(seeds) + 1} of {settings.repeats}, with seed {seed}:"))
        plans = [plan for plan in planned(replace(settings, seed=seed)) if plan.id in each]
        pictures, prepared = ground.pictures, ground.prepared
        chosen = {record.path for record in prepared.dataset.records}  # of copies some may be left out
        units = pictures.together.units[[record.path in chosen for record in pictures.dataset.records]]
        split, _ = new_split(prepared.dataset, seed, units)
        end = time.monotonic() + seconds_of(settings.budget, "--budget")
        weights = (plan.wish.weights for plan in plans)
        prepared = without_pictures_seen_by_any(replace(prepared, split=split), weights, listen)
        own = replace(
            ground,
            prepared=prepared,
            parts=ground.parts / f"seed-{seed}",
            models=(),
            end=end,
        )
        ran = Ran()
        run_all(plans, own, ran, listen)
        if ran.interrupted:
            first.interrupted = True
            break
        parts = list(ran.parts.values())
        on = tested(prepared.dataset, prepared.split, pictures.units(), parts)
        for part in parts:
            each[part.id].append(float((part.test.of(on.contents).argmax(axis=1) == on.labels).mean()))
        seeds.append(seed)
    return {
        "seeds": seeds,
        "accuracy": {
            name: {"mean": float(np.mean(values)), "low": min(values), "high": max(values), "each": values}
            for name, values in each.items()
            if len(values) == len(seeds)
        },
    }
