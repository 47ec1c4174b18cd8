"""Picture files in, feature vectors out: decoding in processes of its own, so that the engine never waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.addresses import Address
from headstart.data.decode import Geometry
from headstart.data.workers import Task, replies
from headstart.features.engine import Engine, Pixels, Vector
from headstart.progress import Advanced, Listener


@dataclass(frozen=True)
class Row:
    """What came of one picture: a vector, or the ``reason`` why there is none.

    ``sha256`` is that of the content that was read and seen; empty if none was.
    """

    sha256: str
    vector: Vector | None = None
    reason: str | None = None


def vectors_of(
    paths: Sequence[Path | Address],
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
    paths: Sequence[Path | Address],
    digests: Sequence[str | None],
    engine: Engine,
    geometry: Geometry,
    listen: Listener,
) -> Iterator[tuple[int, Vector | str]]:
    """Yield a vector, or the reason why there is none, for each position in ``paths``, in the order of completion.

    Where ``digests`` gives a SHA-256, a file with other content is refused with the reason ``changed``.
    """
    for key, row in _rows(paths, digests, engine, geometry):
        yield key, row.reason if row.vector is None else row.vector  # type: ignore[misc]  # one of them is there
        listen(Advanced())


def extract_chunk(files: Sequence[Path | Address], engine: Engine, geometry: Geometry) -> list[Row]:
    """Return what comes of each of some pictures of which nothing is known yet, in the order of ``files``."""
    made = dict(_rows(files, [None] * len(files), engine, geometry))
    return [made[key] for key in range(len(files))]


def _rows(
    paths: Sequence[Path | Address], digests: Sequence[str | None], engine: Engine, geometry: Geometry
) -> Iterator[tuple[int, Row]]:
    failed: deque[tuple[int, Row]] = deque()
    contents: dict[int, str] = {}
    tasks = (Task(path, "pixels", geometry, digest) for path, digest in zip(paths, digests, strict=True))

    def decoded() -> Iterator[tuple[int, Pixels]]:
        for key, reply in enumerate(replies(tasks, ahead=4 * engine.parallel)):
            if reply.reason:
                failed.append((key, Row("", reason=reply.reason)))
            else:
                contents[key] = reply.sha256
                yield key, np.frombuffer(reply.payload, np.uint8).reshape(geometry.size, geometry.size, 3)

    for key, vector in engine.vectors(decoded()):
        while failed:
            yield failed.popleft()
        yield key, Row(contents.pop(key), vector)
    yield from failed
