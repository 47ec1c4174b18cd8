"""Picture files in, feature vectors out: decoding in processes of its own, so that the engine never waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, Skipped
from headstart.data.workers import Task, replies
from headstart.features.engine import Engine, Pixels, Vector
from headstart.progress import Advanced, Listener


def features_of(
    dataset: Dataset, engine: Engine, geometry: Geometry, listen: Listener
) -> tuple[Dataset, NDArray[np.float32]]:
    """Return the readable part of ``dataset`` and its features, ``(n_pictures, dimension)`` float32, row by row.

    A picture that can't be decoded, or that changed since it was listed, moves to the skipped.
    """
    paths = [dataset.file(record) for record in dataset.records]
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
    rows: dict[int, Vector] = {}
    failed: dict[int, str] = {}
    for key, made in computed(paths, digests, engine, geometry, listen):
        if isinstance(made, str):
            failed[key] = made
        else:
            rows[key] = made
    return rows, failed


def computed(
    paths: Sequence[Path],
    digests: Sequence[str | None],
    engine: Engine,
    geometry: Geometry,
    listen: Listener,
) -> Iterator[tuple[int, Vector | str]]:
    """Yield a vector, or the reason why there is none, for each position in ``paths``, in the order of completion.

    Where ``digests`` gives a SHA-256, a file with other content is refused with the reason ``changed``.
    """
    failed: deque[tuple[int, str]] = deque()
    tasks = (Task(path, "pixels", geometry, digest) for path, digest in zip(paths, digests, strict=True))

    def decoded() -> Iterator[tuple[int, Pixels]]:
        for key, reply in enumerate(replies(tasks, ahead=4 * engine.parallel)):
            if reply.reason:
                failed.append((key, reply.reason))
            else:
                yield key, np.frombuffer(reply.payload, np.uint8).reshape(geometry.size, geometry.size, 3)

    for key, vector in engine.vectors(decoded()):
        while failed:
            yield failed.popleft()
            listen(Advanced())
        yield key, vector
        listen(Advanced())
    for key, reason in failed:
        yield key, reason
        listen(Advanced())
