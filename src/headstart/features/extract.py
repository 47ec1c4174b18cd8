"""Picture files in, feature vectors out: decoding in threads, so that the engine never waits."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import DecodeError, Geometry, pixels_from
from headstart.data.records import Dataset, Skipped
from headstart.features.engine import Engine, Pixels
from headstart.progress import Advanced, Listener


def features_of(
    dataset: Dataset, engine: Engine, geometry: Geometry, listen: Listener
) -> tuple[Dataset, NDArray[np.float32]]:
    """Return the readable part of ``dataset`` and its features, ``(n_pictures, dimension)`` float32, row by row.

    A picture that can't be decoded, or that changed since it was listed, moves to the skipped.
    """
    paths = [dataset.root / record.path for record in dataset.records]
    digests: list[str | None] = [record.sha256 for record in dataset.records]
    rows, failed = vectors_of(paths, digests, engine, geometry, listen)
    skipped = [Skipped(dataset.records[key].path, reason) for key, reason in sorted(failed.items())]
    kept = [key for key in range(len(paths)) if key in rows]
    matrix = np.stack([rows[key] for key in kept]) if kept else np.empty((0, 0), np.float32)
    return dataset.without(skipped), matrix


def vectors_of(
    paths: Sequence[Path],
    digests: Sequence[str | None],
    engine: Engine,
    geometry: Geometry,
    listen: Listener,
) -> tuple[dict[int, NDArray[np.float32]], dict[int, str]]:
    """Return a vector, or the reason why there is none, for each position in ``paths``.

    Where ``digests`` gives a SHA-256, a file with other content is refused with the reason ``changed``.
    """
    failed: dict[int, str] = {}

    def decoded() -> Iterator[tuple[int, Pixels]]:
        for key, pixels in _decoded(paths, digests, geometry, ahead=4 * engine.parallel):
            if isinstance(pixels, str):
                failed[key] = pixels
                listen(Advanced())
            else:
                yield key, pixels

    rows = {}
    for key, vector in engine.vectors(decoded()):
        rows[key] = vector
        listen(Advanced())
    return rows, failed


def _decoded(
    paths: Sequence[Path], digests: Sequence[str | None], geometry: Geometry, ahead: int
) -> Iterator[tuple[int, Pixels | str]]:
    """Yield pixels, or the reason code of a failure, at most ``ahead`` pictures before they are asked for."""
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    waiting: deque[tuple[int, Future[Pixels | str]]] = deque()
    try:
        for key, (path, digest) in enumerate(zip(paths, digests, strict=True)):
            waiting.append((key, pool.submit(_pixels_or_reason, path, digest, geometry)))
            if len(waiting) >= ahead:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _pixels_or_reason(path: Path, digest: str | None, geometry: Geometry) -> Pixels | str:
    try:
        data = path.read_bytes()
    except OSError:
        return "unreadable"
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        return "changed"
    try:
        return pixels_from(data, geometry)
    except DecodeError as error:
        return error.reason
