"""What the entries of a stranger's JSON object must be: a table of checks by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headstart.errors import UserError

MOST_CLASSES, LONGEST_CLASS = 100_000, 4096

_NAME = re.compile(r"[\w.+:@ -]{1,200}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Field:
    """One entry: ``what`` it must be, in words that follow "isn't", and the check; it may be absent if ``optional``."""

    what: str
    check: Callable[[object], bool]
    optional: bool = False


def check_fields(document: Mapping[str, object], fields: Mapping[str, Field]) -> None:
    """Raise `UserError` for the first of the ``fields`` that ``document`` lacks or has in another form.

    Entries without a field are nobody's business: a later headstart may have added them.
    """
    if spoilt := _spoilt(document, fields):
        raise UserError(spoilt)


def _spoilt(document: Mapping[str, object], fields: Mapping[str, Field]) -> str:
    for name, field in fields.items():
        if name not in document:
            if not field.optional:
                return f"it has no {name!r}"
        elif not field.check(document[name]):
            return f"its {name!r} isn't {field.what}"
    return ""


def is_name(value: object) -> bool:
    """Whether it is a short text of letters, digits and few signs: a name of ours."""
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def is_text(value: object) -> bool:
    """Whether it is a text of a length that a person reads."""
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def is_digest(value: object) -> bool:
    """Whether it is a SHA-256 in hexadecimal."""
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def is_object(value: object) -> bool:
    """Whether it is a JSON object."""
    return isinstance(value, dict)


def is_flag(value: object) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_count(value: object) -> bool:
    """Whether it is a whole number of at least 0, as JSON writes those: 1.0 and true are none."""
    return type(value) is int and value >= 0


def is_number(value: object) -> bool:
    """Whether it is a finite number."""
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def is_list_of(check: Callable[[object], bool], most: int) -> Callable[[object], bool]:
    """Return a check for a list of at most ``most`` values that each pass ``check``."""
    return lambda value: isinstance(value, list) and len(value) <= most and all(map(check, value))


def is_object_of(fields: Mapping[str, Field]) -> Callable[[object], bool]:
    """Return a check for a JSON object with these ``fields``."""
    return lambda value: isinstance(value, dict) and not _spoilt(value, fields)


def is_classes(value: object) -> bool:
    """Whether it is a list of names of classes: at least 2, each another, none empty."""
    return (
        isinstance(value, list)
        and 2 <= len(value) <= MOST_CLASSES
        and all(isinstance(name, str) and 0 < len(name) <= LONGEST_CLASS for name in value)
        and len(set(value)) == len(value)
    )


def is_interval(value: object) -> bool:
    """Whether it is a figure with its interval, or the null of one that can't be given."""
    if value is None:
        return True
    return isinstance(value, dict) and all(is_number(value.get(name)) for name in ("value", "low", "high"))
