"""Records, data sets and what a check looks at, made up: pictures that needn't exist; and real ones, read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.data.audit import Audited
from headstart.data.facts import FACTS, facts_of
from headstart.data.inspect import Inspected, inspected
from headstart.data.records import Dataset, PictureRecord, Skipped
from headstart.data.sources import opened
from headstart.data.split import Split
from headstart.data.together import Together
from headstart.progress import silent
from pictures import encoded

ROOT = Path("pictures")


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def record(
    label: str, content: str, part: str | None = None, name: str = "", group: str | None = None
) -> PictureRecord:
    """Return a record whose file is called like its content if it has no ``name``."""
    folder = f"{part}/{label}" if part else label
    return PictureRecord(f"{folder}/{name or content}.png", label, sha(content), part, group)


def dataset_of(records: Sequence[PictureRecord], skipped: Sequence[Skipped] = ()) -> Dataset:
    return Dataset(ROOT, tuple(sorted({r.label for r in records})), tuple(records), tuple(skipped))


def dataset_with(counts: Mapping[str, int]) -> Dataset:
    """Return a data set with ``counts[label]`` different pictures per class."""
    return dataset_of([record(label, f"{label} {i}") for label, count in counts.items() for i in range(count)])


def named(*paths: str) -> list[PictureRecord]:
    """Return records of different pictures of which only the paths matter; the first folder is the class."""
    return [PictureRecord(path, path.split("/")[0], sha(path)) for path in paths]


@cache
def read(data: Path) -> Inspected:
    """Return what is known of the pictures in ``data``, read once in a process."""
    return read_anew(data)


def read_anew(data: Path) -> Inspected:
    """Return what is known of the pictures in ``data``."""
    with opened(data, silent) as listing:
        return inspected(listing, silent)


def thumbs_of(*images: Image.Image) -> NDArray[np.uint8]:
    """Return the thumbnails of ``images``, ``(n, 16, 16)`` uint8."""
    return np.stack([facts_of(encoded(image, "BMP")).row["thumb"] for image in images])


def audited(
    records: Sequence[PictureRecord] = (),
    *,
    facts: Mapping[str, Any] | None = None,
    near: Sequence[tuple[int, ...]] = (),
    too_large: Sequence[tuple[int, ...]] = (),
    lost: Sequence[str] = (),
    skipped: Sequence[Skipped] = (),
    fit: str = "squash",
    split: Split | None = None,
) -> Audited:
    """Return what a check looks at: pictures without anything to say about, but what the arguments say.

    ``facts`` are columns of `FACTS`; the names of formats, modes and cameras are "name 0", "name 1" and so on.
    """
    rows = np.zeros(len(records), FACTS)
    usual = {"width": 300, "height": 200, "bright": 230, "dark": 10, "sharpness": 0.5}
    for column, values in (usual | dict(facts or {})).items():
        rows[column] = values
    names = tuple(f"name {i}" for i in range(9))
    pictures = Inspected(dataset_of(records, skipped), rows, names, tuple(lost))
    return Audited(pictures, Together(np.arange(len(records)), tuple(near), tuple(too_large)), fit, split)
