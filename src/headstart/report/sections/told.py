"""What every section is made from: the document, its pictures, and the language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headstart.report.album import Album
from headstart.report.figures.wording import Say

Section = dict[str, Any]
"""What the template of a section draws."""


@dataclass(frozen=True)
class Told:
    """What sections are made from: the whole document, the pictures, and the language."""

    results: Mapping[str, Any]
    album: Album
    say: Say
    beside: Mapping[str, Any] | None = None

    @property
    def winner(self) -> Mapping[str, Any] | None:
        """The entry of the winner; None where nothing was done."""
        return self.entry(self.results["verdict"]["winner"])

    def entry(self, id_: str | None) -> Mapping[str, Any] | None:
        """Return the entry of an approach, None where there is none."""
        return next((entry for entry in self.results["approaches"] if entry["id"] == id_), None)


def plain(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Return settings as text: what is a list or a mapping, as JSON; what is empty is left out."""
    return {
        str(key): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in (values or {}).items()
        if value is not None and value != ""
    }
