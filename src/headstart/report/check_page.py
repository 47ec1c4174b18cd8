"""The page of ``headstart check``, which answers whether one can train on these pictures.

The document may hold a hundred thousand items. The page shows the first of everything, says how many more there are,
and leaves the rest to ``check.json`` beside it; what follows are the excerpts that its template draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from typing import Any

from headstart.report.page import amount, jpeg_address, page

ITEMS = 24
"""Items that a finding shows."""

OPEN_ITEMS = 6
"""Of these, the ones that need no unfolding."""

COPIES = 4
"""Pictures that one group of copies shows."""

OPEN_CLASSES = 20
"""Classes at either end, largest and smallest, that need no unfolding."""

CLASSES_AT_AN_END = 100
"""Classes at either end that are on the page at all."""

SKIPPED = 200
"""Skipped files on the page, shared out among the reasons."""

PICTURE_BYTES = 3_000_000
"""Bytes of pictures on the page, shared out among the findings; Base64 makes a third more of them."""

SEVERITIES = ("error", "warning", "note")
"""From what must be dealt with to what is good to know."""

COLOURS = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey, transparent",
    "I;16": "grey, 16 bits",
    "P": "palette",
    "RGB": "colour",
    "RGBA": "colour, transparent",
    "CMYK": "colour, for print",
}
"""What Pillow's names of modes mean."""


@dataclass(frozen=True)
class Entry:
    """A path or the name of a class; ``address`` is its picture's, None where it is shown as text alone."""

    name: str
    address: str | None


@dataclass(frozen=True)
class Item:
    """One entry, or a group of copies side by side, of which ``more`` aren't on the page."""

    entries: Sequence[Entry]
    more: int


@dataclass(frozen=True)
class Finding:
    """A finding as the document has it, with its first items; ``more`` are in the document alone.

    ``anchor`` is its code, with a number where several findings have the same.
    """

    anchor: str
    code: str
    severity: str
    count: int
    what: str
    advice: str
    items: Sequence[Item]
    folded: Sequence[Item]
    more: int


@dataclass(frozen=True)
class Bar:
    """A piece of a class's bar: where it begins and how long it is, in percent of the largest class."""

    start: float
    length: float


@dataclass(frozen=True)
class ClassRow:
    """A class, its pictures altogether and in each part, and its bar: a piece for each part, or one for all."""

    name: str
    counts: Sequence[int]
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Balance:
    """Classes from the largest to the smallest; ``hidden`` of them, in the middle, aren't on the page."""

    largest: Sequence[ClassRow]
    larger: Sequence[ClassRow]
    hidden: int
    smaller: Sequence[ClassRow]
    smallest: Sequence[ClassRow]


@dataclass(frozen=True)
class Reason:
    """Why ``count`` files were skipped, and the first of them; ``more`` are in the document alone."""

    code: str
    count: int
    paths: Sequence[str]
    more: int


def check_page(document: Mapping[str, Any], thumbnails: Mapping[str, bytes]) -> str:
    """Return the page of a check as one HTML file.

    Parameters
    ----------
    document
        What ``headstart check`` found, as in ``check.json`` (format 1).
    thumbnails
        Small JPEG files by the path of their picture. A path without one is shown as text; none at all means that
        the user asked for a page without pictures.
    """
    findings = _findings(document["findings"], thumbnails)
    return page(
        "check.html",
        document=document,
        verdict=verdict(document),
        worst=next((finding.severity for finding in findings), "fine"),
        findings=findings,
        names_alone=not thumbnails and any(finding.items for finding in findings),
        colours=COLOURS,
        part_totals={part: sum(counts.values()) for part, counts in (document["parts"] or {}).items()},
        balance=_balance(document["classes"], document["parts"] or {}),
        reasons=_reasons(document["skipped"]),
    )


def verdict(document: Mapping[str, Any]) -> str:
    """Return the answer to "can I train on this?" in one or two sentences."""
    found = Counter(finding["severity"] for finding in document["findings"])
    told = [amount(found[severity], severity) for severity in SEVERITIES if found[severity]]
    if found["error"]:
        answer = f"{told.pop(0)} must be dealt with before figures can be trusted."
    elif found["warning"]:
        answer = f"No error stands in the way of training; look at {told.pop(0)} first."
    else:
        answer = "Nothing was found that would spoil a classifier."
    return f"{answer} Also {' and '.join(told)}." if told else answer


def _findings(found: Sequence[Mapping[str, Any]], thumbnails: Mapping[str, bytes]) -> list[Finding]:
    """Return the findings, errors first; each has its share of the bytes, so that none goes without pictures."""
    in_order = sorted(found, key=lambda finding: SEVERITIES.index(finding["severity"]))
    anchors = _anchors([finding["code"] for finding in in_order])
    room = PICTURE_BYTES // max(1, len(found))
    return [_finding(finding, anchor, thumbnails, room) for finding, anchor in zip(in_order, anchors, strict=True)]


def _anchors(codes: Iterable[str]) -> list[str]:
    seen: Counter[str] = Counter()
    anchors = []
    for code in codes:
        seen[code] += 1
        anchors.append(code if seen[code] == 1 else f"{code}-{seen[code]}")
    return anchors


def _finding(found: Mapping[str, Any], anchor: str, thumbnails: Mapping[str, bytes], room: int) -> Finding:
    groups = [[item] if isinstance(item, str) else item for item in found["items"][:ITEMS]]
    sizes = [min(COPIES, len(group)) for group in groups]
    named = chain.from_iterable(group[:COPIES] for group in groups)
    entries = iter(_entries(named, thumbnails, room))
    items = [
        Item(tuple(islice(entries, size)), more=len(group) - size) for group, size in zip(groups, sizes, strict=True)
    ]
    return Finding(
        anchor=anchor,
        code=found["code"],
        severity=found["severity"],
        count=found["count"],
        what=found["what"],
        advice=found["advice"],
        items=items[:OPEN_ITEMS],
        folded=items[OPEN_ITEMS:],
        more=max(0, len(found["items"]) - ITEMS),
    )


def _entries(names: Iterable[str], thumbnails: Mapping[str, bytes], room: int) -> list[Entry]:
    """Return an entry for each name, with its picture as long as all pictures together stay within ``room`` bytes."""
    entries = []
    for name in names:
        picture = thumbnails.get(name, b"")
        fits = 0 < len(picture) <= room
        room -= len(picture) if fits else 0
        entries.append(Entry(name, jpeg_address(picture) if fits else None))
    return entries


def _balance(classes: Mapping[str, int], parts: Mapping[str, Mapping[str, int]]) -> Balance:
    most = max(classes.values(), default=0)
    in_order = sorted(classes.items(), key=lambda pair: -pair[1])
    rows = [_class_row(name, pictures, parts, most) for name, pictures in in_order]
    if len(rows) <= 2 * OPEN_CLASSES:
        return Balance(largest=rows, larger=[], hidden=0, smaller=[], smallest=[])
    middle = rows[OPEN_CLASSES:-OPEN_CLASSES]
    hidden = max(0, len(rows) - 2 * CLASSES_AT_AN_END)
    folded = CLASSES_AT_AN_END - OPEN_CLASSES if hidden else len(middle)
    return Balance(
        largest=rows[:OPEN_CLASSES],
        larger=middle[:folded],
        hidden=hidden,
        smaller=middle[folded + hidden :],
        smallest=rows[-OPEN_CLASSES:],
    )


def _class_row(name: str, pictures: int, parts: Mapping[str, Mapping[str, int]], most: int) -> ClassRow:
    in_parts = [of_part.get(name, 0) for of_part in parts.values()]
    lengths = [100 * count / max(1, most) for count in in_parts or [pictures]]
    starts = accumulate(lengths[:-1], initial=0.0)
    bars = [Bar(start, length) for start, length in zip(starts, lengths, strict=True)]
    return ClassRow(name, [pictures, *in_parts], bars)


def _reasons(skipped: Sequence[Mapping[str, str]]) -> list[Reason]:
    """Return the reasons, the most frequent first; rare ones show all their files before frequent ones show many."""
    paths: dict[str, list[str]] = {}
    for file in skipped:
        paths.setdefault(file["reason"], []).append(file["path"])
    reasons: list[Reason] = []
    room = SKIPPED
    for code in sorted(paths, key=lambda code: len(paths[code])):
        kept = paths[code][: room // (len(paths) - len(reasons))]
        room -= len(kept)
        reasons.append(Reason(code, len(paths[code]), kept, more=len(paths[code]) - len(kept)))
    return reasons[::-1]
