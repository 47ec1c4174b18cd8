"""The page of a comparison: the verdict on top, then all that it rests on, in one file without a script.

The document is drawn as it is: figures, tests and sentences were made before, and nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from headstart.report.album import Album
from headstart.report.comparison_document import whole
from headstart.report.figures.svg import colour, shape
from headstart.report.figures.wording import brief, chance_of, ends, share, signed
from headstart.report.page import page
from headstart.report.sections import SECTIONS, Told
from headstart.report.words import WORDS, said

PICTURE_BYTES = 2_500_000
"""Bytes of pictures on the page; Base64 makes a third more of them, and the page stays below 5 MB."""

SHARES = {"mistakes": 6, "suspects": 10, "attention": 6, "layers": 4}
"""How the sections share these bytes out; what one leaves is the next one's."""


def comparison_page(
    results: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    lang: str = "en",
    beside: Mapping[str, Any] | None = None,
) -> str:
    """Return the page of a comparison as one HTML file.

    Parameters
    ----------
    results
        The document of a comparison, as in ``results.json`` (format 1).
    pictures
        JPEG files by the names that the document calls them (``pictures/0001.jpg``). One that isn't there is shown as
        text; none at all means that the user asked for a page without pictures.
    lang
        One of `headstart.report.words.LANGUAGES`.
    beside
        Another run to be set beside this one: its ``results``, ``same_test`` (whether both answered the same test
        pictures) and ``pair`` (the two winners compared as in ``pairs``, or None).
    """
    say = partial(_said, lang)
    document = whole(results)
    other = {**beside, "results": whole(beside["results"])} if beside else None
    told = Told(document, Album(pictures, 0), say, other)
    sections = {}
    for name, section in SECTIONS.items():
        told.album.give(PICTURE_BYTES * SHARES.get(name, 0) // sum(SHARES.values()))
        shown = section(told)
        if shown is not None:
            sections[name] = shown
    return page(
        "comparison.html",
        language=say("page.language"),
        skip=say("page.skip"),
        t=say,
        results=document,
        winner=told.winner,
        statements=statements(document["verdict"], lang),
        sections=sections,
        names_alone=told.album.empty,
        outline=shape,
        colour=colour,
        known=_known,
        say_statement=lambda statement: said(lang, statement["key"], statement["values"]),
        brief=brief,
        share=share,
        signed=signed,
        ends=ends,
        p=chance_of,
        time=partial(_time, say),
    )


def statements(verdict: Mapping[str, Any], lang: str) -> list[str]:
    """Return the verdict's sentences; where another version of headstart wrote them, its English ones."""
    given = verdict["statements"]
    if given and all(map(_known, given)):
        return [said(lang, statement["key"], statement["values"]) for statement in given]
    return [verdict["sentence"]] if verdict["sentence"] else []


def _known(statement: Mapping[str, Any]) -> bool:
    return statement["key"] in WORDS


def _said(lang: str, key: str, **values: object) -> str:
    return said(lang, key, values)


def _time(say: partial[str], seconds: float) -> str:
    """Return seconds as people read them."""
    return say("page.seconds", seconds=seconds) if seconds < 100 else say("page.minutes", minutes=round(seconds / 60))
