"""Every approach as a user has it: `headstart train` on two data sets, the same split for all approaches of a seed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.figure import Table
from benchmarks.parts import spread
from benchmarks.pictures import CATS_DOGS, TRASHNET, unpacked
from headstart.data.views import WHOLE, drawn
from headstart.jobs.extraction import extracted, store_of
from headstart.jobs.pictures import pictures_of
from headstart.jobs.setup import setup_of, wish_of
from headstart.jobs.train import run_train
from headstart.learn.approaches import APPROACHES, approach
from headstart.learn.rules import views_for
from headstart.networks.backbones import DEFAULT, backbone
from headstart.networks.cuts import AVERAGE
from headstart.progress import silent
from headstart.settings import FeatureOptions, TrainSettings
from headstart.ship.bundle import RESULTS

SETS = {"cats_dogs": CATS_DOGS, "trashnet_112": TRASHNET}
SEEDS = range(3)
TRAIN_SHARE = 0.6
_LEARNING = ("fit", "maps", "decode", "train")
"""The seconds that count: features are computed once, for all approaches."""


def _options(name: str, budget: str) -> dict[str, Any]:
    """Return the options that mean something to an approach; f32, so that all have the same features."""
    wished = {"precision": "f32", "budget": budget}
    return {option: value for option, value in wished.items() if approach(name).takes(option)}


def approaches(pictures: Path, budget: str = "60s", runs: Path | None = None) -> Table:
    """Measure every approach: test accuracy over seeds 0–2 (mean, lowest and highest), and the seconds that it learns.

    `headstart train`, with the same split for all approaches of a seed. Features and, for fine-tune, maps are computed
    once, before; the seconds are those after that. Networks that are trained have the budget of the command (60s if it
    names none) for everything, and are in f32.
    """
    columns: list[list[str]] = []
    with _folder(runs) as kept:
        for name, archive in SETS.items():
            with unpacked(archive) as data:
                _compute_features(data, kept / name / "cache")
                of_ways = [_results(data, kept / name, way, budget) for way in APPROACHES]
            columns += [[f"{name}, accuracy", *(_accuracy(each) for each in of_ways)]]
            columns += [["seconds", *(f"{np.mean([_seconds(entry) for entry in each]):.1f}" for each in of_ways)]]
            columns += [["training", *(outcome(each) for each in of_ways)]]
    heading, *rows = zip(["approach", *APPROACHES], *columns, strict=True)
    return Table(heading, tuple(rows))


@contextmanager
def _folder(runs: Path | None) -> Iterator[Path]:
    with TemporaryDirectory() as place:
        yield runs or Path(place)


def _compute_features(data: Path, cache: Path) -> None:
    """Put all that comes from frozen networks into the cache."""
    with pictures_of(data, silent) as read, store_of(cache, False, data, silent) as store:
        views = views_for(round(TRAIN_SHARE * len(read.dataset.records)))
        last = backbone(DEFAULT).stages[-2]
        of_last = (WHOLE, *(drawn(number) for number in range(1, views)))
        for layer, pool, seen in ((AVERAGE, "avg", (WHOLE,)), (last, "none", of_last)):
            options = FeatureOptions(data, layer=layer, pool=pool, precision="f32")
            setup, _ = setup_of(wish_of(options), silent)
            extracted(read.dataset, setup, store, silent, training=read.dataset, views=seen)


def _results(data: Path, runs: Path, name: str, budget: str) -> list[dict[str, Any]]:
    """Return what the results say of the approach, for each seed; a run that is there isn't repeated."""
    entries = []
    for seed in SEEDS:
        out = runs / budget / f"{name}-{seed}"
        if not (out / RESULTS).is_file():
            print(f"{runs.name}: {name}, seed {seed} …", file=sys.stderr)
            settings = TrainSettings(
                data, out=out, approach=name, seed=seed, cache=runs / "cache", **_options(name, budget)
            )
            run_train(settings, silent)
        (entry,) = json.loads((out / RESULTS).read_text(encoding="utf-8"))["approaches"]
        entries.append(entry)
    return entries


def _accuracy(entries: list[dict[str, Any]]) -> str:
    return spread([entry["test"]["accuracy"]["value"] for entry in entries])


def _seconds(entry: dict[str, Any]) -> float:
    return sum(float(entry["seconds"].get(what, 0)) for what in _LEARNING)


def outcome(entries: list[dict[str, Any]]) -> str:
    """Return how often training converged, and what was kept; ``entries`` are those of `results.json`."""
    if not entries[0].get("training"):
        return "–"
    converged = sum(bool(entry["training"]["converged"]) for entry in entries)
    kept = Counter(entry["chosen"]["kept"] for entry in entries if "kept" in entry["chosen"])
    told = "".join(f"; {what} kept in {count}" for what, count in sorted(kept.items()))
    return f"converged in {converged} of {len(entries)}{told}"
