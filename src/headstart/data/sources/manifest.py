"""A manifest: a CSV or JSONL file that names pictures and their labels, wherever the pictures are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.data.records import Listing, Skipped
from headstart.data.sources.manifest_rows import rows_of
from headstart.data.sources.table import Found, Place, Row, listing_of
from headstart.errors import UserError, first_three
from headstart.progress import Listener

SUFFIXES = (".csv", ".tsv", ".jsonl")


def accepts(data: Path) -> bool:
    """Return whether ``data`` is a file that is named like a manifest."""
    return data.name.lower().endswith(SUFFIXES) and data.is_file()


@contextmanager
def opened(data: Path, listen: Listener) -> Iterator[Listing]:
    """Yield the pictures that the manifest ``data`` names by paths relative to its folder."""
    yield listing_of_manifest(data, str(data), on_disk(data.parent))


def listing_of_manifest(file: Path, name: str, place: Place) -> Listing:
    """Return the pictures that the manifest in ``file``, which is called ``name``, names in ``place``.

    Raises
    ------
    UserError
        If the manifest can't be read to its end, lacks a column, or none of the files that it names exists.
    """
    listing = listing_of(place, name, rows_of(file, name))
    missing = [s.path for s in listing.skipped if s.reason == "missing-file"]
    if missing and not listing.pictures:
        raise UserError(
            f"{name}: none of the {len(missing)} files that it names exists ({first_three(missing)}); paths are "
            "relative to the folder that the manifest lies in."
        )
    return listing


def has_columns(file: Path, name: str) -> bool:
    """Return whether ``file``, which is called ``name``, is a manifest: a table with columns for path and label."""
    try:
        return name.lower().endswith(SUFFIXES) and next(rows_of(file, name), None) is not None
    except UserError:
        return False


def on_disk(folder: Path) -> Place:
    """Return the place of the pictures that a manifest in ``folder`` names, wherever on this machine they are."""
    here = os.path.abspath(folder)  # noqa: PTH100 - links stay links

    def find(row: Row) -> Found | Skipped:
        found = _found(here, row.path)
        if isinstance(found, Skipped) and "\\" in row.path:  # written on Windows?
            other = _found(here, row.path.replace("\\", "/"))
            return other if isinstance(other, Found) else found
        return found

    return Place(folder, find, lambda path: _shown(here, path))


def _found(folder: str, path: str) -> Found | Skipped:
    shown = _shown(folder, path)
    try:
        mode = os.stat(os.path.join(folder, path)).st_mode  # noqa: PTH116, PTH118 - there may be many rows
    except PermissionError:
        return Skipped(shown, "unreadable")
    except (OSError, ValueError):  # ValueError: no file can have such a name
        return Skipped(shown, "missing-file")
    if not stat.S_ISREG(mode):
        return Skipped(shown, "not-a-file")
    # Opened by the path as it was written: shortened, ".." after a link would lead elsewhere.
    return Found(shown, None if path == shown else path)


def _shown(folder: str, path: str) -> str:
    """Return ``path`` relative to ``folder``, so that no document names the folders of this machine."""
    if os.path.isabs(path):  # noqa: PTH117
        try:
            path = os.path.relpath(path, folder)
        except ValueError:  # on another drive, or no path at all
            path = os.path.basename(path)  # noqa: PTH119
    return os.path.normpath(path).replace(os.sep, "/")
