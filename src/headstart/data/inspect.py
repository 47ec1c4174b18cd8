"""Every listed picture read and decoded once: which can be used, known by what, and what the audit needs of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.data.facts import FACTS
from headstart.data.records import Dataset, Listed, Listing, PictureRecord, Skipped
from headstart.data.sources.names import natural_key
from headstart.data.workers import Reply, Task, replies
from headstart.progress import Advanced, Entered, Listener, Started

_MOST_NAMES = 2**16 - 1  # that a position fits into; a camera may be called anything


@dataclass(frozen=True)
class Inspected:
    """The readable pictures of a source.

    ``facts`` is ``(n_pictures,)`` of `headstart.data.facts.FACTS`, row by row those of ``dataset.records``; its
    ``format``, ``mode`` and ``camera`` are positions in ``names``. ``lost`` are the classes that the source
    declares and that no readable picture is left of.
    """

    dataset: Dataset
    facts: NDArray[np.void]
    names: tuple[str, ...]
    lost: tuple[str, ...] = ()


def inspected(listing: Listing, listen: Listener) -> Inspected:
    """Read and decode every listed picture in worker processes, and return what is known of the readable ones.

    Of the others each moves to the skipped, with its reason code. About 500 bytes are kept of a picture, beside its
    path.
    """
    listen(Started(len(listing.pictures)))
    listen(Entered("checking pictures"))
    facts = np.zeros(len(listing.pictures), FACTS)
    records: list[PictureRecord] = []
    skipped = list(listing.skipped)
    codes: dict[str, int] = {}
    tasks = (Task(listing.root / (listed.file or listed.path), "facts") for listed in listing.pictures)
    for listed, reply in zip(listing.pictures, replies(tasks), strict=True):
        listen(Advanced())
        if reply.reason:
            skipped.append(Skipped(listed.path, reply.reason))
            continue
        facts[len(records)] = _row(reply, codes)
        records.append(record_of(listed, reply.sha256))
    dataset = dataset_of(listing, records, skipped)
    declared = {*listing.labels, *(listed.label for listed in listing.pictures)}
    return Inspected(
        dataset,
        facts[: len(records)],
        tuple(codes),
        tuple(sorted(declared - set(dataset.classes), key=natural_key)),
    )


def record_of(listed: Listed, sha256: str) -> PictureRecord:
    """Return a listed picture as one that was read, with the SHA-256 of its content."""
    return PictureRecord(listed.path, listed.label, sha256, listed.part, listed.group, listed.file, listed.version)


def dataset_of(listing: Listing, records: Sequence[PictureRecord], skipped: Sequence[Skipped]) -> Dataset:
    """Return the ``records`` of a listing's readable pictures as a data set: classes by name, numbers by value."""
    classes = sorted({record.label for record in records}, key=natural_key)
    return Dataset(listing.root, tuple(classes), tuple(records), tuple(skipped), listing.name)


def _row(reply: Reply, codes: dict[str, int]) -> NDArray[np.void]:
    """Return the picture's facts, with names as positions in ``codes``, which grows."""
    row = np.frombuffer(reply.payload, FACTS).copy()
    for column in ("format", "mode", "camera"):
        name = str(reply.facts[column])
        if len(codes) >= _MOST_NAMES and name not in codes:
            name = "other"
        row[column] = codes.setdefault(name, len(codes))
    return row
