"""Parquet files as Hugging Face writes them: pictures and labels in columns, the classes' names in the metadata."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.data.records import Listing, Skipped
from headstart.data.sources.folder import inside
from headstart.data.sources.members import leads_out
from headstart.data.sources.names import part_named, path_key
from headstart.data.sources.table import Found, Place, Row, listing_of
from headstart.data.sources.unpacked import Unpacked
from headstart.errors import MissingError, UserError
from headstart.folders import scratch_folder
from headstart.progress import Entered, Listener, Said

SUFFIX = ".parquet"

ROWS_AT_ONCE = 64
"""So many pictures are in memory at a time."""


def accepts(data: Path) -> bool:
    """Return whether ``data`` is a Parquet file, by content or name, or a folder of them and nothing else."""
    if data.is_dir():
        return bool(_shards_on_disk(data))
    return data.is_file() and (data.name.lower().endswith(SUFFIX) or _begins_as_parquet(data))


@contextmanager
def opened(data: Path, listen: Listener) -> Iterator[Listing]:
    """Yield the pictures in a Parquet file, or in the Parquet files of a folder; they are unpacked one by one."""
    listen(Entered(f"unpacking {data.name}"))
    files = {shard: data / shard for shard in _shards_on_disk(data)} if data.is_dir() else {"": data}
    with opened_shards(data, files, listen) as listing:
        yield listing


def shards(folders: Collection[str], files: Iterable[str]) -> list[str]:
    """Return the Parquet files at the top or in ``data/``; none where another folder is, which may be a class."""
    if set(folders) - {"data"}:
        return []
    return sorted((f for f in files if re.fullmatch(r"(data/)?[^/]+\.parquet", f, re.IGNORECASE)), key=path_key)


@contextmanager
def opened_shards(data: Path, files: Mapping[str, Path], listen: Listener) -> Iterator[Listing]:
    """Yield the pictures in the Parquet files that together are ``data``.

    The paths of pictures begin with the path of their file without its suffix, and their part is the one with which
    its name begins (``train-00000-of-00001.parquet``), if they don't name one themselves.

    Parameters
    ----------
    data
        What the user named.
    files
        Where each file is, by its path in ``data``; a single file's path is empty.

    Raises
    ------
    MissingError
        If pyarrow isn't installed.
    UserError
        If a file can't be read to its end, or it isn't plain which columns hold pictures and labels.
    """
    required_pyarrow(f"{data} needs pyarrow: pip install 'headstart[parquet]'")
    all_columns = {}
    for path, file in files.items():
        name = f"{data}: {path}" if path else str(data)
        with _damage_told(name):
            all_columns[path] = _columns(file, name, listen)
    with scratch_folder() as folder:
        unpacked = Unpacked(folder, data, sum(file.stat().st_size for file in files.values()))

        def find(row: Row) -> Found | Skipped:
            if row.content is None:
                return Skipped(row.path, "missing-file")
            return Found(row.path, unpacked.add(row.path, (row.content,)))

        rows = (row for path, columns in all_columns.items() for row in _rows(files[path], path, columns))
        declared = [name for columns in all_columns.values() for name in columns.class_names]
        listing = listing_of(Place(folder, find), str(data), rows, declared)
        if not listing.pictures and any(s.reason == "missing-file" for s in listing.skipped):
            raise UserError(f"{data} holds paths of pictures, but not their bytes; embed them, or use a manifest.")
        yield listing


@dataclass(frozen=True)
class _Columns:
    """Which columns say what; ``class_names`` are empty where labels are their own names."""

    name: str
    picture: str
    with_paths: bool
    label: str
    split: str | None
    group: str | None
    class_names: Sequence[str]


def _columns(file: Path, name: str, listen: Listener) -> _Columns:
    from pyarrow import parquet, types

    schema = parquet.read_schema(file)
    if len(set(schema.names)) < len(schema.names):
        raise UserError(f"{name} has two columns of one name; rename one.")

    def holds_bytes(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
        return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))

    def holds_picture(kind: Any) -> bool:  # noqa: ANN401
        inner = kind.get_field_index("bytes") if types.is_struct(kind) else -1
        return holds_bytes(kind.field(inner).type) if inner >= 0 else holds_bytes(kind)

    def holds_label(kind: Any) -> bool:  # noqa: ANN401
        kind = kind.value_type if types.is_dictionary(kind) else kind
        return bool(types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind))

    kinds = {field.name: field.type for field in schema}
    picture = _chosen(kinds, [c for c in kinds if holds_picture(kinds[c])], ("image", "img"), "pictures", name)
    split, group = ("split" if "split" in kinds else None), ("group" if "group" in kinds else None)
    candidates = [c for c in kinds if holds_label(kinds[c]) and c not in (split, group)]
    named = [c for c in candidates if _class_names(schema, c)]
    label = _chosen(kinds, named if len(named) == 1 else candidates, ("label",), "labels", name)
    if label != "label":
        listen(Said(f"{name} has no column label; its labels are taken from the column {label}."))
    with_paths = types.is_struct(kinds[picture]) and kinds[picture].get_field_index("path") >= 0
    return _Columns(name, picture, with_paths, label, split, group, _class_names(schema, label))


def _chosen(columns: Collection[str], candidates: Sequence[str], usual: Sequence[str], what: str, name: str) -> str:
    """Return the candidate with the usual name, or the only one."""
    for column in usual:
        if column in candidates:
            return column
        if column in columns:
            raise UserError(f"{name}: its column {column} is of a type that can't hold {what}; convert or rename it.")
    if len(candidates) == 1:
        return candidates[0]
    found = f"several columns that may hold {what}" if candidates else f"no column that holds {what}"
    listed = ", ".join(candidates or columns)
    raise UserError(f"{name} has {found} ({listed}); call the right one {usual[0]}.")


def _class_names(schema: Any, column: str) -> list[str]:  # noqa: ANN401
    """Return the classes' names, by number, where Hugging Face wrote down that ``column`` holds classes."""
    try:
        feature = json.loads(schema.metadata[b"huggingface"])["info"]["features"][column]
        return [str(name) for name in feature["names"]] if feature["_type"] == "ClassLabel" else []
    except (LookupError, TypeError, ValueError, RecursionError):
        return []


def _rows(file: Path, path: str, columns: _Columns) -> Iterator[Row]:
    from pyarrow import parquet

    stem = path[: -len(SUFFIX)]
    prefix = f"{stem}/" if path else ""
    beginning = re.split(r"[-_.]", stem.rpartition("/")[2])[0]
    part = beginning if part_named(beginning) else ""
    wanted = [c for c in (columns.picture, columns.label, columns.split, columns.group) if c]
    # Without these two, pyarrow reads a whole row group, often the whole file, before it gives the first row.
    with (
        _damage_told(columns.name),
        parquet.ParquetFile(file, pre_buffer=False, buffer_size=2**20) as table,
    ):
        usable = _usable_paths(table, columns.picture) if columns.with_paths else frozenset()
        number = 0
        for batch in table.iter_batches(ROWS_AT_ONCE, columns=wanted, use_threads=False):
            for values in batch.to_pylist():
                where = f"{path} row {number}".lstrip()
                picture = values[columns.picture]
                given = picture.get("path") if isinstance(picture, dict) else None
                yield Row(
                    where,
                    prefix + (given if given in usable else f"row-{number:06}"),
                    _label(values[columns.label], columns, where),
                    _text(values.get(columns.split)) or part,
                    _text(values.get(columns.group)),
                    picture["bytes"] if isinstance(picture, dict) else picture,
                )
                number += 1


def _usable_paths(table: Any, picture: str) -> frozenset[str]:  # noqa: ANN401
    """Return the paths in the column of pictures that name one picture each, and nothing of another machine."""
    batches = table.iter_batches(columns=[f"{picture}.path"], use_threads=False)
    counts = Counter(p["path"] for batch in batches for p in batch.column(0).to_pylist() if p and p["path"])
    made_up = re.compile(r"row-\d+")
    return frozenset(p for p, n in counts.items() if n == 1 and not leads_out(p) and not made_up.fullmatch(p))


def _label(value: int | str | None, columns: _Columns, where: str) -> str:
    if isinstance(value, str) or value is None:
        return value or ""
    if value == -1:  # how Hugging Face says that there is no label
        return ""
    if not columns.class_names:
        return str(value)
    if not 0 <= value < len(columns.class_names):
        raise UserError(
            f"{columns.name}: the label in {where} is {value}, but the metadata name only "
            f"{len(columns.class_names)} classes; correct one of them."
        )
    return columns.class_names[value]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _shards_on_disk(data: Path) -> list[str]:
    folders, files, _ = inside(data, "")
    if folders == ["data"]:
        inner_folders, inner_files, _ = inside(data, "data")
        folders, files = folders + inner_folders, files + inner_files
    return shards(folders, files)


def _begins_as_parquet(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def required_pyarrow(sentence: str) -> Any:  # noqa: ANN401 - modules
    """Return pyarrow and its Parquet module; raise `MissingError` with ``sentence`` if it isn't installed."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingError(sentence) from None
    return pyarrow, pyarrow.parquet


@contextmanager
def _damage_told(name: str) -> Iterator[None]:
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, ValueError) as error:
        raise UserError(f"{name} is no Parquet file, or a damaged one ({error}); make or fetch it again.") from error
    except OSError as error:
        if error.errno is not None:  # the disk's, not the file's
            raise
        raise UserError(f"{name} is no Parquet file, or a damaged one ({error}); make or fetch it again.") from error
