"""Every sentence that a report says, in every language: one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from headstart.report.words import curve, page, text, verdict
from headstart.report.words.sentence import LANGUAGES, Sentence, listed

__all__ = ["LANGUAGES", "WORDS", "said", "sentence_of"]

WORDS: dict[str, Sentence] = verdict.SENTENCES | page.SENTENCES | curve.SENTENCES | text.SENTENCES

_BETWEEN_SENTENCES = Sentence(en=" ", zh="")


def said(lang: str, key: str, values: Mapping[str, Any] | None = None) -> str:
    """Return the sentence ``key`` in the language ``lang`` (one of `LANGUAGES`) with its ``values`` put in.

    A value that is a list of names is shown as one, see `headstart.report.words.sentence.listed`.
    """
    shown = {name: listed(v, lang) if isinstance(v, list | tuple) else v for name, v in (values or {}).items()}
    return str(getattr(WORDS[key], lang)).format_map(shown)


def sentence_of(statements: Iterable[Mapping[str, Any]], lang: str) -> str:
    """Return all ``statements``, each a ``key`` with its ``values``, as one text in the language ``lang``."""
    between = str(getattr(_BETWEEN_SENTENCES, lang))
    return between.join(said(lang, statement["key"], statement["values"]) for statement in statements)
