"""Small JPEG pictures of a data set's pictures, for pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headstart.data.decode import Geometry
from headstart.data.records import Dataset
from headstart.data.workers import Task, replies


def thumbnails_of(dataset: Dataset, paths: Sequence[str], pixels: int) -> Iterator[tuple[str, bytes]]:
    """Yield path and JPEG of each picture that can be read, without any metadata; others are left out.

    Parameters
    ----------
    dataset
        Pictures, whose files are still where they were.
    paths
        Those wanted, as they are called in ``dataset``; other names are left out.
    pixels
        What the longer side has at most.
    """
    records = {record.path: record for record in dataset.records}
    known = [records[path] for path in paths if path in records]
    tasks = [Task(dataset.file(record), "thumbnail", Geometry(pixels), record.sha256) for record in known]
    for record, reply in zip(known, replies(tasks), strict=True):
        if not reply.reason:
            yield record.path, reply.payload
