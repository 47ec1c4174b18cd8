"""What a model may carry of its training pictures: a direction and a thumbnail of each, to show which are like another.

They lie in ``neighbours.safetensors`` and are copies of the user's pictures, so a model has them only if that was asked
for, and says so. Nothing that is predicted depends on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.heads.head import chunks, directions_of
from headstart.manifests import MODEL, checked_file, read_manifest
from headstart.networks.tensor_files import Tensors, tensors_in
from headstart.networks.weight_files import write_tensors

NEIGHBOURS = "neighbours.safetensors"

MOST_PICTURES = 2000
"""More would show little that these don't."""

MOST_BYTES = 256 * 2**20
"""A larger file is neither written nor read."""

THUMBNAIL_PIXELS = 96
"""What the longer side of a thumbnail has at most."""

MOST_THUMBNAIL_BYTES = 2**16

_JPEG = b"\xff\xd8\xff"
_LENGTHS = 1e-2  # a length of 1 in float16, with room for very long vectors

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Neighbours:
    """Training pictures that can be shown beside a picture that is like them.

    Attributes
    ----------
    center
        ``(dimension,)`` float32: the mean of their feature vectors.
    directions
        ``(n, dimension)`` float16: each vector less the center, at length 1, or 0.
    labels
        ``(n,)`` int32: the position of each picture's class.
    thumbnails
        A JPEG file of each, without metadata.
    """

    center: Floats
    directions: NDArray[np.float16]
    labels: NDArray[np.int32]
    thumbnails: tuple[bytes, ...]


@dataclass(frozen=True)
class Similar:
    """A training picture beside another: its class by position, the cosine between the two, and its thumbnail."""

    label: int
    cosine: float
    thumbnail: bytes


def carries_sentence(pictures: int) -> str:
    """Return what everybody must know of a model that carries so many pictures."""
    copies = (
        "a small copy of 1 training picture" if pictures == 1 else f"small copies of {pictures:,} training pictures"
    )
    return f"This model carries {copies}: whoever has the model has them."


def neighbours_of(vectors: Floats, labels: NDArray[np.integer], thumbnails: Sequence[bytes]) -> Neighbours:
    """Return training pictures as a model carries them.

    Parameters
    ----------
    vectors
        Their features, ``(n, dimension)`` float32, at least one row.
    labels
        The position of each one's class, ``(n,)``.
    thumbnails
        A JPEG file of each.
    """
    center = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    directions = directions_of(vectors, center, np.ones_like(center)).astype(np.float16)
    return Neighbours(center, directions, labels.astype(np.int32), tuple(thumbnails))


def most_for(dimension: int) -> int:
    """Return how many pictures a model with vectors of ``dimension`` numbers may carry."""
    return min(MOST_PICTURES, MOST_BYTES // (2 * dimension + MOST_THUMBNAIL_BYTES))


def similar_to(vector: Floats, neighbours: Neighbours, count: int) -> list[Similar]:
    """Return the ``count`` carried pictures that are most like a picture, the most alike first.

    ``vector`` has the picture's features, ``(dimension,)`` float32. Both sides are taken less the mean of the carried
    vectors, whose numbers are all positive in most networks: without that, everything is like everything.
    """
    direction = directions_of(vector[np.newaxis], neighbours.center, np.ones_like(neighbours.center))[0]
    cosines = np.empty(len(neighbours.labels), np.float32)
    for part in chunks(*neighbours.directions.shape):
        cosines[part] = neighbours.directions[part].astype(np.float32) @ direction
    nearest = np.argsort(-cosines, kind="stable")[:count]
    return [
        Similar(int(neighbours.labels[row]), float(cosines[row].clip(-1, 1)), neighbours.thumbnails[row])
        for row in nearest
    ]


def write_neighbours(neighbours: Neighbours, folder: Path) -> None:
    """Write them as ``folder/neighbours.safetensors``."""
    ends = np.cumsum([len(thumbnail) for thumbnail in neighbours.thumbnails], dtype=np.int64)
    tensors: Tensors = {
        "center": neighbours.center,
        "directions": np.ascontiguousarray(neighbours.directions),
        "labels": neighbours.labels,
        "thumbnails": np.frombuffer(b"".join(neighbours.thumbnails), np.uint8),
        "offsets": np.concatenate([np.zeros(1, np.int64), ends]),
    }
    write_tensors(tensors, folder / NEIGHBOURS)


def read_neighbours(path: Path, dimension: int, n_classes: int) -> Neighbours | None:
    """Return what the model in the folder ``path`` carries of its training pictures; None if it carries none.

    Parameters
    ----------
    path
        A model folder, otherwise checked.
    dimension
        Of its feature vectors.
    n_classes
        How many classes it has.

    Raises
    ------
    UserError
        If the file is missing, altered, or isn't what it should be.
    """
    manifest = read_manifest(path, MODEL)
    if NEIGHBOURS not in manifest["files"]:
        return None
    try:
        tensors = tensors_in(checked_file(path, NEIGHBOURS, manifest, MOST_BYTES), NEIGHBOURS)
        return _checked(tensors, dimension, n_classes)
    except UserError as error:
        raise UserError(f"{path} is refused: {error}; {MODEL.way_out}.") from None


def _checked(tensors: Tensors, dimension: int, n_classes: int) -> Neighbours:
    n = len(tensors["labels"]) if "labels" in tensors and tensors["labels"].ndim else 0
    stored = tensors.get("thumbnails", np.zeros(0, np.uint8))
    expected = {
        "center": (np.float32, (dimension,)),
        "directions": (np.float16, (n, dimension)),
        "labels": (np.int32, (n,)),
        "thumbnails": (np.uint8, (stored.size,)),
        "offsets": (np.int64, (n + 1,)),
    }
    found = {name: (array.dtype.type, array.shape) for name, array in tensors.items()}
    if found != expected or not 0 < n <= MOST_PICTURES:
        raise UserError(f"{NEIGHBOURS} doesn't hold the arrays that it should, or too many pictures")
    if not 0 <= tensors["labels"].min() <= tensors["labels"].max() < n_classes:
        raise UserError(f"{NEIGHBOURS} names classes that there aren't")
    _check_directions(tensors["center"], tensors["directions"])
    return Neighbours(
        tensors["center"], tensors["directions"], tensors["labels"], _thumbnails(stored, tensors["offsets"])
    )


def _check_directions(center: Floats, directions: NDArray[np.float16]) -> None:
    is_odd = not np.isfinite(center).all()
    for part in chunks(*directions.shape):
        lengths = np.linalg.norm(directions[part].astype(np.float32), axis=1)
        is_odd |= not bool(((lengths == 0) | (np.abs(lengths - 1) < _LENGTHS)).all())
    if is_odd:
        raise UserError(f"{NEIGHBOURS} holds vectors that aren't numbers, or are no directions")


def _thumbnails(stored: NDArray[np.uint8], offsets: NDArray[np.int64]) -> tuple[bytes, ...]:
    # Compared, never subtracted: numbers of 64 bits overflow.
    is_whole = offsets[0] == 0 and offsets[-1] == stored.size and (offsets[1:] > offsets[:-1]).all()
    if not is_whole or np.diff(offsets).max() > MOST_THUMBNAIL_BYTES:
        raise UserError(f"{NEIGHBOURS} has thumbnails that don't lie one behind the other, or are too large")
    content = stored.tobytes()
    thumbnails = tuple(content[start:end] for start, end in pairwise(offsets))
    if not all(thumbnail.startswith(_JPEG) for thumbnail in thumbnails):
        raise UserError(f"{NEIGHBOURS} has thumbnails that are no JPEG files")
    return thumbnails
