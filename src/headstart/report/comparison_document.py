"""A comparison's document as its page needs it: what an older or unfinished one lacks is there, and empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TRANSFERRING = ("frozen", "fine-tune")
"""Families that begin with a network trained on other pictures, where the document doesn't say."""

_EMPTY: dict[str, Any] = {
    "dataset": {
        "name": "",
        "pictures": 0,
        "classes": [],
        "pictures_per_class": {},
        "sha256": None,
        "skipped": [],
        "findings": [],
    },
    "split": {
        "train": 0,
        "val": 0,
        "test": 0,
        "seed": None,
        "rule": "",
        "test_opened": 0,
        "groups": None,
        "sha256": None,
    },
    "approaches": [],
    "not_run": [],
    "verdict": {
        "winner": None,
        "not_told_apart": [],
        "sentence": "",
        "chance": None,
        "above_chance": [],
        "statements": [],
    },
    "pairs": [],
    "curve": None,
    "seeing": {},
    "repeats": None,
    "source": None,
    "warnings": [],
    "environment": {},
    "settings": {},
    "command": "",
    "seconds": None,
}
_ENTRY: dict[str, Any] = {
    "backbone": None,
    "weights": None,
    "features": None,
    "chosen": None,
    "class_weight": None,
    "training": None,
    "budget_seconds": None,
    "seconds": {},
    "val": {},
    "test": {},
}
_CURVE: dict[str, Any] = {"points": [], "law": None, "predicted": [], "checked": None}


def whole(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``results`` with every field that the page reads; what it already has is as it was."""
    document: dict[str, Any] = {
        key: _filled(results.get(key), default) if isinstance(default, dict) else _given(results.get(key), default)
        for key, default in _EMPTY.items()
    }
    document["approaches"] = [_entry(entry) for entry in document["approaches"]]
    document["pairs"] = [
        {"p_holm": None, "test": None, "only_a": None, "only_b": None, **pair} for pair in document["pairs"]
    ]
    if document["curve"]:
        of = [
            {**_CURVE, **{k: v for k, v in each.items() if v is not None}} for each in document["curve"].get("of", [])
        ]
        document["curve"] = {"draws": 1, "statements": [], **document["curve"], "of": of}
    return document


def by_merit(approaches: Sequence[Mapping[str, Any]], winner: str | None) -> list[Mapping[str, Any]]:
    """Return the approaches, the best on val first; the winner leads, whatever rule made it so."""

    def merit(entry: Mapping[str, Any]) -> tuple[bool, float, float]:
        accuracy, loss = entry["val"].get("accuracy"), entry["val"].get("log_loss")
        return entry["id"] != winner, -(accuracy or 0.0), loss if loss is not None else float("inf")

    return sorted(approaches, key=merit)


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    filled = {**_ENTRY, "family": "", "name": entry["id"], **entry}
    return {"transfers": filled["family"] in TRANSFERRING, **filled}


def _filled(given: Mapping[str, Any] | None, default: Mapping[str, Any]) -> dict[str, Any]:
    return {**default, **(given or {})}


def _given(given: object, default: object) -> object:
    return default if given is None else given
