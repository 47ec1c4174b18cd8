"""The files of a finished comparison: what is stored, and the pages that are drawn from that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.documents import as_unicode, write_document
from headstart.errors import UserError, check_choice
from headstart.folders import file_in_place_of
from headstart.jobs.comparing.place import PICTURES, REPORT, RESULTS, TEXT
from headstart.manifests import FORMAT
from headstart.report.comparison_page import comparison_page
from headstart.report.comparison_text import comparison_text
from headstart.report.words import LANGUAGES


def check_language(lang: str) -> None:
    """Raise `UserError` unless reports are written in ``lang``."""
    check_choice("--lang", lang, LANGUAGES)


def write_results(results: Mapping[str, Any], run: Path) -> None:
    """Write ``results.json``."""
    with file_in_place_of(run / RESULTS) as partial:
        write_document(dict(results), partial)


def read_results(run: Path) -> dict[str, Any]:
    """Return ``results.json`` of a finished comparison; raise `UserError` if it can't be read."""
    try:
        results = json.loads((run / RESULTS).read_text(encoding="utf-8"))
        if results["format"] != FORMAT or results["kind"] != "comparison":
            raise UserError(f"{run / RESULTS} isn't the results of a comparison of this format; compare again.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{run / RESULTS} can't be read ({error}); compare again.") from None
    return dict(results)


def write_reports(
    results: Mapping[str, Any],
    run: Path,
    lang: str,
    *,
    with_pictures: bool = True,
    beside: Mapping[str, Any] | None = None,
) -> None:
    """Draw ``report.html`` and ``report.md`` from the results, and from the pictures that are kept in ``run``."""
    pictures = _pictures_in(run) if with_pictures else {}
    with file_in_place_of(run / REPORT) as partial:
        partial.write_text(comparison_page(results, pictures, lang, beside), encoding="utf-8")
    with file_in_place_of(run / TEXT) as partial:
        partial.write_text(as_unicode(comparison_text(results, lang)), encoding="utf-8")


def _pictures_in(run: Path) -> dict[str, bytes]:
    """Return the small pictures by the name that results have for them."""
    return {f"{PICTURES}/{file.name}": file.read_bytes() for file in sorted((run / PICTURES).glob("*.jpg"))}
