"""The pictures that are measured with."""

from __future__ import annotations

import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CALTECH = Path(__file__).resolve().parents[2] / "shared" / "data" / "caltech101_40.tar"


@contextmanager
def benchmark_pictures(folder: Path | None) -> Iterator[Path]:
    """Yield ``folder``, or 2,000 pictures of Caltech-101 where they lie beside the checkout."""
    if folder:
        yield folder
        return
    if not CALTECH.is_file():
        sys.exit("There are no pictures to measure with: give --pictures FOLDER, one sub-folder of pictures per class.")
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(CALTECH) as archive:
            archive.extractall(place, filter="data")
        yield Path(place)
