"""Features computed on a cluster: the whole way from a listing to the rows of its pictures, shard by shard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headstart.addresses import Address
from headstart.cluster.computing import Computing, computing
from headstart.cluster.on_ray import Node, check_address, connected
from headstart.cluster.plan import Chunk, Plan, chunk_size, chunks_of, identity
from headstart.cluster.shards import SUFFIX, DamagedShardError, checked_pyarrow, decoded_shard
from headstart.cluster.storage import checked_store, content_of, folder_in, names_in, put
from headstart.cluster.worker import MARK, Order
from headstart.data.records import Listed, Listing
from headstart.errors import MissingError, UserError
from headstart.features.extract import Row
from headstart.features.extractor import Extractor
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Advanced, Entered, Listener, Said, Started
from headstart.sizes import in_words

_LOOK_SECONDS = 0.2
"""How often the progress is told."""

_MEASURED_SECONDS = 10.0
"""For so long the speed is measured before it is told how long everything takes."""

_IDLE_SECONDS = 30.0
"""After so long without any worker it is told what is waited for."""

_ROW_BYTES = 150
"""About what a row of a shard takes beside its vector."""


@dataclass(frozen=True)
class Computed:
    """Some pictures, one after the other in the listing, and what came of each."""

    pictures: tuple[Listed, ...]
    rows: tuple[Row, ...]


@contextmanager
def extracted_on(
    on: str,
    listing: Listing,
    network: ConvertedNetwork,
    extractor: Extractor,
    *,
    store: Path | Address,
    listen: Listener,
    size: int | None = None,
) -> Iterator[Iterator[Computed]]:
    """Have the features of all pictures computed on a cluster, and yield an iterator over them, in their order.

    Every picture comes once, with its vector or the reason why there is none. What was computed before, by a run that
    was killed say, is read and not computed again.

    Parameters
    ----------
    on
        ``ray``, or ``ray://HOST:PORT``.
    listing
        The pictures; they must lie where all nodes can read them.
    network
        What computes.
    extractor
        What makes the vectors; its fingerprint names the folder of the shards.
    store
        Where shards are kept: an address in object storage, or a folder that all nodes share.
    listen
        Told of the plan before anything is computed, and of the progress.
    size
        About how many pictures are computed together.

    Raises
    ------
    UserError
        If ``on`` or ``store`` can't be what they should be, or a node differs from this machine.
    MissingError
        If something isn't installed, can't be reached, read or written; or if a chunk can't be computed.
    """
    check_address(on)
    checked_pyarrow()
    if not listing.pictures:
        raise UserError(f"{listing.name} holds no pictures.")
    folder = folder_in(checked_store(store), extractor.fingerprint[:16])
    there = names_in(folder)
    put(folder / MARK, extractor.facts.encode())
    first = listing.pictures[0]
    order = Order(listing.root, first, identity(listing.root, first), network, extractor, folder)
    row_bytes = network.dimension * np.dtype(extractor.dtype).itemsize
    with connected(on, listen) as cluster:
        nodes = cluster.checked_nodes(order, listen)
        listen(Entered("planning"))
        chunks = chunks_of(listing, extractor.fingerprint, size or chunk_size(row_bytes))
        todo = [position for position, chunk in enumerate(chunks) if f"{chunk.key}{SUFFIX}" not in there]
        plan = Plan(listing.pictures, chunks, todo)
        listen(Said(_sentence(plan, nodes, row_bytes + _ROW_BYTES, store)))
        listen(Started(len(listing.pictures)))
        listen(Entered("computing features"))
        with computing(cluster, order, plan, nodes) as work:
            yield _Reader(order, plan, work, listen).shards()


def _sentence(plan: Plan, nodes: Sequence[Node], row_bytes: int, store: Path | Address) -> str:
    """Return what is going to happen, in words."""
    done = len(plan.chunks) - len(plan.todo)
    sentence = f"{len(plan.pictures)} pictures in {len(plan.chunks)} chunks, {done} of them computed before; "
    if not plan.todo:
        return f"{sentence}nothing is left to compute."
    workers = sum(len(node.shares) for node in nodes)
    left = plan.pictures_left
    return (
        f"{sentence}{len(plan.todo)} chunks ({left} pictures) to compute, by {workers} worker{'s' * (workers > 1)} on "
        f"{len(nodes)} node{'s' * (len(nodes) > 1)} with {sum(node.cpus for node in nodes)} processors. Their shards "
        f"take about {in_words(left * row_bytes)} in {store}. How long it takes is told once the speed is measured."
    )


class _Reader:
    """Reads shards in the order of the data, as they come to be."""

    def __init__(self, order: Order, plan: Plan, work: Computing, listen: Listener) -> None:
        self._order, self._plan, self._work, self._listen = order, plan, work, listen
        self._left = plan.pictures_left
        self._told = 0
        self._waited = 0.0
        self._speed_is_told = False
        self._again: set[int] = set()

    def shards(self) -> Iterator[Computed]:
        """Yield all chunks of the listing."""
        if there := len(self._plan.pictures) - self._left:
            self._listen(Advanced(there))
        for position, chunk in enumerate(self._plan.chunks):
            pictures = self._plan.pictures_of(chunk)
            yield Computed(pictures, self._rows(position, chunk, pictures))
        self._tell()

    def _rows(self, position: int, chunk: Chunk, pictures: Sequence[Listed]) -> tuple[Row, ...]:
        file = self._order.shard(chunk.key)
        while True:
            while not self._work.is_done(position, _LOOK_SECONDS):
                self._tell()
            self._tell()
            content = content_of(file)
            try:
                if content is None:
                    raise DamagedShardError("it isn't there, or can't be read")  # noqa: TRY301 - told below
                return decoded_shard(content, chunk.key, pictures, self._order.extractor, self._order.network.dimension)
            except DamagedShardError as error:
                if position in self._again:
                    raise MissingError(
                        f"The shard {file} is damaged just after it was written ({error}); is something wrong with "
                        "--cluster-store?"
                    ) from error
                self._listen(Said(f"The shard {file} is damaged ({error}); its pictures are computed again."))
                self._again.add(position)
                self._work.redo(position)

    def _tell(self) -> None:
        """Tell what was done since the last time."""
        done = min(self._work.pictures_done, self._left)
        if done > self._told:
            self._listen(Advanced(done - self._told))
            self._told = done
        while self._work.notes:
            self._listen(Said(self._work.notes.popleft()))
        rate, seconds = self._work.rate
        if not self._speed_is_told and rate and seconds >= _MEASURED_SECONDS:
            self._speed_is_told = True
            self._listen(Said(f"{rate:.0f} pictures/s: {_duration((self._left - done) / rate)} more."))
        if not done and self._left and not self._work.has_worker:
            self._waited += _LOOK_SECONDS
            if self._waited - _LOOK_SECONDS < _IDLE_SECONDS <= self._waited:
                self._listen(Said("No worker is there yet: other work may have all of the cluster's processors."))


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"about {seconds:.0f} seconds"
    if seconds < 7200:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"
