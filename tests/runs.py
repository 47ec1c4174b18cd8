"""Comparisons that are run in this process, and what they leave."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from headstart.data.split import Split, read_split
from headstart.jobs.compare import run_compare
from headstart.jobs.learning import FAMILIES, Family, Given, Learned
from headstart.learn import rules
from headstart.progress import Event, Listener
from headstart.settings import CompareSettings
from headstart.ship.bundle import HeldOutPrediction, read_predictions
from models import sentences

TREE, LOGISTIC = "handcrafted+tree", "handcrafted+logistic"
"""Two approaches that cost a fraction of a second."""


@dataclass(frozen=True)
class Compared:
    """A finished comparison: what it was given, returned and told."""

    data: Path
    run: Path
    results: dict[str, Any]
    events: tuple[Event, ...]

    @property
    def said(self) -> str:
        """All that was said, a sentence a line."""
        return "\n".join(sentences(self.events))

    @property
    def document(self) -> dict[str, Any]:
        """The results as they were written."""
        return dict(json.loads((self.run / "results.json").read_text(encoding="utf-8")))

    @property
    def split(self) -> Split:
        """The split as it was written."""
        return read_split(self.run / "split.json")

    @property
    def rows(self) -> list[HeldOutPrediction]:
        """What all approaches said of the test pictures."""
        return read_predictions(self.run / "predictions.csv")

    @property
    def ids(self) -> list[str]:
        """The approaches that are done, in the order they ran."""
        return [entry["id"] for entry in self.results["approaches"]]

    @property
    def figures(self) -> dict[str, Any]:
        """What was measured of each approach, which depends on no clock."""
        return {entry["id"]: {name: entry[name] for name in ("val", "test")} for entry in self.results["approaches"]}

    @property
    def ranking(self) -> list[tuple[str, str]]:
        """The pairs in the order of what may be claimed: of each the better on val comes first."""
        return [(pair["a"], pair["b"]) for pair in self.results["pairs"]]

    def paths_of(self, side: str) -> list[str]:
        """Return the pictures on one side of the split, by path."""
        split = self.split
        return sorted(split.paths[content] for content, own in split.sides.items() if own == side)

    def rows_of(self, approach: str) -> list[HeldOutPrediction]:
        """Return what one approach said of the test pictures."""
        return [row for row in self.rows if row.approach == approach]

    def entry(self, approach: str) -> dict[str, Any]:
        """Return the approach in the results."""
        return next(entry for entry in self.results["approaches"] if entry["id"] == approach)


def compare(data: Path, out: Path, *approaches: str, **options: Any) -> Compared:
    """Compare ``approaches`` on ``data``, without pictures in the report unless ``options`` say otherwise."""
    events: list[Event] = []
    settings = CompareSettings(data, out=out, approaches=approaches, **{"no_pictures": True, **options})
    return Compared(data, out, run_compare(settings, events.append), tuple(events))


def learning(
    monkeypatch: pytest.MonkeyPatch,
    instead: Mapping[str, BaseException] | None = None,
    *,
    before: Mapping[str, Callable[[], object]] | None = None,
    at: int = 0,
) -> list[str]:
    """Return a list that gets the name of each approach that begins to learn.

    Approaches raise ``instead`` of learning, or something is done ``before``; both from the time on that they were
    let learn ``at`` times.
    """
    learnt: list[str] = []

    def watched(family: Family) -> Family:
        def learn(given: Given, listen: Listener) -> Learned:
            name = given.way.name
            learnt.append(name)
            if learnt.count(name) > at:
                if before and name in before:
                    before[name]()
                if instead and name in instead:
                    raise instead[name]
            return family.learn(given, listen)

        return replace(family, learn=learn)

    for name, family in list(FAMILIES.items()):
        monkeypatch.setitem(FAMILIES, name, watched(family))
    return learnt


def few_epochs(monkeypatch: pytest.MonkeyPatch, epochs: int = 2) -> None:
    """Let every network be trained for so few epochs."""
    for purpose, (looks, _, _, *rest) in list(rules._RULES.items()):
        monkeypatch.setitem(rules._RULES, purpose, (looks, epochs, epochs, *rest))
