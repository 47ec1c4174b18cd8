"""What each approach cost: a bar of its stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from headstart.report.figures.svg import drawing, element, percent

STAGES = {
    "features": "features",
    "decode": "features",
    "maps": "features",
    "fit": "learning",
    "train": "learning",
    "predict": "predicting",
}
"""What each stage in a document belongs to; one that isn't here is learning."""

PARTS = ("features", "learning", "predicting")


@dataclass(frozen=True)
class Cost:
    """An approach, its seconds in each of `PARTS` and altogether, and its bar."""

    id: str
    seconds: Sequence[float]
    total: float
    bar: Markup


def costs(approaches: Sequence[Mapping[str, Any]]) -> list[Cost]:
    """Return the costs, the cheapest first, with bars on one scale."""
    parts = [_by_part(entry["seconds"]) for entry in approaches]
    most = max((sum(of) for of in parts), default=0.0) or 1.0
    rows = [Cost(entry["id"], of, sum(of), _bar(of, most)) for entry, of in zip(approaches, parts, strict=True)]
    return sorted(rows, key=lambda row: row.total)


def _by_part(seconds: Mapping[str, float | None]) -> list[float]:
    sums = dict.fromkeys(PARTS, 0.0)
    for stage, value in seconds.items():
        sums[STAGES.get(stage, "learning")] += value or 0.0
    return list(sums.values())


def _bar(parts: Sequence[float], most: float) -> Markup:
    start = 0.0
    pieces = []
    for number, seconds in enumerate(parts, start=1):
        length = 100 * seconds / most
        pieces.append(element("rect", x=percent(start), width=percent(length), height="100%", class_=f"part-{number}"))
        start += length
    return drawing(None, *pieces, class_="bar")
