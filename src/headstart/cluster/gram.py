"""A ridge classifier of the vectors that a cluster's shards hold: the workers add up, and only sums come home."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.addresses import Address
from headstart.cluster.computing import ATTEMPTS
from headstart.cluster.on_ray import Cluster, last_line
from headstart.cluster.plan import chunk_size, chunks_of
from headstart.cluster.shards import SUFFIX, DamagedShardError, rows_of_shard
from headstart.cluster.storage import checked_store, content_of, folder_in
from headstart.data.records import Listing
from headstart.errors import HeadstartError, MissingError
from headstart.features.extractor import Extractor
from headstart.learn.fit import Fit
from headstart.learn.passes import Chunk, Gathered, first_mean, gathered
from headstart.learn.rows import Floats, Labels
from headstart.learn.streaming import ridge_of
from headstart.progress import Advanced, Entered, Listener, Started

_TASKS_A_PROCESSOR = 2
"""So that a node which is slower than the others doesn't keep all waiting, and few sums travel."""


@dataclass(frozen=True)
class Shards:
    """Shards that were written: where they lie, the keys of their chunks, and what made their vectors.

    A picture must be in one of these chunks only: they are those of one listing, not whatever lies in the folder.
    """

    folder: Path | Address
    keys: tuple[str, ...]
    extractor: Extractor
    dimension: int


def shards_of(
    listing: Listing, extractor: Extractor, dimension: int, store: Path | Address, size: int | None = None
) -> Shards:
    """Return the shards that `headstart.cluster.extraction.extracted_on` writes of these pictures.

    Parameters
    ----------
    listing, extractor, store, size
        As there.
    dimension
        Length of a vector.

    Raises
    ------
    UserError
        If ``store`` isn't a folder, or the pictures' storage keeps no mark that changes with them.
    """
    chunk = size or chunk_size(dimension * np.dtype(extractor.dtype).itemsize)
    keys = tuple(each.key for each in chunks_of(listing, extractor.fingerprint, chunk))
    return Shards(folder_in(checked_store(store), extractor.fingerprint[:16]), keys, extractor, dimension)


@dataclass(frozen=True)
class Labelled:
    """What contents are and count, as arrays of one row each, ``(n,)``; ``contents`` ascending."""

    n_classes: int

    contents: NDArray[np.uint64]
    labels: NDArray[np.int32]
    weights: Floats
    units: NDArray[np.int64]


def labelled(
    n_classes: int, contents: Sequence[str], labels: Labels, weights: Floats, units: NDArray[np.int64]
) -> Labelled:
    """Return what contents are and count.

    Parameters
    ----------
    n_classes
        Of the labels.
    contents
        SHA-256 digests in hexadecimal, each once. The first 64 bits are kept: among ten million two would share these
        once in 300,000 data sets.
    labels, weights, units
        ``(n,)``: of each, as in `headstart.learn.passes.Chunk`.
    """
    found, first = np.unique(_first_bits(contents), return_index=True)
    return Labelled(n_classes, found, labels[first].astype(np.int32), weights[first], units[first])


def chunks_in(shards: Shards, learnt: Labelled) -> Iterator[Chunk]:
    """Yield the rows of the shards whose contents are ``learnt``, shard by shard; all others are left out.

    Raises
    ------
    MissingError
        If a shard isn't there, or damaged.
    """
    for key in shards.keys:
        file = shards.folder / f"{key}{SUFFIX}"
        content = content_of(file)
        try:
            if content is None:
                raise DamagedShardError("it isn't there, or can't be read")  # noqa: TRY301 - told below
            rows = rows_of_shard(content, key, shards.extractor, shards.dimension)
        except DamagedShardError as error:
            raise MissingError(f"The shard {file} is damaged ({error}); have the features computed again.") from error
        held = [row for row in rows if row.vector is not None]
        bits = _first_bits([row.sha256 for row in held])
        place = np.minimum(np.searchsorted(learnt.contents, bits), max(0, len(learnt.contents) - 1))
        is_learnt = learnt.contents[place] == bits if len(learnt.contents) else np.zeros(len(bits), np.bool_)
        if is_learnt.any():
            vectors = np.stack([row.vector for row in held if row.vector is not None]).astype(np.float32)
            own = place[is_learnt]
            yield Chunk(vectors[is_learnt], learnt.labels[own].astype(np.intp), learnt.weights[own], learnt.units[own])


def fit_ridge_on(cluster: Cluster, shards: Shards, learnt: Labelled, seed: int, listen: Listener) -> Fit:
    """Return the ridge classifier of the rows of the shards whose contents are ``learnt``.

    It is that of `headstart.learn.streaming.fit_ridge_in_passes` on the same rows, but for rounding. Each task adds up
    the sums of its shards and hands them over whole or not at all, so one that is lost with its worker is repeated,
    and no shard counts twice.

    Parameters
    ----------
    cluster
        A connection, of `headstart.cluster.on_ray.connected`.
    shards
        What is read, by the workers and, to begin with, a first shard here.
    learnt
        What the rows are.
    seed
        By which units are dealt out to folds.
    listen
        Told of the progress, in shards.

    Raises
    ------
    UserError
        If a node has other versions than this machine.
    MissingError
        If there is no node, a shard is damaged, or workers are lost again and again.
    ValueError
        If no content of the shards is among those that are learnt.
    """
    return ridge_of(_gathered_on(cluster, shards, learnt, seed, listen))


def _gathered_on(cluster: Cluster, shards: Shards, learnt: Labelled, seed: int, listen: Listener) -> Gathered:
    ray = cluster.ray
    shift = first_mean(chunks_in(shards, learnt))
    nodes = cluster.of_same_versions(cluster.nodes())
    if not nodes:
        raise MissingError("--on ray: the cluster has no node with processors now; start some.")
    parts = min(len(shards.keys), _TASKS_A_PROCESSOR * sum(node.cpus for node in nodes))
    listen(Started(len(shards.keys)))
    listen(Entered("adding up features"))
    task = ray.remote(_added_up).options(num_cpus=1, max_retries=ATTEMPTS - 1)
    sent = ray.put(learnt)
    waiting = {}
    for number in range(parts):
        own = replace(shards, keys=shards.keys[number::parts])
        waiting[task.remote(own, sent, shift, seed)] = len(own.keys)
    total: Gathered | None = None
    try:
        while waiting:
            (done,), _ = ray.wait(list(waiting), num_returns=1)
            sums = ray.get(done)
            total = sums if total is None else total + sums
            listen(Advanced(waiting.pop(done)))
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, HeadstartError):
            raise type(cause)(str(cause)) from error
        raise MissingError(f"--on ray: features can't be added up ({last_line(error)}).") from error
    finally:
        for reference in waiting:
            with suppress(ray.exceptions.RayError):
                ray.cancel(reference, force=True)
    assert total is not None  # noqa: S101 - there is a shard, for there is a mean
    return total


def _added_up(shards: Shards, learnt: Labelled, shift: Floats, seed: int) -> Gathered:
    """Return what a pass over some shards leaves; on a worker."""
    return gathered(chunks_in(shards, learnt), shift, learnt.n_classes, seed)


def _first_bits(contents: Sequence[str]) -> NDArray[np.uint64]:
    return np.array([int(content[:16], 16) for content in contents], np.uint64)
