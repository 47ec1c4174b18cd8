"""How a network was trained: loss, or accuracy, after each epoch, on train and on val."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from headstart.report.figures.axes import grid
from headstart.report.figures.scale import Scale, linear
from headstart.report.figures.svg import drawing, element, percent, points, stretched


def training_history(history: Sequence[Mapping[str, Any]], figure: str, best: int | None, label: str) -> Markup:
    """Return the chart of a ``figure`` (``loss`` or ``accuracy``) over the epochs; a line stands at the ``best``."""
    epochs = [entry["epoch"] for entry in history]
    most = 1.0 if figure == "accuracy" else float("inf")
    values = [v for entry in history for v in (entry[figure], entry[f"val_{figure}"]) if v is not None]
    upwards = linear(values, least=0, most=most, about=4)
    across = Scale(min(epochs), max(epochs), _ticks(epochs))

    def line(key: str) -> str:
        return points((across.at(e["epoch"]), upwards.up(e[key])) for e in history if e[key] is not None)

    inside = [grid(across, upwards)]
    if best is not None:
        x = percent(across.at(best))
        inside.append(element("line", x1=x, x2=x, y1="0%", y2="100%", class_="mark-line"))
    inside.append(
        stretched(
            element("polyline", points=line(figure), class_="line series-1"),
            element("polyline", points=line(f"val_{figure}"), class_="line dashed series-2"),
        )
    )
    if len(history) == 1:
        inside += [
            element("circle", cx="50%", cy=percent(upwards.up(history[0][key])), r="4", class_=f"mark series-{i}")
            for i, key in ((1, figure), (2, f"val_{figure}"))
            if history[0][key] is not None
        ]
    return drawing(label, *inside, class_="area history")


def _ticks(epochs: Sequence[int]) -> list[float]:
    first, last = min(epochs), max(epochs)
    return [first, last] if last > first else [first]
