"""The rows of a manifest, as CSV or JSONL has them: read line by line, and refused by the number of the line."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from headstart.data.sources.table import Row
from headstart.errors import UserError, nearest

REQUIRED = ("path", "label")
OPTIONAL = ("split", "group")
DELIMITERS = ",;\t"

MOST_BYTES_OF_A_LINE = 1_000_000
"""What isn't text has no line ends; it must not be read into memory as one line."""


def rows_of(file: Path, name: str) -> Iterator[Row]:
    """Yield the rows of a manifest, JSONL if its ``name`` says so and CSV else.

    Raises
    ------
    UserError
        If a column is missing, or at the first line that can't be read.
    """
    read = _json_rows if name.lower().endswith(".jsonl") else _csv_rows
    with file.open("rb") as stream:
        yield from read(_lines(stream, name), name)


def _lines(stream: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(MOST_BYTES_OF_A_LINE + 1):
        number += 1
        if len(line) > MOST_BYTES_OF_A_LINE:
            raise UserError(f"{name}: line {number} is longer than a manifest's line can be; is it another file?")
        try:
            # A byte order mark, which Excel writes, would else be part of the first column's name.
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise UserError(f"{name}: line {number} is not UTF-8; save the file as UTF-8.") from None


def _csv_rows(lines: Iterator[str], name: str) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    line = 0
    try:
        delimiter, columns = _header(next(lines, ""))
        _check_columns(columns, REQUIRED, name)
        where = {column: columns.index(column) for column in (*REQUIRED, *OPTIONAL) if column in columns}
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for fields in reader:
            line = 1 + reader.line_num
            if not fields:
                continue
            if len(fields) != len(columns):
                raise UserError(
                    f"{name}: line {line} has {len(fields)} fields, but the header has {len(columns)}; put fields "
                    "with a delimiter in quotes."
                )
            yield _row(line, {column: fields[position] for column, position in where.items()}, name)
    except csv.Error as error:
        raise UserError(f"{name}: line {1 + reader.line_num} is not CSV ({error}); look for a lone quote.") from None


def _header(line: str) -> tuple[str, list[str]]:
    """Return the delimiter by which the header line has the required columns, or else the most, and the columns."""
    found = {}
    for delimiter in DELIMITERS:
        fields = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        found[delimiter] = [field.strip() for field in fields]
    best = max(DELIMITERS, key=lambda d: (set(REQUIRED) <= set(found[d]), len(found[d])))
    return best, found[best]


def _json_rows(lines: Iterator[str], name: str) -> Iterator[Row]:
    required: tuple[str, ...] = REQUIRED
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{name}: line {number} is not JSON ({error}); write one object a line.") from None
        if not isinstance(fields, dict):
            raise UserError(f"{name}: line {number} is no JSON object; write one object a line.")
        _check_columns(list(fields), required, f"{name}: line {number}")
        required = REQUIRED[:1]  # after the first line a missing label is a row without one
        texts = {
            column: _text(fields.get(column), f"{name}: line {number}: {column}") for column in (*REQUIRED, *OPTIONAL)
        }
        yield _row(number, texts, name)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")


def _text(value: Any, where: str) -> str:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            # Bytes of a file name that are no UTF-8 are surrogates in Python; other surrogates are no text at all.
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise UserError(f"{where} is no valid Unicode; write it as text.") from None
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(value)
    raise UserError(f"{where} is neither text nor a number; write it as text.")


def _row(line: int, texts: dict[str, str], name: str) -> Row:
    if not texts["path"].strip():
        raise UserError(f"{name}: line {line} names no path; fill it in or leave the line out.")
    return Row(f"line {line}", texts["path"], texts["label"], texts.get("split", ""), texts.get("group", ""))


def _check_columns(columns: Collection[str], required: Collection[str], where: str) -> None:
    missing = [column for column in required if column not in columns]
    if missing:
        found = f"it has {', '.join(columns)}" if any(columns) else "it is empty"
        raise UserError(
            f"{where} has no column {missing[0]}; {found}. A manifest needs {' and '.join(REQUIRED)} and may have "
            f"{' and '.join(OPTIONAL)}.{nearest(missing[0], columns)}"
        )
    twice = [column for column in (*REQUIRED, *OPTIONAL) if list(columns).count(column) > 1]
    if twice:
        raise UserError(f"{where} has the column {twice[0]} twice; keep one.")
