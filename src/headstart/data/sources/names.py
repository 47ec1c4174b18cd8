"""Names of files, folders and classes: which are hidden, which are parts of a split, and in which order they come."""

from __future__ import annotations

import re
import unicodedata

PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""Names (in lower case) of ready-made parts of a split, and the part each means."""

FIX_REPORT = "headstart-fix.json"
"""The file that headstart itself writes at the top of a cleaned copy: no picture, and nothing to tell of."""

_MOST_DIGITS = 4000
"""Python refuses to make a number of more than 4,300 digits; names in archives and manifests may be that long."""

Key = tuple[tuple[tuple[int, int | str], ...], str]


def natural_key(name: str) -> Key:
    """Return a sort key by which "2" comes before "10", and "01" and "1" never tie."""
    pieces = (piece for piece in re.split(r"(\d+)", name) if piece)
    return tuple((0, int(p)) if p.isdecimal() and len(p) <= _MOST_DIGITS else (1, p) for p in pieces), name


def path_key(path: str) -> tuple[tuple[bool, Key], ...]:
    """Return a sort key for paths with forward slashes: the files of a folder, then its sub-folders, each by name."""
    *folders, name = path.split("/")
    return (*((True, natural_key(folder)) for folder in folders), (False, natural_key(name)))


def part_named(name: str) -> str | None:
    """Return the part (train, val or test) that ``name`` means in any case, or None."""
    return PARTS.get(name.casefold())


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is none of the user's: its name begins with a dot, or a Mac left it."""
    return name.startswith((".", "__MACOSX"))


def composed(label: str) -> str:
    """Return the name of a class in Unicode's composed form, so that two spellings of an accent are one class."""
    return unicodedata.normalize("NFC", label)
