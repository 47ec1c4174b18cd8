"""What approaches run on: small pictures that were read and split, a store in memory, and no budget to speak of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from headstart.features.store import store_in_memory
from headstart.jobs.comparing.parts import Part, Said
from headstart.jobs.comparing.running import Ground
from headstart.jobs.holdout import prepared_split
from headstart.jobs.pictures import pictures_of
from headstart.progress import silent
from headstart.settings import TrainSettings


@contextmanager
def ground_of(data: Path, run: Path, *, seconds: float = 600.0) -> Iterator[Ground]:
    """Yield what a comparison in ``run`` runs on, with so many seconds left."""
    with store_in_memory() as store, pictures_of(data, silent) as pictures:
        prepared = prepared_split(TrainSettings(data, out=run / "model"), None, pictures, silent)
        models = (run / "best", run / "model")
        yield Ground(pictures, prepared, store, run / "parts", models, time.monotonic() + seconds)


def part_of(name: str, *, accuracy: float = 0.5, log_loss: float = 1.0, test: int = 4, **entry: Any) -> Part:
    """Return an approach that is done, with made-up answers to two val pictures and ``test`` test pictures."""
    plain = {
        "id": name,
        "name": name,
        "family": "frozen",
        "backbone": "lite0",
        "weights": {"content_sha256": "c"},
        "chosen": {},
        "seconds": {"features": 1.0, "fit": 0.5},
        "val": {"accuracy": accuracy, "log_loss": log_loss},
        "transfers": True,
        "budget_seconds": None,
        "engine": "openvino",
        "warnings": [],
    }
    return Part(plain | entry, said_of("val", 2), said_of("test", test))


def said_of(side: str, count: int) -> Said:
    """Return made-up answers, for two classes, to ``count`` pictures whose contents are called after ``side``."""
    first = np.linspace(0.1, 0.9, count, dtype=np.float32)
    return Said(tuple(f"{side} {number}" for number in range(count)), np.stack([first, 1 - first], axis=1))
