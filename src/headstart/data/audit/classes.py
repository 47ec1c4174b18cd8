"""Classes that are too small, too different in size, badly named, missing, or given away by their files."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.audit.finding import ERROR, WARNING, Audited, Finding, counted, numbered
from headstart.errors import first_three

FEW, FEWEST = 10, 3
"""A class with fewer pictures than the first is told; with fewer than the second none can be held out."""

IMBALANCED = 4
"""The largest class has so many times the pictures of the smallest."""

GIVEN_AWAY, ELSEWHERE = 0.9, 0.1
"""A property gives a class away if so much of the class has it, and at most so much of all other classes."""


def few_pictures(audited: Audited) -> list[Finding]:
    """Classes too small to learn, or to judge."""
    dataset = audited.pictures.dataset
    counts = dataset.counts()
    few = sorted((name for name in dataset.classes if counts[name] < FEW), key=lambda name: counts[name])
    few = [*audited.pictures.lost, *few]
    if not few:
        return []
    named = first_three([f"{name} ({counts[name]})" for name in few], "; ")
    return [
        Finding(
            "few-pictures",
            WARNING,
            f"{len(few)} {numbered('[class has|classes have]', len(few))} fewer than {FEW} pictures: {named}.",
            tuple(few),
            f"Add pictures; with fewer than {FEWEST} none can be held out, and no figure says anything of the class.",
        )
    ]


def imbalance(audited: Audited) -> list[Finding]:
    """One class much larger than another."""
    counts = audited.pictures.dataset.counts()
    if len(counts) < 2:
        return []
    (most, n), *_, (least, m) = counts.most_common()
    if n < IMBALANCED * m:
        return []
    return [
        Finding(
            "imbalance",
            WARNING,
            f"{most} has {counted('picture', n)}, {least} has {m}: always answering {most} is right for "
            f"{n / counts.total():.0%} of the pictures.",
            (most, least),
            "Read balanced accuracy and recall beside accuracy, and chance beside both; add pictures to small classes.",
        )
    ]


def similar_names(audited: Audited) -> list[Finding]:
    """Class names that differ by case, spaces or Unicode form."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in (*audited.pictures.dataset.classes, *audited.pictures.lost):
        alike[_folded(name)].append(name)
    groups = tuple(names for names in alike.values() if len(names) > 1)
    if not groups:
        return []
    named = first_three([" = ".join(repr(name) for name in names) for names in groups], "; ")
    form = numbered("[group of class names differs|groups of class names differ]", len(groups))
    return [
        Finding(
            "similar-class-names",
            WARNING,
            f"{len(groups)} {form} by case, spaces, hyphens or Unicode form alone: {named}.",
            groups,
            "If they mean the same class, give them the same name.",
        )
    ]


def _folded(name: str) -> str:
    """Return the name without what is easily written in another way; "-1" and "1", "1 0" and "10" stay different."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()
    return re.sub(r"(?<=\D)[\s_-]+|[\s_-]+(?=\D|$)", "", folded)


def missing_in_part(audited: Audited) -> list[Finding]:
    """Classes without pictures in one of the ready-made parts."""
    dataset = audited.pictures.dataset
    present: dict[str, set[str]] = defaultdict(set)
    for record in dataset.records:
        if record.part:
            present[record.part].add(record.label)
    missing = [(part, name) for part, names in present.items() for name in dataset.classes if name not in names]
    return [
        *_missing_in(
            [(part, name) for part, name in missing if part == "train"],
            ERROR,
            "Add training pictures, or leave the classes out with --exclude; check that no folder is misnamed.",
        ),
        *_missing_in(
            [(part, name) for part, name in missing if part != "train"],
            WARNING,
            "Figures of that part say nothing of these classes; check that no folder is misnamed.",
        ),
    ]


def _missing_in(missing: list[tuple[str, str]], severity: str, advice: str) -> list[Finding]:
    if not missing:
        return []
    classes = len({name for _, name in missing})
    items = tuple(f"{part}: {name}" for part, name in missing)
    lacking = numbered("[class lacks|classes lack]", classes)
    what = f"{classes} {lacking} pictures in a ready-made part: {first_three(items, '; ')}."
    return [Finding("class-missing-in-split", severity, what, items, advice)]


def given_away(audited: Audited) -> list[Finding]:
    """Properties of the files that nearly all pictures of one class have and hardly any other picture."""
    items = [item for name, values in _properties(audited).items() for item in _telling(audited, name, values)]
    if not items:
        return []
    return [
        Finding(
            "class-given-away",
            WARNING,
            f"A network could tell classes by the form of their files: {first_three(items, '; ')}.",
            tuple(items),
            "Bring all classes to the same form, or collect pictures that don't differ in it.",
        )
    ]


def _properties(audited: Audited) -> dict[str, NDArray[Any]]:
    facts = audited.pictures.facts
    size = facts["width"].astype(np.int64) << 32 | facts["height"]
    return {"colour": facts["grey"], "size": size, "format": facts["format"], "camera": facts["camera"]}


def _telling(audited: Audited, name: str, values: NDArray[Any]) -> list[str]:
    """Return which values of a property give which class away."""
    dataset, names = audited.pictures.dataset, audited.pictures.names
    said: dict[str, Callable[[int], str]] = {
        "colour": lambda grey: "grey" if grey else "coloured",
        "size": lambda size: f"{size >> 32} x {size & 0xFFFFFFFF} pixels",
        "format": lambda code: names[code],
        "camera": lambda code: f"camera {names[code]}" if names[code] else "no camera named",
    }
    labels = np.array([dataset.label_index(record) for record in dataset.records], np.intp)
    sizes = np.bincount(labels, minlength=len(dataset.classes))
    kinds, codes, with_kind = np.unique(values, return_inverse=True, return_counts=True)
    pairs, having = np.unique(labels * len(kinds) + codes, return_counts=True)
    places, numbers = np.divmod(pairs, max(len(kinds), 1))
    own = having / sizes[places]
    elsewhere = (with_kind[numbers] - having) / np.maximum(len(labels) - sizes[places], 1)
    telling = (own >= GIVEN_AWAY) & (elsewhere <= ELSEWHERE) & (sizes[places] >= FEWEST) & (sizes[places] < len(labels))
    return [
        f"{dataset.classes[places[i]]}: {said[name](kinds[numbers[i]].item())} ({own[i]:.0%}, "
        f"elsewhere {elsewhere[i]:.0%})"
        for i in np.flatnonzero(telling)
    ]
