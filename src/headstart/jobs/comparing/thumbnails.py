"""The small pictures of a comparison, in ``RUN/pictures``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from headstart.data.records import Dataset
from headstart.jobs.comparing.place import PICTURES
from headstart.jobs.thumbnails import thumbnails_of

_SIDE = 160  # pixels


def write_thumbnails(dataset: Dataset, paths: Iterable[str], run: Path) -> dict[str, str]:
    """Write small JPEGs of these pictures into ``run/pictures``, and return where each is, relative to ``run``.

    They are called 0001.jpg and so on, whatever the pictures are called. A picture that can't be read, or isn't what it
    was, is left out.

    Parameters
    ----------
    dataset
        Pictures, whose files are still where they were.
    paths
        Those wanted, as they are called in ``dataset``; each is written once.
    run
        The folder of the comparison, which exists.
    """
    folder = run / PICTURES
    folder.mkdir(exist_ok=True)
    written: dict[str, str] = {}
    for path, jpeg in thumbnails_of(dataset, list(dict.fromkeys(paths)), _SIDE):
        name = f"{len(written) + 1:04}.jpg"
        (folder / name).write_bytes(jpeg)
        written[path] = f"{PICTURES}/{name}"
    return written
