"""The map of the features: a sign for each picture, those that look alike to the network close together."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from headstart.report.figures.svg import colour, drawing, element, shape
from headstart.report.figures.wording import Say, brief

BY_CLASS = 10
"""Up to so many classes, each has a sign of its own; of more, signs tell right from wrong."""

SIDE = 1000
"""Units along a side of the map."""

DRAWN = 8000
"""Pictures on the map at most; of more, every second, third and so on."""

TITLED = 1500
"""Pictures that say what they are when pointed at."""


def feature_map(
    points: Sequence[Sequence[float]], paths: Sequence[str], classes: Sequence[str], say: Say, label: str
) -> Markup:
    """Return the map of ``points`` (x, y in [0, 1], label, predicted, side); ``paths`` are their pictures' names."""
    by_class = len(classes) <= BY_CLASS
    plain: dict[int, list[str]] = {}
    told: list[Markup] = []
    for i in range(0, len(points), -(-len(points) // DRAWN) or 1):
        true, predicted = int(points[i][2]), int(points[i][3])
        x, y = 12 + (SIDE - 24) * points[i][0], 12 + (SIDE - 24) * (1 - points[i][1])
        missed = predicted not in (true, -1)
        series = true if by_class else int(missed)
        if missed and len(told) < TITLED:
            title = say(
                "page.map.point",
                path=brief(paths[i]) if i < len(paths) else "",
                true=brief(classes[true]),
                predicted=brief(classes[predicted]),
            )
            ring = element("circle", cx=x, cy=y, r="9", class_="ring") if by_class else ""
            sign = element("path", d=shape(series, x, y), class_=f"mark {_colour(series, by_class)}")
            told.append(element("g", element("title", title), ring, sign))
        else:
            plain.setdefault(series, []).append(shape(series, x, y))
    signs = [
        element("path", d="".join(outlines), class_=f"mark {_colour(series, by_class)}")
        for series, outlines in sorted(plain.items())
    ]
    whole = element("svg", *signs, *told, viewBox=f"0 0 {SIDE} {SIDE}", width="100%", height="100%")
    return drawing(label, whole, class_="map")


def _colour(series: int, by_class: bool) -> str:
    return colour(series) if by_class else ("right", "wrong")[series]
