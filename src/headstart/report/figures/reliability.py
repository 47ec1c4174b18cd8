"""Whether probabilities can be believed: how often a picture is right, by how sure the model was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from headstart.report.figures.axes import grid
from headstart.report.figures.scale import Scale, counting
from headstart.report.figures.svg import drawing, element, percent, stretched
from headstart.report.figures.wording import Say

UNIT = Scale(0.0, 1.0, [0.0, 0.25, 0.5, 0.75, 1.0])


def reliability_curve(bins: Sequence[Mapping[str, Any]], say: Say, label: str) -> Markup:
    """Return the chart of the ten ``bins``: a dot with its interval each, over bars of how many pictures they hold."""
    most = counting(max((entry["pictures"] for entry in bins), default=1))
    bars = [
        element(
            "rect",
            x=f"{100 * entry['low']:.2f}",
            width=f"{100 * (entry['high'] - entry['low']):.2f}",
            y=100 - 0.24 * most.at(entry["pictures"]),
            height=0.24 * most.at(entry["pictures"]),
            class_="count",
        )
        for entry in bins
        if entry["pictures"]
    ]
    diagonal = element("line", x1="0", y1="100", x2="100", y2="0", class_="line dashed ideal")
    return drawing(
        label,
        grid(UNIT, UNIT),
        stretched(*bars, diagonal),
        *(_bin(entry, say) for entry in bins if entry.get("accuracy") and entry["pictures"]),
        class_="area square",
    )


def _bin(entry: Mapping[str, Any], say: Say) -> Markup:
    accuracy = entry["accuracy"]
    x, y = percent(UNIT.at(entry["confidence"])), percent(UNIT.up(accuracy["value"]))
    title = say(
        "page.reliability.bin",
        pictures=entry["pictures"],
        confidence=entry["confidence"],
        accuracy=accuracy["value"],
    )
    whisker = []
    if accuracy.get("low") is not None and accuracy.get("high") is not None:
        low, high = percent(UNIT.up(accuracy["low"])), percent(UNIT.up(accuracy["high"]))
        whisker = [element("line", x1=x, x2=x, y1=low, y2=high, class_="whisker")]
    return element("g", element("title", title), *whisker, element("circle", cx=x, cy=y, r="4.5", class_="dot"))
