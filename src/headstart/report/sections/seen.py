"""Sections about what the winner gets wrong, and what it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.report.album import Album
from headstart.report.figures.confusion import cells, confused, heat_map
from headstart.report.figures.intervals import ruler, whiskers
from headstart.report.figures.reliability import UNIT
from headstart.report.figures.scatter import BY_CLASS, feature_map
from headstart.report.sections.told import Section, Told

NUMBERED_CLASSES = 20
"""Up to so many classes, the confusion matrix is a table of numbers; of more, a heat map."""

CONFUSED = 15
"""Confusions in words."""

OPEN_CLASSES = 20
"""Up to so many classes, the table of classes needs no unfolding."""

HARDEST = 10
"""Classes that are shown where the table of all is folded."""

CLASSES = 400
"""Classes on the page at most."""

OPEN_PICTURES = 12
"""Pictures of a section that need no unfolding."""


def confusion(told: Told) -> Section | None:
    """Return the confusion matrix of the winner: numbers or a heat map, and the most frequent confusions in words."""
    winner, classes = told.winner, told.results["dataset"]["classes"]
    matrix = winner["test"].get("confusion_matrix") if winner else None
    if not winner or not matrix:
        return None
    order = told.results["seeing"].get("confusion_order") or list(range(len(classes)))
    found = confused(matrix, classes)
    right = sum(row[i] for i, row in enumerate(matrix))
    pictures = sum(map(sum, matrix))
    label = told.say("page.confusion.label", classes=len(classes), right=right, pictures=pictures, pairs=len(found))
    few = len(classes) <= NUMBERED_CLASSES
    return {
        "winner": winner,
        "names": [classes[i] for i in order],
        "rows": cells(matrix, order) if few else None,
        "drawing": None if few else heat_map(matrix, order, classes, told.say, label),
        "label": label,
        "confused": found[:CONFUSED],
    }


def classes(told: Told) -> Section | None:
    """Return the table of classes, the hardest first; those that test lacks stand at its end."""
    winner = told.winner
    per_class = winner["test"].get("per_class") if winner else None
    if not winner or not per_class:
        return None
    rows = [
        {"name": name, "of": of, "drawing": whiskers(of.get("recall") or {}, UNIT)} for name, of in per_class.items()
    ]
    rows.sort(key=lambda row: _hardness(row["of"]))
    folded = len(rows) > OPEN_CLASSES
    return {
        "open": rows[:HARDEST] if folded else rows,
        "folded": rows[:CLASSES] if folded else [],
        "count": len(rows),
        "more": max(0, len(rows) - CLASSES),
        "ruler": ruler(UNIT),
        "auc": any((of.get("roc_auc") or {}).get("value") is not None for of in per_class.values()),
        "winner": winner,
    }


def mistakes(told: Told) -> Section | None:
    """Return the winner's most confident mistakes, with their pictures."""
    seeing = told.results["seeing"]
    if not told.winner or seeing.get("mistakes") is None:
        return None
    items = _pictured(seeing["mistakes"], told.album)
    count = seeing.get("mistakes_count") or len(items)
    return {"items": items, "count": count, "open": OPEN_PICTURES, "of": seeing.get("of") or told.winner["id"]}


def suspects(told: Told) -> Section | None:
    """Return likely label errors: in train and val with a suggestion, in test without one."""
    given = told.results["seeing"].get("suspects")
    if not given:
        return None
    return {
        "given": given,
        "items": _pictured(given["items"], told.album),
        "test": _pictured(given.get("test") or [], told.album),
        "open": OPEN_PICTURES,
    }


def attention(told: Told) -> Section | None:
    """Return pictures beside what in them counted."""
    given = told.results["seeing"].get("attention")
    if not given or not given["items"]:
        return None
    items = [
        {**item, "address": told.album.address(item["picture"]), "over": told.album.address(item["overlay"])}
        for item in given["items"]
    ]
    return {"of": given["of"], "method": given["method"], "items": items}


def map_(told: Told) -> Section | None:
    """Return the map of the features, with its key."""
    given = told.results["seeing"].get("map")
    if not given or not given["points"]:
        return None
    names = told.results["dataset"]["classes"]
    points = given["points"]
    wrong = sum(point[3] not in (point[2], -1) for point in points)
    label = told.say("page.map.label", pictures=len(points), classes=len(names), wrong=wrong)
    drawing = feature_map(points, given.get("paths") or [], names, told.say, label)
    return {**given, "drawing": drawing, "by_class": len(names) <= BY_CLASS, "names": names}


def layers(told: Told) -> Section | None:
    """Return feature maps of the first layers."""
    given = told.results["seeing"].get("layers")
    if not given or not given["items"]:
        return None
    items = [
        {**item, "addresses": [a for a in map(told.album.address, item["pictures"]) if a]} for item in given["items"]
    ]
    if not any(item["addresses"] for item in items):
        return None
    return {**given, "address": told.album.address(given["picture"]), "items": items}


def _hardness(of: Mapping[str, Any]) -> tuple[bool, float, float]:
    recall, f1 = ((of.get(key) or {}).get("value") for key in ("recall", "f1"))
    return recall is None, recall or 0.0, f1 or 0.0


def _pictured(items: Sequence[Mapping[str, Any]], album: Album) -> list[Section]:
    return [{**item, "address": album.address(item.get("picture"))} for item in items]
