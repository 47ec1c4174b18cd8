"""JSON documents as text and as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


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
