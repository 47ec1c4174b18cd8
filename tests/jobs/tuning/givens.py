"""What trials are given, made up: pictures that aren't there, for what never reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.records import Dataset, PictureRecord
from headstart.data.split import Split
from headstart.features.store import store_in_memory
from headstart.jobs.learning import FAMILIES, Given
from headstart.learn.approaches import approach
from headstart.settings import TrainSettings


def given_of(name: str, counts: Mapping[str, int] | None = None, *, side: int = 64, **options: Any) -> Given:
    """Return what trials of the approach ``name`` are given: ``counts`` pictures of ``side`` pixels a class."""
    settings = TrainSettings(Path("data"), out=Path("out"), approach=name, **options)
    way = approach(name)
    classes = counts or {"ant": 10, "bee": 10}
    records = tuple(
        PictureRecord(f"{label}/{i}.png", label, f"{label}{i:062}")
        for label, count in classes.items()
        for i in range(count)
    )
    sides = {record.sha256: "train" for record in records}
    with store_in_memory() as store:
        return Given(
            settings=settings,
            way=way,
            wish=FAMILIES[way.family].wish(settings),
            dataset=Dataset(Path("data"), tuple(classes), records),
            split=Split(sides, 0, "made up", ""),
            units={},
            sides=np.full(len(records), side),
            store=store,
        )
