"""The pictures that are measured with."""

from __future__ import annotations

import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CALTECH, CATS_DOGS, TRASHNET, CIFAR = (
    "caltech101_40.tar",
    "cats_dogs.tar",
    "trashnet_112.tar.gz",
    "cifar10_15000.tar.gz",
)
MOBILENET = DATA / "weights" / "mobilenet_1_0_224_tf_no_top.h5"


@contextmanager
def benchmark_pictures(folder: Path | None) -> Iterator[Path]:
    """Yield ``folder``, or 2,000 pictures of Caltech-101 where they lie beside the checkout."""
    if folder:
        yield folder
        return
    with unpacked(CALTECH) as pictures:
        yield pictures


@contextmanager
def unpacked(archive: str) -> Iterator[Path]:
    """Yield a folder with the pictures of an ``archive`` that lies beside the checkout."""
    if not (DATA / archive).is_file():
        sys.exit(
            f"There is no {DATA / archive}; in place of Caltech-101 give --pictures FOLDER, with a folder per class."
        )
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(DATA / archive) as opened:
            opened.extractall(place, filter="data")
        yield Path(place)
