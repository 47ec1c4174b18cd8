"""What came of pictures as rows of a file: CSV or JSON lines, written, and read back as far as they are whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from headstart.documents import as_unicode

Document = dict[str, Any]
"""``path`` and ``class``, ``probability``, ``top`` or ``error`` of a picture, as plain JSON values."""


@dataclass(frozen=True)
class Written:
    """A whole row that is in a file: the picture's ``path``, why there is no answer, and where the row ends."""

    path: str
    error: str | None
    end: int


class Form(Protocol):
    """A form of rows; ``top`` is how many classes each names at most."""

    def __init__(self, top: int) -> None: ...

    def header(self) -> bytes:
        """Return what stands before the first row."""

    def lines(self, documents: Iterable[Document]) -> bytes:
        """Return rows."""

    def read(self, stream: io.BufferedReader) -> Iterator[Written]:
        """Yield the rows that are whole; the last may have been half written.

        Raises
        ------
        ValueError
            If something else is there.
        """


class CsvForm:
    """A row per picture, under the names of the columns. Everything is data: a name that begins with = is that name."""

    def __init__(self, top: int) -> None:
        further = [name for number in range(2, top + 1) for name in (f"class_{number}", f"probability_{number}")]
        self.columns = ["path", "class", "probability", *further, "error"]

    def header(self) -> bytes:
        """Return the names of the columns; see `Form`."""
        return _csv([self.columns])

    def lines(self, documents: Iterable[Document]) -> bytes:
        """Return rows; see `Form`."""
        return _csv(map(self._cells, documents))

    def _cells(self, document: Document) -> list[str | float]:
        named = [cell for each in document.get("top", ()) for cell in (each["class"], each["probability"])]
        empty = [""] * (len(self.columns) - 2 - len(named))
        return [document["path"], *named, *empty, document.get("error", "")]

    def read(self, stream: io.BufferedReader) -> Iterator[Written]:
        """Yield the whole rows; see `Form`."""
        end, line = 0, b""

        def lines() -> Iterator[str]:
            nonlocal end, line
            for line in stream:
                end += len(line)
                yield line.decode("utf-8", "surrogateescape")

        rows = csv.reader(lines(), strict=True)
        has_header = False
        while (row := _following(rows)) is not None:
            if len(row) != len(self.columns) or not line.endswith(b"\r\n"):
                if stream.peek(1):
                    raise ValueError("no row of predict's")
                return  # half written
            if has_header:
                yield Written(row[0], row[-1] or None, end)
            elif row != self.columns:
                raise ValueError("not the columns of predict's rows")
            has_header = True


class JsonForm:
    """A JSON document per picture and line."""

    def __init__(self, top: int) -> None:
        pass  # a document says itself how many classes it names

    def header(self) -> bytes:
        """Return nothing; see `Form`."""
        return b""

    def lines(self, documents: Iterable[Document]) -> bytes:
        """Return rows; see `Form`."""
        texts = (as_unicode(json.dumps(each, ensure_ascii=False, allow_nan=False)) for each in documents)
        return "".join(f"{text}\n" for text in texts).encode()

    def read(self, stream: io.BufferedReader) -> Iterator[Written]:
        """Yield the whole rows; see `Form`."""
        end = 0
        for line in stream:
            end += len(line)
            if not line.endswith(b"\n"):
                return
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("path"), str):
                raise ValueError("no row of predict's")  # noqa: TRY004 - it's the file that is wrong
            yield Written(row["path"], row.get("error"), end)


FORMS: dict[str, type[Form]] = {"csv": CsvForm, "jsonl": JsonForm}
"""The forms of rows by name, which is how files of them end, too."""


def _following(rows: Iterator[list[str]]) -> list[str] | None:
    """Return the next row; an empty one where there is none but not the end."""
    try:
        return next(rows, None)
    except csv.Error:
        return []


def _csv(rows: Iterable[Sequence[str | float]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    # A name that is no Unicode is written as the bytes it has, as in the other CSV files.
    return text.getvalue().encode("utf-8", "surrogateescape")
