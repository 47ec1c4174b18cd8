"""Differences of two approaches on the same pictures: rows around a line where nothing differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from headstart.judge.pairs import LEVEL
from headstart.report.figures.intervals import ruler, whiskers
from headstart.report.figures.scale import Scale, linear


@dataclass(frozen=True)
class Difference:
    """A pair of the document, the drawing of its difference, and whether the two can be told apart."""

    pair: Mapping[str, Any]
    drawing: Markup
    apart: bool


def differences(pairs: Sequence[Mapping[str, Any]]) -> tuple[Markup, list[Difference]]:
    """Return the numbers above the rows, and a row for each of ``pairs``, all on one scale."""
    scale = _scale(pairs)
    rows = []
    for pair in pairs:
        corrected = pair["p_holm"] if pair["p_holm"] is not None else 1.0
        apart = corrected < LEVEL
        rows.append(Difference(pair, whiskers(pair["difference"], scale, 0.0, "" if apart else "open"), apart))
    return ruler(scale), rows


def _scale(pairs: Sequence[Mapping[str, Any]]) -> Scale:
    ends = [pair["difference"][key] for pair in pairs for key in ("value", "low", "high")]
    return linear([0.0, *(end for end in ends if end is not None)], least=-1, most=1)
