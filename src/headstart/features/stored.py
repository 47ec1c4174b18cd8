"""Features with the store before the engine: only what no run has computed yet is computed, and kept at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, Skipped
from headstart.errors import HeadstartError
from headstart.features.engine import Engine, Vector
from headstart.features.extract import computed
from headstart.features.extractor import Extractor
from headstart.features.store import FeatureStore
from headstart.progress import Advanced, Listener, Said

_KEEP_EVERY_SECONDS = 0.2
"""What a kill can cost."""


def stored_features(
    dataset: Dataset,
    extractor: Extractor,
    engine: Callable[[], Engine],
    store: FeatureStore,
    listen: Listener,
) -> tuple[Dataset, NDArray[np.float32]]:
    """Return the readable part of ``dataset`` and its features, ``(n_pictures, dimension)`` float32, row by row.

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
    """
    copies: dict[str, list[int]] = {}  # the positions of each content
    for position, record in enumerate(dataset.records):
        copies.setdefault(record.sha256, []).append(position)
    rows = store.load(extractor, copies)
    if rows:
        listen(Said(f"{len(rows)} of {len(copies)} feature vectors were in the store."))
        listen(Advanced(sum(len(copies[content]) for content in rows)))
    untried = {content: copies[content] for content in sorted(copies.keys() - rows.keys())}
    failed: dict[int, str] = {}
    if untried:
        running = engine()
        with _kept(store, extractor) as keep:
            # A file that changed meanwhile may have a copy that didn't.
            while wanted := [content for content in untried if content not in rows and untried[content]]:
                firsts = [untried[content].pop(0) for content in wanted]
                for position, made in _made(dataset, firsts, extractor, running, listen):
                    if isinstance(made, str):
                        failed[position] = made
                    else:
                        content = dataset.records[position].sha256
                        rows[content] = made
                        keep(content, made)
        if spared := sum(map(len, untried.values())):
            listen(Advanced(spared))
    left = dataset.without([Skipped(dataset.records[position].path, failed[position]) for position in sorted(failed)])
    vectors = [rows[record.sha256] for record in left.records]
    return left, np.stack(vectors) if vectors else np.empty((0, 0), np.float32)


def _made(
    dataset: Dataset, positions: Sequence[int], extractor: Extractor, engine: Engine, listen: Listener
) -> Iterator[tuple[int, Vector | str]]:
    """Yield a vector, or the reason why there is none, for the records at these ``positions``."""
    records = [dataset.records[position] for position in positions]
    paths, contents = [dataset.file(record) for record in records], [record.sha256 for record in records]
    for key, made in computed(paths, contents, engine, Geometry(extractor.size, extractor.fit), listen):
        yield positions[key], made


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
