"""Vectors kept for as long as the cache is: a picture goes through a frozen network once, ever.

One SQLite file, ``features/store.sqlite3`` in the cache. A vector is found by the SHA-256 of its picture's content and
the fingerprint of what made it, never by a file's name. Several processes may read and write at once, and any of them
may be killed: what was put is there or not, never in part.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import time
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import MissingError, UserError
from headstart.features.extractor import Extractor, fingerprint_of

FOLDER, FILE = "features", "store.sqlite3"

_SQLITE = b"SQLite format 3\0"  # how every SQLite file begins
_APPLICATION_ID = 0x48535446  # "HSTF": tells our file from any other SQLite file
_VERSION = 2
_SECONDS_TO_WAIT = 60.0  # for another process' small transaction
_DAY = 24 * 60 * 60
_PAGE_BYTES = 32768  # six vectors of 1,280 floats a page
_REMOVED_AT_ONCE = 1000  # vectors, and pages too: a large file is pruned in many transactions
_MOST = 2**63 - 1  # that SQLite can count to
_SHARED_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse.", "9p", "lustre", "gluster", "ceph", "afs", "gpfs", "beegfs")

_OF_THE_MACHINE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
)
"""SQLite's codes for what isn't wrong with the file itself."""

_TABLES = (
    "CREATE TABLE extractors (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, "
    "row_bytes INTEGER NOT NULL)",
    # Small rows apart from the vectors: noting the day of use must not write the vectors anew.
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, extractor INTEGER NOT NULL REFERENCES extractors, "
    "sha256 BLOB NOT NULL, used INTEGER NOT NULL, UNIQUE (extractor, sha256))",
    "CREATE TABLE vectors (id INTEGER PRIMARY KEY REFERENCES entries, checksum INTEGER NOT NULL, vector BLOB NOT NULL)",
)

_UNUSED_LONGEST = (
    "SELECT id FROM (SELECT e.id AS id, sum(x.row_bytes) OVER (ORDER BY e.used DESC, e.id DESC) AS total "
    "FROM entries e JOIN extractors x ON x.id = e.extractor) WHERE total > ?"
)

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Held:
    """What the store holds of one extractor, and the day when it was used last."""

    facts: dict[str, Any]
    vectors: int
    bytes: int
    used: date


class FeatureStore:
    """An open store; see `opened_store`."""

    def __init__(self, database: sqlite3.Connection, file: Path) -> None:
        self._database = database
        self._file = file

    def load(self, extractor: Extractor, contents: Collection[str]) -> dict[str, Vector]:
        """Return the vectors that are there by content, ``(dimension,)`` of the extractor's ``dtype``.

        Parameters
        ----------
        extractor
            What made them.
        contents
            SHA-256 digests of different pictures, in hexadecimal.

        Raises
        ------
        UserError
            If the file is damaged.
        """
        fingerprint = extractor.fingerprint
        found: dict[str, Vector] = {}
        dtype = np.dtype(extractor.dtype)
        is_old = False
        with _refusals(self._file):
            self._want(contents)
            rows = self._database.execute(
                # A cross join: the work must depend on what is asked for, not on what is there.
                "SELECT lower(hex(w.sha256)), e.used < ?, v.checksum, v.vector FROM wanted w CROSS JOIN entries e "
                "ON e.extractor = (SELECT id FROM extractors WHERE fingerprint = ?) AND e.sha256 = w.sha256 "
                "CROSS JOIN vectors v ON v.id = e.id",
                (_today(), fingerprint),
            )
            for content, was_old, checksum, vector in rows:
                if not _is_whole(fingerprint, content, checksum, vector):
                    raise sqlite3.DatabaseError(f"the vector of picture {content[:12]}… is altered")
                found[content] = np.frombuffer(vector, dtype.newbyteorder("<")).astype(dtype, copy=False)
                is_old |= bool(was_old)
            if is_old:  # most days that is so once
                self._note_use(fingerprint)
        return found

    def _want(self, contents: Collection[str]) -> None:
        """Write down, in memory, which contents are asked for."""
        with self._database:
            self._database.execute("BEGIN")
            self._database.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (sha256 BLOB PRIMARY KEY)")
            self._database.execute("DELETE FROM wanted")
            self._database.executemany(
                "INSERT INTO wanted VALUES (?)", ((bytes.fromhex(content),) for content in contents)
            )

    def _note_use(self, fingerprint: str) -> None:
        """Note that the wanted entries were used today."""
        # Neither a full disk nor another process may keep one from what is there; pruning is a guess at best.
        with suppress(sqlite3.OperationalError):
            self._database.execute(
                "UPDATE entries SET used = ? WHERE used < ? AND sha256 IN (SELECT sha256 FROM wanted) "
                "AND extractor = (SELECT id FROM extractors WHERE fingerprint = ?)",
                (_today(), _today(), fingerprint),
            )

    def known(self, extractor: Extractor, contents: Collection[str]) -> set[str]:
        """Return those of the ``contents`` whose vectors are there.

        Raises
        ------
        UserError
            If the file is damaged.
        """
        with _refusals(self._file):
            self._want(contents)
            rows = self._database.execute(
                "SELECT lower(hex(w.sha256)) FROM wanted w CROSS JOIN entries e ON e.sha256 = w.sha256 AND "
                "e.extractor = (SELECT id FROM extractors WHERE fingerprint = ?)",
                (extractor.fingerprint,),
            )
            return {content for (content,) in rows}

    def put(self, extractor: Extractor, rows: Mapping[str, Vector]) -> None:
        """Keep ``rows``, from content to ``(dimension,)`` vector, in one transaction; the first one stays.

        They are kept as the extractor's ``dtype`` says.

        Raises
        ------
        MissingError
            If the disk is full, or another process holds the file too long.
        """
        if not rows:
            return
        fingerprint, today = extractor.fingerprint, _today()
        kept_as = np.dtype(extractor.dtype).newbyteorder("<")
        row_bytes = len(next(iter(rows.values()))) * kept_as.itemsize
        with _refusals(self._file), self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(
                "INSERT OR IGNORE INTO extractors (fingerprint, facts, row_bytes) VALUES (?, ?, ?)",
                (fingerprint, extractor.facts, row_bytes),
            )
            (number,) = self._database.execute(
                "SELECT id FROM extractors WHERE fingerprint = ?", (fingerprint,)
            ).fetchone()
            for content, row in rows.items():
                added = self._database.execute(
                    "INSERT OR IGNORE INTO entries (extractor, sha256, used) VALUES (?, ?, ?)",
                    (number, bytes.fromhex(content), today),
                )
                if added.rowcount:
                    vector = np.ascontiguousarray(row, kept_as).tobytes()
                    self._database.execute(
                        "INSERT INTO vectors VALUES (?, ?, ?)",
                        (added.lastrowid, _checksum(fingerprint, content, vector), vector),
                    )

    def held(self) -> list[Held]:
        """Return what the store holds, an entry for each extractor, the last used first.

        Raises
        ------
        UserError
            If the file is damaged.
        """
        with _refusals(self._file):
            rows = self._database.execute(
                "SELECT x.fingerprint, CAST(x.facts AS TEXT), count(*), count(*) * x.row_bytes, max(e.used) "
                "FROM extractors x JOIN entries e ON e.extractor = x.id GROUP BY x.id ORDER BY max(e.used) DESC, x.id"
            )
            return [_held(*row) for row in rows]

    def damaged(self) -> int:
        """Return how many vectors aren't what was put.

        Raises
        ------
        UserError
            If the file itself is damaged.
        """
        with _refusals(self._file):
            (verdict,) = self._database.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(" ".join(verdict.split()))
            rows = self._database.execute(
                "SELECT coalesce(x.fingerprint, ''), lower(hex(e.sha256)), v.checksum, v.vector FROM entries e "
                "LEFT JOIN extractors x ON x.id = e.extractor LEFT JOIN vectors v ON v.id = e.id"
            )
            altered = sum(not _is_whole(*row) for row in rows)
            (strays,) = self._database.execute(
                "SELECT count(*) FROM vectors WHERE id NOT IN (SELECT id FROM entries)"
            ).fetchone()
            return altered + int(strays)

    def prune(self, *, unused_days: int | None = None, most_bytes: int | None = None) -> int:
        """Remove vectors not used for ``unused_days``, then those unused longest until ``most_bytes`` are left.

        Returns how many were removed. The file shrinks.

        Raises
        ------
        UserError
            If the file is damaged.
        MissingError
            If the disk is full, or another process holds the file too long.
        """
        removed = 0
        with _refusals(self._file):
            if unused_days is not None:
                first = max(0, _today() - unused_days * _DAY)
                removed += self._remove("SELECT id FROM entries WHERE used < ?", first)
            if most_bytes is not None:
                removed += self._remove(_UNUSED_LONGEST, min(most_bytes, _MOST))
            self._shrink()
        return removed

    def _remove(self, query: str, bound: int) -> int:
        """Remove the entries that ``query`` finds with ``bound``, and return how many."""
        found = self._database.execute(query, (bound,)).fetchall()
        removed = 0
        for start in range(0, len(found), _REMOVED_AT_ONCE):
            some = found[start : start + _REMOVED_AT_ONCE]
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("DELETE FROM vectors WHERE id = ?", some)
                removed += self._database.executemany("DELETE FROM entries WHERE id = ?", some).rowcount
        return removed

    def _shrink(self) -> None:
        """Give back to the disk what isn't needed; VACUUM would need room for a copy of the file."""
        self._database.execute("DELETE FROM extractors WHERE id NOT IN (SELECT extractor FROM entries)")
        (free,) = self._database.execute("PRAGMA freelist_count").fetchone()
        for _ in range(0, free, _REMOVED_AT_ONCE):
            # As a script, which is run to its end: execute() would stop after the first page.
            self._database.executescript(f"PRAGMA incremental_vacuum({_REMOVED_AT_ONCE})")
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def store_file(cache: Path) -> Path:
    """Return where the store in the folder ``cache`` is, if there is one."""
    return cache / FOLDER / FILE


@contextmanager
def opened_store(cache: Path) -> Iterator[FeatureStore]:
    """Yield the store in the folder ``cache``, made if there is none.

    Raises
    ------
    UserError
        If the folder is somebody else's, or the file no store of headstart's, or damaged.
    MissingError
        If nothing can be written there.
    """
    file = store_file(cache)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_owner(file.parent)
        if os.path.lexists(file):
            _check_owner(file)
            _check_ours(file)
    except OSError as error:
        raise MissingError(
            f"{file.parent} can't be used for the feature store ({error.strerror}); name another place with --cache, "
            "or do without with --no-cache."
        ) from error
    with _refusals(file):
        database = sqlite3.connect(file, timeout=_SECONDS_TO_WAIT, isolation_level=None)
    try:
        with _refusals(file):
            _prepare(database, file)
        yield FeatureStore(database, file)
    finally:
        database.close()


@contextmanager
def store_in_memory() -> Iterator[FeatureStore]:
    """Yield an empty store that is gone at the end."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        _make(database)
        yield FeatureStore(database, Path("memory"))


def _check_owner(path: Path) -> None:
    """Raise `UserError` if others could put vectors of theirs there."""
    status = path.lstat()
    is_foreign = hasattr(os, "getuid") and (
        status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )
    if is_foreign or stat.S_ISLNK(status.st_mode):
        raise UserError(
            f"{path} is a link, or belongs to another user, or others may write there: vectors from there can't be "
            "trusted. Name another place with --cache, or do without with --no-cache."
        )


def _check_ours(file: Path) -> None:
    """Raise `UserError` unless the file is a store of this version, or empty; SQLite may change what it opens."""
    header = b""
    if file.is_file():
        with file.open("rb") as stream:
            header = stream.read(100)
        if not header:
            return
    application, version = (int.from_bytes(header[at : at + 4], "big") for at in (68, 60))
    if not header.startswith(_SQLITE) or application != _APPLICATION_ID:
        raise UserError(f"{file} is no feature store; move it away, or name another place with --cache.")
    if version != _VERSION:
        raise UserError(
            f"{file} was written by another version of headstart; name another place with --cache, or delete the "
            f"folder {file.parent}: everything in it can be computed again."
        )


def _prepare(database: sqlite3.Connection, file: Path) -> None:
    """Make the tables in a new file, and set how it is written."""
    database.execute("PRAGMA temp_store = MEMORY")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if not version:
        database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        _make(database)
    # After a crash of the machine the last transactions may be gone, which costs them to be made again. A journal
    # that is written ahead needs memory shared between processes, which network drives don't have.
    journal, synchronous = ("TRUNCATE", "FULL") if _is_on_network(file) else ("WAL", "NORMAL")
    database.execute(f"PRAGMA journal_mode = {journal}")
    database.execute(f"PRAGMA synchronous = {synchronous}")
    if os.name == "posix":
        file.chmod(0o600)


def _make(database: sqlite3.Connection) -> None:
    with database:
        database.execute("BEGIN")
        # It is written at once: outside of the transaction a kill would leave a file that isn't known as ours.
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:  # another process may have been quicker
            for statement in _TABLES:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {_VERSION}")


def _is_on_network(file: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Return whether the file is on a drive of another machine, as far as Linux says so."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    here, kind, longest = file.resolve(), "", 0
    for line in lines:  # of several in one place the last is the one in use
        _, written, its_kind, *_ = line.split(" ")
        place = re.sub(r"\\(\d{3})", lambda escape: chr(int(escape[1], 8)), written)
        if here.is_relative_to(place) and len(place) >= longest:
            kind, longest = its_kind, len(place)
    return kind.startswith(_SHARED_FILE_SYSTEMS)


def _today() -> int:
    """Return when this day began, in seconds since 1970."""
    return int(time.time()) // _DAY * _DAY


def _checksum(fingerprint: str, content: str, vector: bytes) -> int:
    """Return what tells an altered vector, and one that was put for another picture or by another extractor."""
    return zlib.crc32(vector, zlib.crc32(f"{fingerprint} {content}".encode()))


def _is_whole(fingerprint: str, content: str, checksum: object, vector: object) -> bool:
    return isinstance(vector, bytes) and not len(vector) % 2 and _checksum(fingerprint, content, vector) == checksum


def _held(fingerprint: str, facts: str, vectors: int, size: int, used: int) -> Held:
    if fingerprint_of(facts) != fingerprint:
        raise sqlite3.DatabaseError("what is said of an extractor is altered")
    try:
        day = datetime.fromtimestamp(used, UTC).date()
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise sqlite3.DatabaseError("a day of use is altered") from error
    return Held(json.loads(facts), vectors, size, day)


@contextmanager
def _refusals(file: Path) -> Iterator[None]:
    """Turn what SQLite refuses into a sentence."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OF_THE_MACHINE:
            raise MissingError(
                f"{file} can't be used ({error}); free some space or wait for other processes, name another place "
                "with --cache, or do without with --no-cache. Nothing was lost."
            ) from error
        raise UserError(
            f"{file} is damaged ({error}); delete the folder {file.parent}: everything in it can be computed again."
        ) from error
