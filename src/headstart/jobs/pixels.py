"""Pictures decoded into one file of pixels, for a network that is trained on them epoch after epoch."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, Skipped
from headstart.data.workers import Task, replies
from headstart.progress import Advanced, Entered, Listener, Started


def pixels_in_file(
    dataset: Dataset, geometry: Geometry, path: Path, listen: Listener, *, stacked: bool = False
) -> Dataset:
    """Write the pixels of all readable pictures to ``path``, and return the data set of these.

    Parameters
    ----------
    dataset
        Pictures, known by content.
    geometry
        What they are brought to.
    path
        A new .npy file: ``(n, size, size, 3)`` uint8 RGB, in the order of the data set that is returned.
    listen
        Told of the progress.
    stacked
        Write ``(n, 1, size, size, 3)``, as where there are several views of a picture.
    """
    shape = (*((1,) if stacked else ()), geometry.size, geometry.size, 3)
    listen(Started(len(dataset.records)))
    listen(Entered("decoding"))
    tasks = (Task(dataset.file(record), "pixels", geometry, record.sha256) for record in dataset.records)
    skipped = []
    with path.open("wb") as stream:
        _write_header(stream, len(dataset.records), shape)
        for record, reply in zip(dataset.records, replies(tasks), strict=True):
            if reply.reason:
                skipped.append(Skipped(record.path, reply.reason))
            else:
                stream.write(reply.payload)
            listen(Advanced())
        left = dataset.without(skipped)
        stream.seek(0)
        _write_header(stream, len(left.records), shape)
    return left


def _write_header(stream: IO[bytes], pictures: int, shape: tuple[int, ...]) -> None:
    # numpy leaves room in the header for a longer number, so that it has the same length for fewer pictures.
    header = {"descr": np.dtype(np.uint8).str, "fortran_order": False, "shape": (pictures, *shape)}
    np.lib.format.write_array_header_1_0(stream, header)
