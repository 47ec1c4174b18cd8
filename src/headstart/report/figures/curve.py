"""The learning curve: accuracy against pictures per class, what was measured and what the law says of more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from headstart.report.figures.axes import grid
from headstart.report.figures.scale import Scale, linear, logarithmic
from headstart.report.figures.svg import colour, drawing, element, marker, percent, points, shape, stretched
from headstart.report.figures.wording import brief

HEIGHT = 400
"""Pixels of the drawing, as the style sheet has it: labels at its right keep apart by them."""

LINE = 17
"""Pixels from one label to the next at least."""


def learning_curve(curve: Mapping[str, Any], label: str) -> Markup:
    """Return the chart of a ``curve`` of the document; ``label`` is its message in words."""
    series = [
        {**of, "predicted": [p for p in of["predicted"] if p["accuracy"] is not None]}
        for of in curve["of"]
        if of["points"]
    ]
    sizes = sorted({p["per_class"] for of in series for p in (*of["points"], *of["predicted"])})
    across = logarithmic(sizes, _ticks(sizes))
    upwards = linear((value for of in series for value in _values(of)), least=0, most=1)
    return drawing(
        label,
        grid(across, upwards),
        stretched(*(_lines(of, i, across, upwards) for i, of in enumerate(series))),
        *(_dots(of, i, across, upwards) for i, of in enumerate(series)),
        *_labels(series, upwards),
        class_="area curve",
    )


def _values(of: Mapping[str, Any]) -> list[float]:
    measured = [value for point in of["points"] for value in (point["accuracy"], *point["each"])]
    ahead = [point[key] for point in of["predicted"] for key in ("accuracy", "low", "high")]
    return measured + [value for value in ahead if value is not None]


def _lines(of: Mapping[str, Any], number: int, across: Scale, upwards: Scale) -> Markup:
    """Return the band and the dashed line of what is predicted, and the line of what was measured."""

    def line(pairs: Sequence[Mapping[str, Any]], key: str = "accuracy") -> list[tuple[float, float]]:
        return [(across.at(pair["per_class"]), upwards.up(pair[key])) for pair in pairs]

    of_series = colour(number)
    measured, predicted = of["points"], of["predicted"]
    inside = [element("polyline", points=points(line(measured)), class_=f"line {of_series}")]
    if predicted:
        begin = line(measured[-1:])
        known = [point for point in predicted if point["low"] is not None and point["high"] is not None]
        band = [*begin, *line(known, "high"), *reversed(line(known, "low"))]
        inside.insert(0, element("polygon", points=points(band), class_=f"band {of_series}"))
        inside.append(element("polyline", points=points([*begin, *line(predicted)]), class_=f"line dashed {of_series}"))
    return Markup("").join(inside)


def _dots(of: Mapping[str, Any], number: int, across: Scale, upwards: Scale) -> Markup:
    each = [
        element(
            "circle",
            cx=percent(across.at(p["per_class"])),
            cy=percent(upwards.up(value)),
            r="2.2",
            class_=f"draw {colour(number)}",
        )
        for p in of["points"]
        if len(p["each"]) > 1
        for value in p["each"]
    ]
    means = [marker(number, across.at(p["per_class"]), upwards.up(p["accuracy"])) for p in of["points"]]
    ahead = [
        marker(number, across.at(p["per_class"]), upwards.up(p["accuracy"]), class_="hollow") for p in of["predicted"]
    ]
    return Markup("").join([*each, *means, *ahead])


def _labels(series: Sequence[Mapping[str, Any]], upwards: Scale) -> list[Markup]:
    """Return the names at the ends of the lines, moved apart where they would cover each other."""
    last = [(of["predicted"] or of["points"])[-1]["accuracy"] for of in series]
    places = apart([upwards.up(accuracy) * HEIGHT / 100 for accuracy in last], LINE, HEIGHT)
    return [
        element(
            "svg",
            element("path", d=shape(i, 14, 0), class_=f"mark {colour(i)}"),
            element("text", brief(of["id"].partition("@")[0], 24), x="25", dy="0.35em", class_="direct"),
            x="100%",
            y=y,
            class_="at direct-label",
        )
        for i, (of, y) in enumerate(zip(series, places, strict=True))
    ]


def apart(wanted: Sequence[float], least: float, end: float) -> list[float]:
    """Return the ``wanted`` places, moved so that ``least`` lies between any two and the last isn't beyond ``end``."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = list(wanted)
    for before, after in pairwise(order):
        places[after] = max(places[after], places[before] + least)
    for i in reversed(order):
        places[i] = min(places[i], end)
        end = places[i] - least
    return places


def _ticks(sizes: Sequence[int]) -> list[float]:
    """Return the sizes to be named on the axis: of two that stand close together, the larger goes."""
    kept: list[float] = []
    for size in sizes:
        if not kept or size >= 1.6 * kept[-1]:
            kept.append(size)
    return kept
