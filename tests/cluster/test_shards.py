"""Shards: what is written is what is read, and anything else is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from headstart import __version__
from headstart.cluster.shards import DamagedShardError, decoded_shard, encoded_shard
from headstart.data.records import Listed
from headstart.features.extract import Row
from headstart.features.extractor import Extractor
from made_up import sha
from stores import EXTRACTOR

KEY = "a" * 64
PICTURES = (Listed("ant/1.png", "ant"), Listed("ant/\udcff.png", "ant"), Listed("bee/1.png", "bee"))
ROWS = (
    Row(sha("1"), np.array([1, 2, 3, 4], np.float32)),
    Row("", reason="unreadable"),
    Row(sha("3"), np.array([-0.0, 1e-30, 3e38, 0.1], np.float32)),
)


def encoded(rows: tuple[Row, ...] = ROWS, extractor: Extractor = EXTRACTOR) -> bytes:
    return encoded_shard(KEY, PICTURES, rows, extractor, 4)


def rewritten(change: Callable[[Any], Any]) -> bytes:
    """Return a shard as somebody else's Parquet writer would write it after a change of its table."""
    stream = io.BytesIO()
    parquet.write_table(change(parquet.read_table(io.BytesIO(encoded()))), stream)
    return stream.getvalue()


def with_metadata(**changes: str) -> bytes:
    encoded_changes = {name.encode(): value.encode() for name, value in changes.items()}
    return rewritten(lambda table: table.replace_schema_metadata(table.schema.metadata | encoded_changes))


def same(row: Row, other: Row) -> bool:
    vectors = [None if each.vector is None else each.vector.tobytes() for each in (row, other)]
    return (row.sha256, row.reason, vectors[0]) == (other.sha256, other.reason, vectors[1])


def test_what_is_written_is_what_is_read() -> None:
    rows = decoded_shard(encoded(), KEY, PICTURES, EXTRACTOR, 4)
    assert [same(row, other) for row, other in zip(rows, ROWS, strict=True)] == [True] * 3


def test_a_shard_of_which_nothing_can_be_read_has_reasons_alone() -> None:
    rows = (Row("", reason="unreadable"),) * 3
    read = decoded_shard(encoded(rows), KEY, PICTURES, EXTRACTOR, 4)
    assert [(row.vector, row.reason) for row in read] == [(None, "unreadable")] * 3


def test_maps_are_kept_as_float16() -> None:
    maps = replace(EXTRACTOR, dtype="float16")
    rows = tuple(row if row.vector is None else replace(row, vector=np.ones(4, np.float16)) for row in ROWS)
    read = decoded_shard(encoded(rows, maps), KEY, PICTURES, maps, 4)
    assert read[0].vector is not None
    assert read[0].vector.dtype == np.float16
    with pytest.raises(DamagedShardError):
        decoded_shard(encoded(rows, maps), KEY, PICTURES, EXTRACTOR, 4)


def test_two_attempts_write_the_same_bytes() -> None:
    assert encoded() == encoded()


def test_other_programs_can_read_it() -> None:
    table = parquet.read_table(io.BytesIO(encoded()))
    assert table.column_names == ["path", "label", "sha256", "reason", "vector"]
    assert table["path"].to_pylist() == ["ant/1.png", "ant/\\udcff.png", "bee/1.png"]
    assert table["label"].to_pylist() == ["ant", "ant", "bee"]
    assert table["reason"].to_pylist() == [None, "unreadable", None]
    assert table["vector"].to_pylist()[:2] == [[1, 2, 3, 4], None]
    metadata = {name.decode(): value.decode() for name, value in table.schema.metadata.items()}
    assert metadata["version"] == __version__
    assert metadata["key"] == KEY
    assert metadata["fingerprint"] == EXTRACTOR.fingerprint
    assert json.loads(metadata["extractor"])["backbone"] == "efficientnet_lite0"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_shard_is_refused(share: float) -> None:
    content = encoded()
    with pytest.raises(DamagedShardError, match="no whole Parquet file"):
        decoded_shard(content[: int(share * len(content))], KEY, PICTURES, EXTRACTOR, 4)


def test_no_altered_byte_changes_a_row_unnoticed() -> None:
    content = encoded()
    unnoticed = []
    for position in range(len(content)):
        altered = content[:position] + bytes([content[position] ^ 0x10]) + content[position + 1 :]
        try:
            rows = decoded_shard(altered, KEY, PICTURES, EXTRACTOR, 4)
        except DamagedShardError:
            continue
        unnoticed += [position for row, other in zip(rows, ROWS, strict=True) if not same(row, other)]
    assert unnoticed == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (with_metadata(key="b" * 64), "of other pictures or another network"),
        (with_metadata(fingerprint="b" * 64), "of other pictures or another network"),
        (with_metadata(headstart="features"), "of other pictures or another network"),
        (with_metadata(digest="b" * 64), "altered"),
        (rewritten(lambda table: table.replace_schema_metadata(None)), "of other pictures or another network"),
        (rewritten(lambda table: table.slice(0, 2)), "2 pictures instead of 3"),
        (rewritten(lambda table: table.take([0, 2, 1])), "or others"),
        (rewritten(lambda table: table.drop_columns(["vector"])), "no whole Parquet file"),
        (encoded((ROWS[0], ROWS[1], Row(sha("3"), np.array([0, 1, np.nan, 2], np.float32)))), "aren't finite"),
        (encoded((ROWS[0], ROWS[1], Row(sha("3"), np.array([0, 1, np.inf, 2], np.float32)))), "aren't finite"),
    ],
)
def test_what_is_no_shard_of_these_pictures_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(DamagedShardError, match=why):
        decoded_shard(content, KEY, PICTURES, EXTRACTOR, 4)


def test_vectors_of_another_length_are_refused() -> None:
    with pytest.raises(DamagedShardError, match="columns of another kind"):
        decoded_shard(encoded(), KEY, PICTURES, EXTRACTOR, 8)
