"""Where data was read last, noted in the user's own cache: models are handed on and say no path of a machine."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

from headstart.addresses import Address, place_named
from headstart.documents import write_document
from headstart.folders import cache_folder, file_in_place_of

_is_digest = re.compile(r"[0-9a-f]{64}").fullmatch


def remember_place(dataset_sha256: str, data: Path | Address) -> None:
    """Note that the pictures of this `headstart.data.records.Dataset` were read from ``data``.

    An address with what may be secret in it isn't noted. Nor is anything where nothing can be written: the run has
    said so of its features already, and a user can always name the data again.
    """
    if isinstance(data, Address) and str(data) != data.full:
        return
    text = data.full if isinstance(data, Address) else str(data.absolute())
    with suppress(OSError):
        file = _file(dataset_sha256)
        file.parent.mkdir(exist_ok=True, mode=0o700)
        with file_in_place_of(file) as partial:
            partial.touch(mode=0o600)
            write_document({"data": text}, partial)


def place_of(dataset_sha256: object) -> Path | Address | None:
    """Return where these pictures were read last; None if nobody noted it here, or what was said is no digest."""
    if not isinstance(dataset_sha256, str) or not _is_digest(dataset_sha256):
        return None
    try:
        document = json.loads(_file(dataset_sha256).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    text = document.get("data") if isinstance(document, dict) else None
    return place_named(text) if isinstance(text, str) and text else None


def _file(dataset_sha256: str) -> Path:
    return cache_folder() / "places" / f"{dataset_sha256}.json"
