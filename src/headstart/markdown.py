"""Markdown of text that nobody has vetted: names of classes and files are text in it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headstart.documents import showable

_ENTITIES = re.compile(r"<(?=[A-Za-z/!?])|&(?=[#A-Za-z])|\|")
"""Tags, entities, and what ends the cell of a table."""

_ACTIVE = re.compile(
    r"[\\`*\[\]~$]"  # emphasis, code, links, strokes through, formulas
    r"|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])"  # emphasis too, but not inside a word
    r"|:(?=//)|(?<=www)\."  # what some renderers make links of
    r"|\{(?=[{%])"  # templates
)

_LEADING = re.compile(r"^(\s*\d*)([-+=#>.)])")
"""What begins a list, a heading or a quotation where it stands at the beginning of a line."""


def plain(text: object) -> str:
    """Return ``text`` as Markdown that shows it as it is, on one line, in a table's cell too."""
    escaped = _ACTIVE.sub(r"\\\g<0>", showable(str(text)))
    escaped = _ENTITIES.sub(lambda found: f"&#{ord(found[0])};", escaped)
    return _LEADING.sub(r"\1\\\2", escaped)


def code_block(language: str, *lines: str) -> str:
    """Return ``lines`` as a block of code: its fence is longer than any that is in them."""
    shown = [showable(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, 1 + longest)
    return "\n".join((f"{fence}{language}", *shown, fence))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already; the first column to the left, the others to the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
