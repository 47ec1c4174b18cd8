"""Feature stores for the tests: something that makes vectors, some vectors, and what lies in a store's file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from headstart.features.extractor import Extractor
from headstart.features.store import Vector, store_file
from made_up import sha

EXTRACTOR = Extractor(
    backbone="efficientnet_lite0",
    weights="f" * 64,
    layer="avg_pool",
    network="0" * 32,
    size=224,
    fit="squash",
    view="whole",
    scaling='{"channels": "RGB"}',
    decoder="drawn",
    precision="f32",
    calibration="",
    engine="abacus 1.0",
    dtype="float32",
)


def vectors(count: int, *, seed: int = 0, dimension: int = 8) -> dict[str, Vector]:
    """Return random vectors of ``count`` contents, which are the same contents for any seed."""
    random = np.random.default_rng(seed)
    return {sha(str(i)): random.normal(size=dimension).astype(np.float32) for i in range(count)}


def bits(rows: Mapping[str, Vector]) -> dict[str, bytes]:
    """Return vectors as bytes, to be compared bit for bit."""
    return {content: vector.tobytes() for content, vector in rows.items()}


def execute(cache: Path, statement: str, *parameters: object) -> list[Any]:
    """Run a statement on the store in ``cache`` with SQLite alone, and return its rows."""
    with closing(sqlite3.connect(store_file(cache), isolation_level=None)) as database:
        return database.execute(statement, parameters).fetchall()


def rows_in(cache: Path) -> list[tuple[str, str, bytes]]:
    """Return the fingerprint, content and vector of each row of the store in ``cache``."""
    return execute(
        cache,
        "SELECT x.fingerprint, lower(hex(e.sha256)), v.vector FROM entries e "
        "JOIN extractors x ON x.id = e.extractor JOIN vectors v ON v.id = e.id ORDER BY 1, 2",
    )
