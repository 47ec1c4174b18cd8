"""The sections of a comparison's page, one function each: excerpts of the document, and their drawings."""

from __future__ import annotations

from collections.abc import Callable

from headstart.report.sections import judged, run, seen
from headstart.report.sections.told import Section, Told

__all__ = ["SECTIONS", "Section", "Told"]

SECTIONS: dict[str, Callable[[Told], Section | None]] = {
    "approaches": judged.approaches,
    "pairs": judged.pairs,
    "repeats": judged.repeats,
    "beside": judged.beside,
    "curve": judged.curve,
    "training": judged.training,
    "reliability": judged.reliability,
    "confusion": seen.confusion,
    "classes": seen.classes,
    "mistakes": seen.mistakes,
    "suspects": seen.suspects,
    "attention": seen.attention,
    "map": seen.map_,
    "layers": seen.layers,
    "findings": run.findings,
    "not_run": run.not_run,
    "warnings": run.warnings,
    "cost": run.cost,
    "reproduce": run.reproduce,
}
"""In the order of the page; each is drawn by the template of its name, and left out where it has nothing to show."""
