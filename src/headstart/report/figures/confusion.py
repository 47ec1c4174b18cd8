"""The confusion matrix: numbers for few classes, a heat map for many, and what is confused most often in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from headstart.report.figures.svg import drawing, element
from headstart.report.figures.wording import Say, brief

STEPS = 6
"""Shades of a cell."""

TITLED = 3000
"""Cells of a heat map that say what they are when pointed at: mistakes, the frequent ones first."""


@dataclass(frozen=True)
class Cell:
    """How many pictures of one class got another; ``shade`` is from 0, none of the class' pictures, to `STEPS`, all."""

    count: int
    shade: int
    right: bool


@dataclass(frozen=True)
class Confused:
    """Pictures of ``true`` that were taken for ``predicted``."""

    true: str
    predicted: str
    count: int
    of: int


def cells(matrix: Sequence[Sequence[int]], order: Sequence[int]) -> list[list[Cell]]:
    """Return the rows of a table of the ``matrix`` (rows true, columns predicted), its classes in ``order``."""
    return [[Cell(matrix[i][j], shade(matrix[i][j], sum(matrix[i])), i == j) for j in order] for i in order]


def shade(count: int, of: int) -> int:
    """Return how dark a cell is: 0 for nothing, 1 for the rarest and so on to `STEPS`."""
    return 0 if count <= 0 else max(1, math.ceil(STEPS * count / max(1, of) - 1e-9))


def confused(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> list[Confused]:
    """Return all confusions, the most frequent first."""
    found = [
        Confused(classes[i], classes[j], count, sum(row))
        for i, row in enumerate(matrix)
        for j, count in enumerate(row)
        if count and i != j
    ]
    return sorted(found, key=lambda pair: (-pair.count, -pair.count / max(1, pair.of)))


def heat_map(
    matrix: Sequence[Sequence[int]], order: Sequence[int], classes: Sequence[str], say: Say, label: str
) -> Markup:
    """Return the matrix as a square of cells; one that is pointed at says what it is."""
    size = len(order)
    at = {index: place for place, index in enumerate(order)}
    plain: dict[str, list[str]] = {}
    titled: list[tuple[int, Markup]] = []
    for i, row in enumerate(matrix):
        for j, count in enumerate(row):
            if not count:
                continue
            kind = f"{'right' if i == j else 'wrong'}-{shade(count, sum(row))}"
            path = f"M{at[j]} {at[i]}h1v1h-1z"
            plain.setdefault(kind, []).append(path)
            key = "page.confusion.right" if i == j else "page.confusion.cell"
            title = say(key, true=brief(classes[i]), predicted=brief(classes[j]), count=count, of=sum(row))
            titled.append((0 if i == j else count, element("path", element("title", title), d=path, class_="over")))
    titled.sort(key=lambda pair: -pair[0])
    return drawing(
        label,
        element(
            "svg",
            element("path", d=f"M0 0h{size}v{size}h-{size}z", class_="ground"),
            *(element("path", d="".join(paths), class_=kind) for kind, paths in sorted(plain.items())),
            *(cell for _, cell in titled[:TITLED]),
            viewBox=f"0 0 {size} {size}",
            width="100%",
            height="100%",
        ),
        class_="heat",
    )
