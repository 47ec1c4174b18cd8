"""Shards: what came of a chunk of pictures, as one Parquet file. One that is half there, or altered, is refused."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import __version__
from headstart.data.records import Listed
from headstart.data.sources.parquet import required_pyarrow
from headstart.documents import as_unicode
from headstart.features.extract import Row
from headstart.features.extractor import Extractor

SUFFIX = ".parquet"


class DamagedShardError(Exception):
    """A file that isn't the shard that it should be; its text says why."""


def encoded_shard(
    key: str, pictures: Sequence[Listed], rows: Sequence[Row], extractor: Extractor, dimension: int
) -> bytes:
    """Return the shard of a chunk as the bytes of a Parquet file, always the same for the same rows.

    Parameters
    ----------
    key
        The chunk's.
    pictures, rows
        What was computed, and what came of each.
    extractor
        What made the vectors; they are kept as its ``dtype``.
    dimension
        Their length.
    """
    arrow, parquet = checked_pyarrow()
    missing = np.array([row.vector is None for row in rows])
    vectors = np.zeros((len(rows), dimension), extractor.dtype)
    for position, row in enumerate(rows):
        if row.vector is not None:
            vectors[position] = row.vector
    columns = {
        "path": arrow.array([as_unicode(listed.path) for listed in pictures], arrow.string()),
        "label": arrow.array([as_unicode(listed.label) for listed in pictures], arrow.string()),
        "sha256": arrow.array([row.sha256 for row in rows], arrow.string()),
        "reason": arrow.array([row.reason for row in rows], arrow.string()),
        "vector": arrow.FixedSizeListArray.from_arrays(
            arrow.array(vectors.ravel()), dimension, mask=arrow.array(missing)
        ),
    }
    metadata = {
        "headstart": "shard",
        "version": __version__,
        "fingerprint": extractor.fingerprint,
        "extractor": extractor.facts,
        "key": key,
        "digest": _digest(columns["path"].to_pylist(), rows, vectors),
    }
    stream = io.BytesIO()
    # Vectors neither repeat nor can be compressed.
    parquet.write_table(
        arrow.table(columns).replace_schema_metadata(metadata), stream, compression="none", use_dictionary=False
    )
    return stream.getvalue()


def decoded_shard(
    content: bytes, key: str, pictures: Sequence[Listed], extractor: Extractor, dimension: int
) -> tuple[Row, ...]:
    """Return the rows of a shard, the parameters as in `encoded_shard`.

    Raises
    ------
    DamagedShardError
        If the file isn't this chunk's shard, whole and unaltered.
    """
    arrow, parquet = checked_pyarrow()
    try:
        table = parquet.read_table(arrow.BufferReader(content))
        kinds = dict(zip(table.column_names, table.schema.types, strict=True))
        metadata = {name.decode(): value.decode() for name, value in (table.schema.metadata or {}).items()}
        paths, digests, reasons = (table[name].to_pylist() for name in ("path", "sha256", "reason"))
        column = table["vector"].combine_chunks()
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        values = column.flatten().to_numpy(zero_copy_only=False)
    except (arrow.ArrowException, KeyError, ValueError, TypeError, OSError) as error:
        raise DamagedShardError(f"no whole Parquet file ({' '.join(str(error).split())[:100]})") from error
    named = {"headstart": "shard", "key": key, "fingerprint": extractor.fingerprint}
    if any(metadata.get(name) != value for name, value in named.items()):
        raise DamagedShardError("of other pictures or another network")
    if None in digests or paths != [as_unicode(listed.path) for listed in pictures]:
        raise DamagedShardError(f"{len(paths)} pictures instead of {len(pictures)}, or others")
    number = arrow.from_numpy_dtype(np.dtype(extractor.dtype))
    wanted = dict.fromkeys(("path", "label", "sha256", "reason"), arrow.string())
    if kinds != wanted | {"vector": arrow.list_(number, dimension)}:
        raise DamagedShardError("columns of another kind")
    vectors = np.zeros((len(paths), dimension), extractor.dtype)
    vectors[valid] = values.reshape(-1, dimension)
    rows = tuple(
        Row(sha256, vector if is_there else None, reason)
        for sha256, vector, is_there, reason in zip(digests, vectors, valid, reasons, strict=True)
    )
    if metadata.get("digest") != _digest(paths, rows, vectors):
        raise DamagedShardError("altered")
    if not np.isfinite(vectors).all():
        raise DamagedShardError("numbers that aren't finite")
    return rows


def rows_of_shard(content: bytes, key: str, extractor: Extractor, dimension: int) -> tuple[Row, ...]:
    """Return the rows of a shard whose pictures nobody here has listed; as `decoded_shard`, which compares the rest."""
    arrow, parquet = checked_pyarrow()
    try:
        paths = parquet.read_table(arrow.BufferReader(content), columns=["path"])["path"].to_pylist()
    except (arrow.ArrowException, KeyError, ValueError, TypeError, OSError) as error:
        raise DamagedShardError(f"no whole Parquet file ({' '.join(str(error).split())[:100]})") from error
    pictures = [Listed(str(path), "") for path in paths]
    return decoded_shard(content, key, pictures, extractor, dimension)


def checked_pyarrow() -> Any:  # noqa: ANN401 - modules
    """Return pyarrow and its Parquet module; raise `MissingError` if it isn't installed."""
    return required_pyarrow("--on ray needs pyarrow: pip install 'headstart[cluster]'.")


def _digest(paths: Sequence[str], rows: Sequence[Row], vectors: NDArray[Any]) -> str:
    facts = [[path, row.sha256, row.reason, row.vector is not None] for path, row in zip(paths, rows, strict=True)]
    digest = hashlib.sha256(json.dumps(facts).encode())
    digest.update(np.ascontiguousarray(vectors, vectors.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
