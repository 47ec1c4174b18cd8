"""A file of rows that grows while pictures are looked at, and is finished by a later run if this one is killed.

While it is unfinished, a small document lies beside it: which model and which options it belongs to. A finished file
has none; it is never written again.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headstart import __version__
from headstart.documents import showable, write_document
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.folders import file_in_place_of
from headstart.jobs.predicting.named import Named
from headstart.jobs.predicting.rows import Document, Form, Written
from headstart.progress import Listener, Said

Identity = dict[str, str | int]
"""What a file's rows were made by."""

_WORDS = {
    "headstart": "another version of headstart",
    "model": "another model",
    "precision": "the model in another precision",
}
"""What it is called that two identities differ in; else it is an option's value."""


class StoppedError(HeadstartError):
    """The user stopped the job, and something is kept of it. Exit code 130."""

    exit_code = 130


def beside(out: Path) -> Path:
    """Return where the document lies that makes ``out`` an unfinished file."""
    return out.with_name(f"{out.name}.headstart.json")


class OutFile:
    """A file that is open for further rows; see `opened`."""

    def __init__(self, out: Path, stream: io.FileIO, form: Form, listen: Listener) -> None:
        self._out, self._stream, self._form, self._listen = out, stream, form, listen

    def left_of(self, bursts: Iterable[Iterable[Named]], keep: Callable[[Written], None]) -> Iterator[Iterator[Named]]:
        """Yield what is left of the pictures: those of which no row is there. Each burst is to be gone through.

        Parameters
        ----------
        bursts
            All pictures, in the order in which they were when the file was begun.
        keep
            Told of each row that is there.

        Raises
        ------
        UserError
            If the rows that are there aren't those of the first pictures.
        """
        written = self._written()
        for burst in bursts:
            yield self._without(burst, written, keep)
        if (row := next(written, None)) is not None:
            raise self._other(row, "no further picture is asked for")

    def append(self, documents: Iterable[Document]) -> None:
        """Write rows to the disk; raise `MissingError` if they can't be."""
        self._put(self._form.lines(documents))

    def _without(
        self, pictures: Iterable[Named], written: Iterator[Written], keep: Callable[[Written], None]
    ) -> Iterator[Named]:
        for picture in pictures:
            row = next(written, None)
            if row is None:
                yield picture
            elif row.path == picture.path:
                keep(row)
            else:
                raise self._other(row, f"the picture in its place is {showable(picture.path)}")

    def _other(self, row: Written, instead: str) -> UserError:
        return UserError(
            f"--out {self._out} has a row of {showable(row.path)}, and {instead}: it was begun with other pictures, or "
            "some came or went since. Name a new file."
        )

    def _written(self) -> Iterator[Written]:
        """Yield the rows that are there, and make the file ready for the next."""
        end = rows = 0
        with self._out.open("rb") as stream:
            try:
                for row in self._form.read(stream):
                    yield row
                    rows, end = rows + 1, row.end
            except ValueError:
                raise UserError(
                    f"--out {self._out} holds something else than rows after byte {end}; name a new file."
                ) from None
        if end < self._stream.seek(0, os.SEEK_END):
            if rows:
                self._listen(Said(f"The last row of {self._out} was half written, and is cut off."))
            self._stream.truncate(end)
        if rows:
            self._listen(Said(f"{rows} rows are in {self._out}; it goes on with the picture after them."))
        else:
            self._put(self._form.header())

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._stream.write(left) :]
        except OSError as error:
            raise MissingError(
                f"--out {self._out} can't be written: {error.strerror or error}. The rows in it are kept; put that "
                "right, and the same command goes on from there."
            ) from error


@contextmanager
def opened(out: Path, form: Form, identity: Identity, listen: Listener) -> Iterator[OutFile]:
    """Yield the file ``out`` for rows that ``identity`` makes: a new one, or an unfinished one of the same.

    At the end it is finished. If the body raises, or the process is killed, it stays unfinished.

    Raises
    ------
    UserError
        If the file is finished or foreign, of another identity, or if another process writes it.
    """
    identity = {"headstart": __version__, **identity}
    out = out.resolve()  # a link stays, and what it leads to is written
    note = beside(out)
    if out.exists():
        _check(out, note, identity)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        with file_in_place_of(note) as partial:
            write_document(identity, partial)
    with out.open("ab", buffering=0) as stream:
        _lock(out, stream)
        yield OutFile(out, stream, form, listen)
        os.fsync(stream.fileno())
    note.unlink()


def _check(out: Path, note: Path, identity: Identity) -> None:
    if not out.is_file() or not note.exists():
        raise UserError(f"--out {out} is there, and isn't what an interrupted predict left; name a new file.")
    theirs = _read(note)
    for name, value in identity.items():
        if theirs.get(name) != value:
            by = _WORDS.get(name, f"--{name} {theirs.get(name)}")
            raise UserError(f"--out {out} was begun with {by}; name a new file, or remove that one to begin anew.")


def _read(note: Path) -> dict[str, Any]:
    try:
        document = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = None
    if not isinstance(document, dict):
        raise UserError(f"{note}, which says what its file belongs to, can't be read; name a new --out.")
    return document


def _lock(out: Path, stream: io.FileIO) -> None:
    """Raise `UserError` if another process writes ``out``."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(f"--out {out} is being written by another process; name another file.") from None
    except OSError:  # a disk of another machine that has no locks
        return
