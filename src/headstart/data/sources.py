"""From a folder on disk to a `Dataset`."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headstart.data.records import Dataset, PictureRecord, Skipped
from headstart.errors import UserError

PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""Folder names (in lower case) of ready-made parts of a split, and the part each means."""


def read_folder(root: Path, *, fewest_classes: int = 2) -> Dataset:
    """Return the pictures of ``root``: one sub-folder per class, or train/val/test folders of such.

    Every file under a class folder, at any depth, counts as a picture of that class until it proves otherwise
    when it is decoded. Hidden files, files outside a class folder and anything that isn't a regular file are
    skipped with a reason. Classes are sorted by name, numbers in names by value (2 before 10).

    Raises
    ------
    UserError
        If the folder is missing, empty, or holds fewer than ``fewest_classes``.
    """
    folders, skipped = _top(root)
    parts = _ready_made_parts(root, folders)
    found: list[tuple[Path, str, str | None]] = []
    if parts:
        for folder, part in parts.items():
            classes, outside = _top(root / folder)
            skipped += [Skipped(f"{folder}/{s.path}", s.reason) for s in outside]
            for name in classes:
                found += [(file, name, part) for file in _files(root / folder / name, root, skipped)]
    else:
        for name in folders:
            found += [(file, name, None) for file in _files(root / name, root, skipped)]

    # Hashing releases the interpreter's lock, reading waits for the disk: threads help with both.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        digests = list(pool.map(_sha256_or_reason, (file for file, _, _ in found)))
    records = []
    for (file, label, source), (sha256, reason) in zip(found, digests, strict=True):
        path = file.relative_to(root).as_posix()
        if sha256 is None:
            skipped.append(Skipped(path, reason))
        else:
            records.append(PictureRecord(path, unicodedata.normalize("NFC", label), sha256, source))
    dataset = Dataset(root, _classes(records), tuple(records), tuple(skipped))
    _check_classes(dataset, folders, fewest_classes)
    return dataset


def natural_key(name: str) -> tuple[tuple[tuple[int, int | str], ...], str]:
    """Return a sort key by which "2" comes before "10", and "01" and "1" never tie."""
    return tuple((0, int(p)) if p.isdecimal() else (1, p) for p in re.split(r"(\d+)", name) if p), name


def _classes(records: list[PictureRecord]) -> tuple[str, ...]:
    return tuple(sorted({r.label for r in records}, key=natural_key))


def _check_classes(dataset: Dataset, folders: list[str], fewest: int) -> None:
    root = dataset.root
    if not dataset.records:
        raise UserError(f"{root} holds no pictures; it needs one sub-folder of pictures per class.")
    if len(dataset.classes) < fewest:
        inner = [f for f in (root / folders[0]).iterdir() if f.is_dir()] if len(folders) == 1 else []
        hint = f" Did you mean {root / folders[0]}?" if len(inner) > 1 else ""
        raise UserError(
            f"{root} holds one class only ({dataset.classes[0]}); a classifier needs at least two sub-folders "
            f"with pictures.{hint}"
        )


def _top(root: Path) -> tuple[list[str], list[Skipped]]:
    """Return the names of the visible sub-folders of ``root``, in natural order, and the files beside them."""
    if not root.exists():
        raise UserError(f"{root} doesn't exist; name a folder with one sub-folder of pictures per class.")
    if not root.is_dir():
        raise UserError(f"{root} is not a folder; name a folder with one sub-folder of pictures per class.")
    folders, skipped = [], []
    for entry in sorted(os.scandir(root), key=lambda e: natural_key(e.name)):
        if entry.name.startswith((".", "__MACOSX")):
            skipped.append(Skipped(entry.name, "hidden"))
        elif (root / entry.name).is_dir():
            folders.append(entry.name)
        else:
            skipped.append(Skipped(entry.name, "outside-class-folders"))
    return folders, skipped


def _ready_made_parts(root: Path, folders: list[str]) -> dict[str, str]:
    """Return which folder is which part, or nothing where the folders are classes."""
    parts = {name: PARTS.get(name.casefold()) for name in folders}
    known = {name: part for name, part in parts.items() if part}
    if len(known) < len(folders) or "train" not in known.values() or len(known) < 2:
        return {}
    if len(set(known.values())) < len(known):
        raise UserError(f"{root} has several folders for one part ({', '.join(known)}); keep one of each.")
    return known


def _files(folder: Path, root: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """Yield the regular files under ``folder`` in natural order; loops of symbolic links are told and left."""
    seen: set[tuple[int, int]] = set()

    def walk(here: Path) -> Iterator[Path]:
        status = here.stat()
        if (status.st_dev, status.st_ino) in seen or here.resolve() == root.resolve():
            skipped.append(Skipped(here.relative_to(root).as_posix(), "link-loop"))
            return
        seen.add((status.st_dev, status.st_ino))
        try:
            entries = sorted(os.scandir(here), key=lambda e: natural_key(e.name))
        except OSError:
            skipped.append(Skipped(here.relative_to(root).as_posix(), "unreadable"))
            return
        for entry in entries:
            path = here / entry.name
            name = path.relative_to(root).as_posix()
            try:
                mode = path.stat().st_mode
            except OSError:
                skipped.append(Skipped(name, "broken-link" if path.is_symlink() else "unreadable"))
                continue
            if entry.name.startswith((".", "__MACOSX")):
                skipped.append(Skipped(name, "hidden"))
            elif stat.S_ISDIR(mode):
                yield from walk(path)
            elif stat.S_ISREG(mode):
                yield path
            else:
                skipped.append(Skipped(name, "not-a-file"))

    yield from walk(folder)


def _sha256_or_reason(file: Path) -> tuple[str | None, str]:
    try:
        with file.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                return None, "empty-file"
            return hashlib.file_digest(stream, "sha256").hexdigest(), ""
    except OSError:
        return None, "unreadable"
