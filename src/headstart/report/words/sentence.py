"""A sentence in every language that reports are written in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LANGUAGES = ("en", "zh")

MOST_NAMES = 3
"""Names in a sentence; the rest are counted."""


@dataclass(frozen=True)
class Sentence:
    """Templates of `str.format` with the same fields, in English and in Simplified Chinese."""

    en: str
    zh: str


_BETWEEN = Sentence(en=", ", zh="、")
_LAST = Sentence(en="{names} and {last}", zh="{names} 和 {last}")
_MORE = Sentence(en="{names} and {more} more", zh="{names} 等 {all} 个")


def listed(names: Sequence[str], lang: str) -> str:
    """Return ``names`` for a sentence in the language ``lang``: the first `MOST_NAMES`, and how many more there are."""
    shown, more = [str(name) for name in names[:MOST_NAMES]], len(names) - MOST_NAMES
    between = str(getattr(_BETWEEN, lang))
    if more > 0:
        return str(getattr(_MORE, lang)).format(names=between.join(shown), more=more, all=len(names))
    if len(shown) < 2:
        return between.join(shown)
    return str(getattr(_LAST, lang)).format(names=between.join(shown[:-1]), last=shown[-1])
