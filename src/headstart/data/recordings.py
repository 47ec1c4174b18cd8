"""Names of files that look as if several pictures came from one recording, burst, patient or original."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.data.records import PictureRecord
from headstart.data.sources.names import composed

_MOST = 0.5  # of the pictures must be in such groups
_CLASS = "{class}"


@dataclass(frozen=True)
class Pattern:
    """A way to name files: what it is a sign of, and the expression whose capturing group tells the recording.

    In the expression "{class}" stands for the folders down to that of the class.
    """

    sign: str
    expression: str


PATTERNS = (
    Pattern("augmented copies of one original", r"([^/]+?)[._](?:jpe?g|png)\.rf\.[0-9a-f]+"),
    Pattern("a folder each", rf"^{_CLASS}(.+)/[^/]+$"),
    Pattern("two numbers: a patient, burst or recording, and the picture in it", r"([^/]*\d)[^/\d]+\d+[^/\d]*\.\w+$"),
)
"""Looked for in this order; the first that fits most pictures is told."""


@dataclass(frozen=True)
class Recordings:
    """Groups of pictures whose names have the ``sign``: positions, two and more each.

    ``expression`` is the regular expression, for whole paths, that finds them.
    """

    sign: str
    expression: str
    groups: tuple[tuple[int, ...], ...]


def possible_recordings(records: Sequence[PictureRecord]) -> Recordings | None:
    """Return the groups that the names of the pictures suggest, or None if they suggest none.

    They do if most pictures are in groups of two or more, of which their class has at least two: one prefix for a
    whole class is how a class is named, not a recording.
    """
    down = "[^/]+/" * _class_depth(records[0]) if records else ""
    for pattern in PATTERNS:
        expression = pattern.expression.replace(_CLASS, down)
        groups = _groups(records, re.compile(expression))
        if sum(map(len, groups)) > _MOST * len(records):
            return Recordings(pattern.sign, expression, groups)
    return None


def _class_depth(record: PictureRecord) -> int:
    """Return how many folders lead to the one that is called like the class, itself included; 0 if there is none."""
    folders = [composed(folder) for folder in record.path.split("/")[:-1]]
    return folders.index(record.label) + 1 if record.label in folders else 0


def _groups(records: Sequence[PictureRecord], expression: re.Pattern[str]) -> tuple[tuple[int, ...], ...]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, record in enumerate(records):
        match = expression.search(record.path)
        if match:
            members[record.label, match[1]].append(position)
    groups = {key: tuple(group) for key, group in members.items() if len(group) > 1}
    in_class = Counter(label for label, _ in groups)
    return tuple(group for (label, _), group in groups.items() if in_class[label] > 1)
