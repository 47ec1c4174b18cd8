"""From what approaches said of the held-out pictures to figures, pairs and a verdict, all at once, at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset
from headstart.data.split import Split
from headstart.jobs.comparing.parts import Part, merit_of
from headstart.jobs.learning.given import labels_of, of_sides
from headstart.judge.contenders import Contender
from headstart.judge.judged import figures_with_intervals, majority_right
from headstart.judge.verdict import verdict
from headstart.learn.approaches import FROZEN, HANDCRAFTED
from headstart.learn.heads import Floats


@dataclass(frozen=True)
class Tested:
    """The test pictures that every approach has answered, in the order of their contents.

    ``labels`` and ``units`` are ``(n_pictures,)``; ``train_labels`` are those of the train part.
    """

    dataset: Dataset
    labels: NDArray[np.intp]
    units: list[int]
    train_labels: NDArray[np.intp]

    @property
    def contents(self) -> list[str]:
        """The SHA-256 of each picture."""
        return [record.sha256 for record in self.dataset.records]

    @property
    def majority_right(self) -> NDArray[np.bool_]:
        """Which pictures are of the class that is most frequent in train, ``(n_pictures,)``."""
        return majority_right(self.train_labels, self.labels)


def tested(dataset: Dataset, split: Split, units: Mapping[str, int], parts: Sequence[Part]) -> Tested:
    """Return the test pictures of the split that all ``parts`` have answered: all are judged on the same ones."""
    answered = [set(part.test.contents) for part in parts]
    part = of_sides(dataset, split, "test")
    records = tuple(record for record in part.records if all(record.sha256 in each for each in answered))
    held_out = replace(part, records=records)
    return Tested(
        held_out,
        labels_of(held_out),
        [units[record.sha256] for record in records],
        labels_of(of_sides(dataset, split, "train")),
    )


def entries_of(parts: Sequence[Part], on: Tested, dataset: Dataset, seed: int) -> list[dict[str, Any]]:
    """Return the approaches as results have them, with their figures on the test part."""
    chance = float(on.majority_right.mean())
    classes_by_content = {record.sha256: dataset.label_index(record) for record in dataset.records}
    costs = _shared_seconds(parts)
    entries = []
    for part in parts:
        val_labels = np.array([classes_by_content[content] for content in part.val.contents], np.intp)
        figures = figures_with_intervals(
            on.labels,
            part.test.of(on.contents),
            dataset.classes,
            chance,
            seed,
            units=on.units,
            val=(val_labels, part.val.proba),
        )
        warnings = [*part.entry["warnings"], *figures.pop("warnings")]
        seconds = part.entry["seconds"] | costs.get(part.id, {})
        entries.append(part.entry | {"seconds": seconds, "test": figures, "warnings": warnings})
    return entries


def verdict_of(entries: Sequence[Mapping[str, Any]], parts: Sequence[Part], on: Tested, repeats: int) -> dict[str, Any]:
    """Return ``verdict``, but for its sentence, and ``pairs`` of the results."""
    contenders = [
        _contender(entry, part.test.of(on.contents), on.labels) for entry, part in zip(entries, parts, strict=True)
    ]
    counts = on.dataset.counts()
    test_counts = {name: counts[name] for name in on.dataset.classes}
    return verdict(contenders, on.majority_right, on.units, test_counts, repeats)


def in_order(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of approaches, the best on val first."""
    return [entry["id"] for entry in sorted(entries, key=merit_of, reverse=True)]


def _contender(entry: Mapping[str, Any], proba: Floats, labels: NDArray[np.intp]) -> Contender:
    """Return an approach as the verdict looks at it; ``proba`` is what it says of the test pictures."""
    training = entry.get("training")
    return Contender(
        id=entry["id"],
        family=entry["family"],
        backbone=entry["backbone"],
        transfers=entry["transfers"],
        val_accuracy=entry["val"]["accuracy"],
        val_log_loss=entry["val"]["log_loss"],
        seconds=sum(entry["seconds"].values()),
        right=np.asarray(proba.argmax(axis=1) == labels),
        converged=training["converged"] if training else None,
        kept=entry["chosen"].get("kept"),
        budget_seconds=entry["budget_seconds"],
    )


def _shared_seconds(parts: Sequence[Part]) -> dict[str, dict[str, float]]:
    """Return the seconds of features for each approach whose features another one had computed already.

    They are computed once, by whichever comes first; to each they cost the same.
    """
    by_maker: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        if part.entry["family"] in (FROZEN, HANDCRAFTED):
            maker = (part.entry["backbone"], part.entry["weights"]["content_sha256"])
            by_maker.setdefault(maker, []).append(part)
    return {
        part.id: {"features": max(each.entry["seconds"]["features"] for each in alike)}
        for alike in by_maker.values()
        for part in alike
    }
