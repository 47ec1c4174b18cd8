"""A figure with its interval as a dot with whiskers, one row of a table each, all on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from headstart.report.figures.scale import Scale
from headstart.report.figures.svg import drawing, element, percent
from headstart.report.figures.wording import short


def whiskers(figure: Mapping[str, Any], scale: Scale, mark: float | None = None, kind: str = "") -> Markup:
    """Return the row of one figure; ``mark`` is a value to compare with (chance, or no difference), drawn as a line.

    It is hidden from screen readers: the numbers stand beside it. ``kind`` is a class of the style sheet.
    """
    inside = [_upright(scale.at(tick), "grid") for tick in scale.ticks]
    if mark is not None:
        inside.append(_upright(scale.at(mark), "mark-line"))
    if figure.get("low") is not None and figure.get("high") is not None:
        low, high = scale.at(figure["low"]), scale.at(figure["high"])
        inside.append(element("line", x1=percent(low), x2=percent(high), y1="50%", y2="50%", class_="whisker"))
        inside += [
            element("line", x1=percent(x), x2=percent(x), y1="34%", y2="66%", class_="whisker") for x in (low, high)
        ]
    if figure.get("value") is not None:
        inside.append(element("circle", cx=percent(scale.at(figure["value"])), cy="50%", r="4.5", class_="dot"))
    return drawing(None, *inside, class_=f"row {kind}".strip())


def ruler(scale: Scale, mark: float | None = None, word: str = "") -> Markup:
    """Return the numbers of the scale, as the head of the rows; ``word`` names the line at ``mark``."""
    inside = [
        element("text", short(tick), x=percent(scale.at(tick)), y="100%", dy="-0.35em", class_="tick middle")
        for tick in scale.ticks
    ]
    if mark is not None and word:
        at = scale.at(mark)
        anchor = "start" if at < 20 else "end" if at > 80 else "middle"
        inside.append(element("text", word, x=percent(at), y="0%", dy="0.95em", class_=f"tick {anchor}"))
    return drawing(None, *inside, class_="ruler")


def _upright(x: float, class_: str) -> Markup:
    return element("line", x1=percent(x), x2=percent(x), y1="0%", y2="100%", class_=class_)
