"""What a check looks at, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.inspect import Inspected
from headstart.data.split import Split
from headstart.data.together import Together

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)
"""In order: figures would be wrong; classifier or figures may be worse than they seem; good to know."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    ``items`` are paths, names of classes, or lists of paths that belong together; ``what`` says what was found and
    ``advice`` what to do, in a sentence or two each.
    """

    code: str
    severity: str
    what: str
    items: tuple[str | list[str], ...]
    advice: str

    @property
    def count(self) -> int:
        """How many items there are."""
        return len(self.items)

    def document(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return {
            "code": self.code,
            "severity": self.severity,
            "count": self.count,
            "what": self.what,
            "items": list(self.items),
            "advice": self.advice,
        }


@dataclass(frozen=True)
class Audited:
    """What the checks look at; ``split`` is a saved one that the pictures are compared with."""

    pictures: Inspected
    together: Together
    fit: str = "squash"
    split: Split | None = None

    def paths(self, positions: Iterable[int]) -> list[str]:
        """Return the paths of the pictures at ``positions``."""
        return [self.pictures.dataset.records[position].path for position in positions]


Check = Callable[[Audited], list[Finding]]


def of_pictures(
    audited: Audited, flags: NDArray[np.bool_], code: str, severity: str, *, what: str, advice: str
) -> list[Finding]:
    """Return a finding of the pictures at which ``flags``, ``(n_pictures,)``, is true, or none.

    ``what`` goes on after the number of pictures; it says "one|several" where that makes a difference.
    """
    positions = np.flatnonzero(flags).tolist()
    if not positions:
        return []
    return [
        Finding(
            code,
            severity,
            f"{counted('picture', len(positions))} {numbered(what, len(positions))}.",
            tuple(audited.paths(positions)),
            advice,
        )
    ]


def of_groups(
    audited: Audited, groups: Sequence[Sequence[int]], code: str, severity: str, *, what: str, advice: str
) -> list[Finding]:
    """Return a finding of ``groups`` of positions, or none; ``what`` as in `of_pictures`, with the number as {n}."""
    if not groups:
        return []
    sentence = numbered(what, len(groups)).format(n=len(groups))
    return [Finding(code, severity, sentence, tuple(audited.paths(group) for group in groups), advice)]


def counted(noun: str, n: int) -> str:
    """Return ``n`` and the noun in the form for so many."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def numbered(text: str, n: int) -> str:
    """Return ``text`` in which of each "[one|several]" the form for ``n`` is taken."""
    return re.sub(r"\[([^|\]]*)\|([^\]]*)\]", r"\1" if n == 1 else r"\2", text)
