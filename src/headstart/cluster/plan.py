"""What is computed together: chunks of a listing, each named by what would be in its shard. Reads no picture."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.addresses import Address
from headstart.data.records import Listed, Listing
from headstart.errors import UserError
from headstart.folders import cache_folder

PICTURES = 256
"""About how many pictures are computed together."""

_MOST_BYTES = 64 * 2**20
"""What the vectors of a chunk may take, if that leaves it any size."""

_FORMAT = 1
"""Changes when what is in a shard changes, so that older ones aren't used."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The pictures from ``start`` to before ``stop`` of a listing, and the ``key`` of their shard."""

    start: int
    stop: int
    key: str

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Plan:
    """The pictures of a listing, the chunks they are cut into, and the positions of those that are to be computed."""

    pictures: Sequence[Listed]
    chunks: Sequence[Chunk]
    todo: Sequence[int]

    @property
    def pictures_left(self) -> int:
        """How many pictures are to be computed."""
        return sum(len(self.chunks[position]) for position in self.todo)

    def pictures_of(self, chunk: Chunk) -> tuple[Listed, ...]:
        """Return the pictures of a chunk."""
        return tuple(self.pictures[chunk.start : chunk.stop])


def chunk_size(row_bytes: int) -> int:
    """Return about how many pictures to compute together if a vector takes ``row_bytes``."""
    return max(4, min(PICTURES, _MOST_BYTES // row_bytes))


def chunks_of(listing: Listing, fingerprint: str, size: int) -> list[Chunk]:
    """Cut a listing into chunks of about ``size`` pictures, in its order.

    The key is a digest of the extractor's ``fingerprint`` and each picture's path, label and identity: another picture
    or another extractor makes another key. The cuts depend on the pictures' names alone, so that a picture more or
    less leaves all chunks but its own as they were.

    Raises
    ------
    UserError
        If the pictures lie where nobody else can read them, or where nothing tells when one changes.
    """
    root = listing.root
    if isinstance(root, Path) and root.resolve().is_relative_to(cache_folder().resolve()):
        raise UserError(
            f"{listing.name}: --on ray reads pictures where they are, and these would be unpacked on this machine "
            "alone; unpack them to a folder that all nodes share, or to object storage."
        )
    return [Chunk(start, stop, _key(listing, start, stop, fingerprint)) for start, stop in _cuts(listing, size)]


def identity(root: Path | Address, listed: Listed) -> str:
    """Return what changes when a picture's content does, without reading it; empty for a file that isn't there.

    Raises
    ------
    UserError
        If the storage keeps no such mark.
    """
    if listed.version is not None:
        return listed.version
    file = root / (listed.file or listed.path)
    if isinstance(file, Address):
        raise UserError(
            f"{file}: this storage keeps no mark (ETag) that changes with an object's content, without which --on ray "
            "can't tell what is computed already; copy the pictures to s3://, gs:// or az://."
        )
    try:
        about = file.stat()
    except OSError:
        return ""
    return f"{about.st_size} {about.st_mtime_ns}"


def _cuts(listing: Listing, size: int) -> Iterator[tuple[int, int]]:
    start = 0
    for position, listed in enumerate(listing.pictures):
        length = position - start
        # From half the size on, two of so many names make a cut, and with that the size the average.
        drawn = hashlib.sha256(listed.path.encode(errors="surrogateescape")).digest()
        is_cut = int.from_bytes(drawn[:4]) % size < 2
        if length >= 2 * size or (is_cut and length >= max(1, size // 2)):
            yield start, position
            start = position
    if start < len(listing.pictures):
        yield start, len(listing.pictures)


def _key(listing: Listing, start: int, stop: int, fingerprint: str) -> str:
    digest = hashlib.sha256(json.dumps([_FORMAT, fingerprint]).encode())
    for listed in listing.pictures[start:stop]:
        digest.update(json.dumps([listed.path, listed.label, identity(listing.root, listed)]).encode())
    return digest.hexdigest()
