"""Files and JSON that may be anyone's: read whole, once, within bounds, and refused by a sentence that says why."""

from __future__ import annotations

import json
import math
import os
import reprlib
import stat
from collections.abc import Iterable
from pathlib import Path

from headstart.errors import UserError

MOST_DEPTH = 32
"""How deep objects and lists may lie inside each other; ours have 6 levels."""

MOST_ITEMS, _MOST_CONTAINERS = 1_000_000, 500_000
"""An empty list takes 3 bytes of text and 64 of memory: what a small text grows to is bounded, too."""

_MOST_DIGITS = 20
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


def content_of(file: Path, most: int) -> bytes:
    """Return the content of ``file``, at most ``most`` bytes: no link is followed, no pipe waited for.

    Raises
    ------
    UserError
        If it is missing, no file, too large, or can't be read; the sentence begins with its name.
    """
    name = file.name
    try:
        _check_file(file.lstat().st_mode, name)
        with open(os.open(file, _FLAGS), "rb") as stream:  # noqa: PTH123 - what was opened is what is looked at
            found = os.fstat(stream.fileno())
            _check_file(found.st_mode, name)
            if found.st_size > most:
                raise UserError(f"{name} has {found.st_size:,} bytes, and may have {most:,}")
            data = stream.read(found.st_size)
            if len(data) < found.st_size or stream.read(1):
                raise UserError(f"{name} was changed while it was read")
            return data
    except FileNotFoundError:
        raise UserError(f"{name} is missing") from None
    except OSError as error:
        raise UserError(f"{name} can't be read ({error.strerror})") from None


def _check_file(mode: int, name: str) -> None:
    if stat.S_ISLNK(mode):
        raise UserError(f"{name} is a link and no file (cp -rL copies what links lead to)")
    if not stat.S_ISREG(mode):
        raise UserError(f"{name} is no file")


def json_of(data: bytes, most_items: int = MOST_ITEMS) -> object:
    """Return the JSON value that ``data`` is, of at most ``most_items`` values.

    Raises
    ------
    UserError
        If it is none, or one that no two readers read alike or that fills the memory: names that stand twice in an
        object, numbers that aren't finite or have more than 20 digits, too many or too deep values.
    """
    n_containers = data.count(b"{") + data.count(b"[")
    if n_containers > _MOST_CONTAINERS or data.count(b",") > most_items:
        raise UserError("it holds too many values")
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except RecursionError:
        raise UserError("its values lie too deep inside each other") from None
    except ValueError:
        raise UserError("it is no JSON text") from None
    _check_depth(document)
    return document


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1) if len(names) < 1000 else "a name"
        raise UserError(f"{brief(twice)} stands twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise UserError(f"a whole number has {len(digits):,} digits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UserError(f"the number {brief(digits)} is too large")
    return number


def _constant(name: str) -> float:
    raise UserError(f"{name} is no number of JSON's")


def _check_depth(document: object) -> None:
    level: list[object] = [document]
    for _ in range(MOST_DEPTH):
        level = [item for each in level for item in _items(each) if isinstance(item, (dict, list))]
        if not level:
            return
    raise UserError("its values lie too deep inside each other")


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def brief(value: object) -> str:
    """Return a stranger's value as it can stand in a sentence: on one line, and short."""
    return _BRIEF.repr(value)


_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 60
