"""What happens on a node of the cluster: chunks in, shards out. Knows nothing of what brought it there."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart import __version__
from headstart.addresses import Address
from headstart.cluster.plan import identity
from headstart.cluster.shards import SUFFIX, encoded_shard
from headstart.cluster.storage import content_of, put
from headstart.data.records import Listed
from headstart.data.workers import replies
from headstart.errors import MissingError, UserError
from headstart.features.engine import Engine, engine_for, engine_name, processor_name
from headstart.features.extract import Row, extract_chunk
from headstart.features.extractor import Extractor, extractor_of
from headstart.features.stored import as_kept
from headstart.folders import file_digest, scratch_folder
from headstart.networks.converted import ConvertedNetwork

MARK = "extractor.json"
"""Lies beside the shards and says what made them."""


@dataclass(frozen=True)
class Order:
    """What every node must know: where pictures are, what makes vectors of them, and where shards go.

    ``first`` is a picture of the data, ``seen`` its identity as the driver sees it.
    """

    root: Path | Address
    first: Listed
    seen: str
    network: ConvertedNetwork
    extractor: Extractor
    folder: Path | Address

    @property
    def engine(self) -> str:
        """The kind of engine, as `headstart.features.engine.engine_kind` names it."""
        return self.extractor.engine.partition(" ")[0]

    def shard(self, key: str) -> Path | Address:
        """Return where the shard of a chunk lies."""
        return self.folder / f"{key}{SUFFIX}"


def versions() -> dict[str, str]:
    """Return the versions that must be the same on all machines, whatever is computed."""
    return {"headstart": __version__, "Python": ".".join(platform.python_version_tuple()[:2])}


def introduced(order: Order) -> tuple[dict[str, str], str]:
    """Return what would make vectors on this node, by name, and the name of its processor.

    Raises
    ------
    UserError, MissingError
        If it doesn't see the pictures or the shards' folder that the driver sees, or can't write there.
    """
    found = identity(order.root, order.first)
    if found != order.seen:
        file = order.root / (order.first.file or order.first.path)
        raise UserError(
            f"{file} isn't there or is another file than here; the pictures must lie on a disk that all nodes share, "
            "or in object storage."
        )
    mark = order.extractor.facts.encode()
    if content_of(order.folder / MARK) != mark:
        raise UserError(
            f"{order.folder} isn't the folder that it is here; --cluster-store must lie on a disk that all nodes "
            "share, or in object storage."
        )
    put(order.folder / MARK, mark)
    try:
        own = extractor_of(order.network, order.extractor.geometry, engine_name(order.engine))
        return {"engine": own.engine, "decoder": own.decoder}, processor_name(order.engine).partition(", ")[0]
    except (PackageNotFoundError, ImportError):
        return {"engine": f"no {order.engine}", "decoder": order.extractor.decoder}, ""


class ChunkWorker:
    """Computes chunks on some of a node's processors. Its network is compiled once.

    Parameters
    ----------
    order
        What to do.
    cpus
        How many processors to keep busy.
    """

    def __init__(self, order: Order, cpus: int) -> None:
        self._order = order
        self._cpus = cpus
        self._engine: Engine | None = None
        self._computing = threading.Lock()

    def prepare(self, files: Mapping[str, NDArray[np.uint8]]) -> None:
        """Compile the network, whose ``files`` are given by name.

        Raises
        ------
        MissingError
            If they aren't what they were when they were sent.
        """
        order = self._order
        with scratch_folder() as folder, _processors(self._cpus):
            for name, digest in order.network.files.items():
                (folder / name).write_bytes(files[name].data)
                if file_digest(folder / name) != digest:
                    raise MissingError(f"{name} of the network arrived damaged; run it again.")
            self._engine = engine_for(replace(order.network, folder=folder), order.engine)
            list(replies([]))  # from now on so many processes decode

    def compute(self, key: str, pictures: Sequence[Listed]) -> int:
        """Compute a chunk, write its shard, and return how many pictures that were.

        Several threads may call this: while one writes, another computes.

        Raises
        ------
        UserError
            If a number is too large for what vectors are kept as.
        MissingError
            If the pictures can't be reached, or the shard can't be written.
        """
        order = self._order
        assert self._engine is not None  # noqa: S101 - it was prepared
        files = [order.root / (listed.file or listed.path) for listed in pictures]
        with self._computing:
            rows = extract_chunk(files, self._engine, order.extractor.geometry)
        kept = [_as_kept(row, order.extractor) for row in rows]
        shard = encoded_shard(key, pictures, kept, order.extractor, order.network.dimension)
        put(order.shard(key), shard)
        return len(pictures)


def _as_kept(row: Row, extractor: Extractor) -> Row:
    return row if row.vector is None else replace(row, vector=as_kept(row.vector, extractor))


@contextmanager
def _processors(cpus: int) -> Iterator[None]:
    """Let this process see no more than ``cpus`` processors, so that as many threads are started as fill those.

    Afterwards all its threads may run on any again: which ones are free the system knows better.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:cpus])
    try:
        yield
    finally:
        for thread in Path("/proc/self/task").iterdir():
            with suppress(OSError):  # it may have ended just now
                os.sched_setaffinity(int(thread.name), allowed)
