"""Is pretraining on other pictures worth it? CIFAR-10 first, then few pictures of cats and dogs."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.approaches import outcome
from benchmarks.figure import Figure
from benchmarks.parts import Difference, Right, difference, shares, spread
from benchmarks.pictures import CATS_DOGS, CIFAR, unpacked
from headstart.jobs.pretrain import run_pretrain
from headstart.jobs.train import run_train
from headstart.manifests import MANIFEST
from headstart.progress import silent
from headstart.settings import PretrainSettings, TrainSettings
from headstart.ship.bundle import PREDICTIONS, read_predictions

SEEDS = range(3)
PARTS = {"train": 50, "val": 17, "test": None}
"""Pictures a class, drawn by the seed; all others are for testing."""

SIDE = 64
FROZEN, TUNED, SCRATCH = "frozen+logistic", "fine-tune", "scratch"


def pretraining(pictures: Path, budget: str = "30m", backbone: Path | None = None) -> list[Figure]:
    """Compare a network pretrained on CIFAR-10 with one from scratch, on 50 pictures a class of cats and dogs.

    `headstart pretrain` on 15,000 pictures of 32 px, with the budget of the command (30m if it names none), then
    `headstart train --scale 64` with that backbone, and `--approach scratch` on the same split, seeds 0–2: 50 pictures
    a class to learn from, 17 to choose and stop by, all others to test. Test pictures of the seeds are pooled.
    """
    with TemporaryDirectory() as place:
        folder = backbone or Path(place, "backbone")
        if not (folder / MANIFEST).is_file():
            with unpacked(CIFAR) as source:
                run_pretrain(PretrainSettings(source, out=folder, budget=budget), silent)
        source_figure = _pretrained(folder)
        rights: dict[str, list[Right]] = {FROZEN: [], TUNED: [], SCRATCH: []}
        entries: dict[str, list[dict[str, Any]]] = {name: [] for name in rights}
        for seed in SEEDS:
            with _few(seed) as few:
                for name, own in rights.items():
                    print(f"{name}, seed {seed} …", file=sys.stderr)
                    options = {} if name == SCRATCH else {"backbone": str(folder)}
                    out = Path(place, f"{name}-{seed}")
                    entries[name].append(_entry(few, name, seed, out, options))
                    own.append(_right(out))
    figures = [
        Figure(f"{name} at {SIDE} px, seeds 0–2 (training: {outcome(entries[name])})", spread(shares(own)))
        for name, own in rights.items()
    ]
    gains = {name: difference(rights[name], rights[SCRATCH]) for name in (FROZEN, TUNED)}
    pairs = [Figure(f"{name} against {SCRATCH}", str(gain), "> 0, p < 0.05") for name, gain in gains.items()]
    return [source_figure, *figures, *pairs, Figure("did transfer win?", _verdict(gains))]


def _pretrained(folder: Path) -> Figure:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    facts, val = manifest["training"], manifest["val"]
    epochs, seconds = facts["epochs_run"], sum(row["seconds"] for row in facts["history"])
    return Figure(
        f"{manifest['backbone']}, pretrained in {epochs} epochs ({seconds:,.0f} s): val accuracy on CIFAR-10 "
        f"(chance {val['chance']:.2f}; {facts['sentence']})",
        f"{val['accuracy']:.3f}",
    )


@contextmanager
def _few(seed: int) -> Iterator[Path]:
    """Yield cats and dogs cut into ready-made parts of `PARTS`."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
    with unpacked(CATS_DOGS) as everything, TemporaryDirectory() as place:
        for folder in sorted(path for path in everything.iterdir() if path.is_dir()):
            files = sorted(folder.iterdir())
            draw.shuffle(files)
            for part, count in PARTS.items():
                target = Path(place, part, folder.name)
                target.mkdir(parents=True)
                own, files = files[:count], files[len(files) if count is None else count :]
                for file in own:
                    (target / file.name).symlink_to(file.resolve())
        yield Path(place)


def _entry(few: Path, name: str, seed: int, out: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Train, and return what the results say of the approach."""
    settings = TrainSettings(few, out=out, approach=name, seed=seed, scale=(SIDE,), dedupe_test=True, **options)
    (entry,) = run_train(settings, silent)["approaches"]
    return dict(entry)


def _right(model: Path) -> Right:
    """Return which test pictures the model got right, in the order of their paths."""
    predictions = sorted(read_predictions(model / PREDICTIONS), key=lambda each: each.path)
    return np.array([each.label == each.predicted for each in predictions])


def _verdict(gains: dict[str, Difference]) -> str:
    won = [name for name, gain in gains.items() if gain.is_gain]
    return f"yes, by {' and '.join(won)}" if won else "no, no gain that chance wouldn't explain"
