"""Features with the store before the engine: only what no run has computed yet is computed, and kept at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset, PictureRecord, Skipped
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.features.engine import Engine
from headstart.features.extract import computed
from headstart.features.extractor import Extractor
from headstart.features.store import FeatureStore, Vector
from headstart.progress import Advanced, Listener, Said

_KEEP_EVERY_SECONDS = 0.2
"""What a kill can cost."""

AT_ONCE = 256
"""Rows that are in memory together."""

_LARGEST_HALF = float(np.finfo(np.float16).max)


def stored_features(
    dataset: Dataset,
    extractor: Extractor,
    engine: Callable[[], Engine],
    store: FeatureStore,
    listen: Listener,
) -> tuple[Dataset, NDArray[np.floating[Any]]]:
    """Return the readable part of ``dataset`` and its features, ``(n_pictures, dimension)``, row by row.

    They are of the extractor's ``dtype``. Arguments and errors as for `complete`.
    """
    left = complete(dataset, extractor, engine, store, listen)
    chunks = list(rows_of(left.records, extractor, store))
    return left, np.concatenate(chunks) if chunks else np.empty((0, 0), np.float32)


def rows_of(
    records: Sequence[PictureRecord], extractor: Extractor, store: FeatureStore
) -> Iterator[NDArray[np.floating[Any]]]:
    """Yield the features of ``records``, some ``(n, dimension)`` at once, in their order.

    Raises
    ------
    MissingError
        If one of them isn't in the store.
    """
    for start in range(0, len(records), AT_ONCE):
        some = records[start : start + AT_ONCE]
        contents = {record.sha256 for record in some}
        rows = store.load(extractor, contents)
        if len(rows) < len(contents):
            raise MissingError(
                "Feature vectors vanished from the cache while they were used (was it pruned?); run this again."
            )
        yield np.stack([rows[record.sha256] for record in some])


def complete(
    dataset: Dataset,
    extractor: Extractor,
    engine: Callable[[], Engine],
    store: FeatureStore,
    listen: Listener,
) -> Dataset:
    """Put what is missing of the features of ``dataset`` into the store, and return its readable part.

    A picture that can't be decoded, or that changed since it was listed, moves to the skipped.

    Parameters
    ----------
    dataset
        Pictures, known by content.
    extractor
        What makes the vectors.
    engine
        Starts what computes them; called only if one is missing.
    store
        Where they are kept.
    listen
        Told of the progress, and how many needn't be computed.

    Raises
    ------
    UserError
        If a number is too large for the extractor's ``dtype``.
    """
    copies: dict[str, list[int]] = {}  # the positions of each content
    for position, record in enumerate(dataset.records):
        copies.setdefault(record.sha256, []).append(position)
    known = store.known(extractor, copies)
    if known:
        listen(Said(f"{len(known)} of {len(copies)} feature vectors were in the store."))
        listen(Advanced(sum(len(copies[content]) for content in known)))
    untried = {content: copies[content] for content in sorted(copies.keys() - known)}
    failed: dict[int, str] = {}
    if untried:
        running = engine()
        with _kept(store, extractor) as keep:
            # A file that changed meanwhile may have a copy that didn't.
            while wanted := [content for content in untried if content not in known and untried[content]]:
                firsts = [untried[content].pop(0) for content in wanted]
                for position, made in _made(dataset, firsts, extractor, running, listen):
                    if isinstance(made, str):
                        failed[position] = made
                    else:
                        content = dataset.records[position].sha256
                        known.add(content)
                        keep(content, made)
        if spared := sum(map(len, untried.values())):
            listen(Advanced(spared))
    return dataset.without([Skipped(dataset.records[position].path, failed[position]) for position in sorted(failed)])


def _made(
    dataset: Dataset, positions: Sequence[int], extractor: Extractor, engine: Engine, listen: Listener
) -> Iterator[tuple[int, Vector | str]]:
    """Yield a vector, or the reason why there is none, for the records at these ``positions``."""
    records = [dataset.records[position] for position in positions]
    paths, contents = [dataset.file(record) for record in records], [record.sha256 for record in records]
    for key, made in computed(paths, contents, engine, extractor.geometry, listen):
        yield positions[key], made if isinstance(made, str) else as_kept(made, extractor)


def as_kept(vector: Vector, extractor: Extractor) -> Vector:
    """Return ``vector`` as numbers of the extractor's ``dtype``; raise `UserError` if one is too large for that."""
    if extractor.dtype == "float16" and not np.abs(vector).max() < _LARGEST_HALF:
        raise UserError(
            f"The maps of {extractor.backbone} at {extractor.layer} hold numbers that are too large for float16, in "
            "which maps are kept; choose another layer, or --pool avg."
        )
    return vector.astype(extractor.dtype, copy=False)


@contextmanager
def _kept(store: FeatureStore, extractor: Extractor) -> Iterator[Callable[[str, Vector], None]]:
    """Yield a function that keeps a content's vector: some together, and all of them after Ctrl-C too."""
    waiting: dict[str, Vector] = {}
    since = time.monotonic()

    def put() -> None:
        try:
            store.put(extractor, waiting)
        except HeadstartError:
            waiting.clear()  # once more would be refused once more
            raise
        waiting.clear()

    def keep(content: str, vector: Vector) -> None:
        nonlocal since
        waiting[content] = vector
        if time.monotonic() - since >= _KEEP_EVERY_SECONDS:
            put()
            since = time.monotonic()

    try:
        yield keep
    finally:
        put()
