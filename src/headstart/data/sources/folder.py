"""A folder on disk: what lies in it by virtual path, whatever links and odd files it holds. No file is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.data.records import Listing, Skipped
from headstart.data.sources.layout import Layout, Tree, listing_of, ready_made_parts
from headstart.data.sources.names import is_hidden, natural_key
from headstart.progress import Listener


def accepts(data: Path) -> bool:
    """Return whether ``data`` is a folder."""
    return data.is_dir()


@contextmanager
def opened(data: Path, listen: Listener) -> Iterator[Listing]:
    """Yield the pictures of the class folders in ``data``, or in its train, val and test folders."""
    folders, _, _ = inside(data, "")
    layout = Layout(ready_made_parts(folders, data))
    yield listing_of(data, tree_of(data, layout.class_depth), layout)


def tree_of(root: Path, class_depth: int) -> Tree:
    """Return what lies in ``root``; links are followed, but never twice to one folder within a class.

    Folders at ``class_depth`` are classes: what one holds by links another may hold too. A link to a folder that
    was read, or that lies above, would repeat pictures or never end; it is told and left.
    """
    files: list[str] = []
    folders: list[str] = []
    skipped: list[Skipped] = []
    above: list[tuple[int, int]] = []
    seen: set[tuple[int, int]] = set()
    pending = [""]
    while pending:
        folder = pending.pop()
        depth = folder.count("/") + 1 if folder else 0
        if depth <= class_depth:
            del above[depth:]
            seen = set(above)
        try:
            identity = _identity(root, folder)
            if identity in seen:
                skipped.append(Skipped(folder, "link-loop"))
                continue
            folders.append(folder)
            inner, own, passed_over = inside(root, folder)
        except OSError:
            if not folder:
                raise
            skipped.append(Skipped(folder, "unreadable"))
            continue
        seen.add(identity)
        if depth <= class_depth:
            above.append(identity)
        files += own
        skipped += passed_over
        pending += reversed(inner)
    return Tree(files, folders[1:], skipped)


def inside(root: Path, folder: str) -> tuple[list[str], list[str], list[Skipped]]:
    """Return the virtual paths of the folders and of the files in ``folder``, in natural order, and the skipped."""
    prefix = f"{folder}/" if folder else ""
    folders, files, skipped = [], [], []
    with os.scandir(os.path.join(root, folder)) as entries:  # noqa: PTH118
        for entry in entries:
            path = prefix + entry.name
            if is_hidden(entry.name):
                skipped.append(Skipped(path, "hidden"))
                continue
            try:
                if entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file():
                    files.append(entry.name)
                elif entry.is_symlink() and not os.path.exists(entry.path):  # noqa: PTH110
                    skipped.append(Skipped(path, "broken-link"))
                else:
                    skipped.append(Skipped(path, "not-a-file"))
            except OSError:  # a link in a circle of links, or through a folder that may not be entered
                skipped.append(Skipped(path, "broken-link"))
    skipped.sort(key=lambda s: natural_key(s.path))
    return _sorted(folders, prefix), _sorted(files, prefix), skipped


def _identity(root: Path, folder: str) -> tuple[int, int]:
    status = os.stat(os.path.join(root, folder))  # noqa: PTH116, PTH118 - ten thousands of them
    return status.st_dev, status.st_ino


def _sorted(names: list[str], prefix: str) -> list[str]:
    names.sort(key=natural_key)
    return [prefix + name for name in names]
