"""JSON documents as text and as files; text of strangers as it can be shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: a line break in a name, NUL, which HTML can't hold
    "\u2028\u2029"  # separators of lines and paragraphs
    "\u202a-\u202e\u2066-\u2069"  # they turn the reading direction around, so that exe.jpg reads gpj.exe
    "\ud800-\udfff"  # halves of a character: how Python names the bytes that aren't UTF-8
    "\ufffe\uffff]"  # no characters at all
)


def json_text(document: Any) -> str:  # noqa: ANN401 - any JSON document
    """Return a JSON document that people may read.

    Names of files that are no Unicode (Python holds their bytes as lone surrogates) stand as JSON's own escapes,
    so that the text can be encoded anywhere.
    """
    return as_unicode(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))


def as_unicode(text: str) -> str:
    """Return ``text`` with what is no Unicode in it as an escape, for files that have only UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def write_document(document: dict[str, Any], path: Path) -> None:
    """Write a JSON document to the file ``path``."""
    path.write_text(json_text(document) + "\n", encoding="utf-8")


def showable(text: str) -> str:
    """Return ``text`` with a sign in place of each character that can't be shown, or shows what isn't there."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text)
