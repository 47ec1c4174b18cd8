"""Elements of SVG: attributes in, escaped markup out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from markupsafe import Markup, escape

from headstart.report.page import shown

COLOURS = 8
"""Colours by which series are told apart; from the next on, they repeat."""

_CORNERS = (
    ((-4, 0),),  # a circle
    ((-3.7, -3.7), (3.7, -3.7), (3.7, 3.7), (-3.7, 3.7)),  # a square
    ((0, -5), (4.8, 3.6), (-4.8, 3.6)),  # a triangle
    ((0, -5.2), (5.2, 0), (0, 5.2), (-5.2, 0)),  # a diamond
    ((0, 5), (4.8, -3.6), (-4.8, -3.6)),  # a triangle on its tip
    (  # a plus
        *((-1.7, -5), (1.7, -5), (1.7, -1.7), (5, -1.7), (5, 1.7), (1.7, 1.7)),
        *((1.7, 5), (-1.7, 5), (-1.7, 1.7), (-5, 1.7), (-5, -1.7), (-1.7, -1.7)),
    ),
    (  # a cross
        *((-5, -2.7), (-2.7, -5), (0, -2.3), (2.7, -5), (5, -2.7), (2.3, 0)),
        *((5, 2.7), (2.7, 5), (0, 2.3), (-2.7, 5), (-5, 2.7), (-2.3, 0)),
    ),
    ((-5.5, -2.2), (5.5, -2.2), (5.5, 2.2), (-5.5, 2.2)),  # a bar
    ((-2.2, -5.5), (2.2, -5.5), (2.2, 5.5), (-2.2, 5.5)),  # a bar that stands
    ((-5, -4.2), (5, -4.2), (0, 0), (5, 4.2), (-5, 4.2), (0, 0)),  # an hourglass
)


def element(tag: str, *inside: str, **attributes: object) -> Markup:
    """Return an element with what is ``inside`` it, text escaped; ``class_`` is the attribute ``class``."""
    written = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("__", "-"), _text(value))
        for name, value in attributes.items()
        if value is not None
    )
    content = Markup("").join(escape(shown(part)) for part in inside)
    if not content:
        return Markup("<{}{}/>").format(tag, written)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, written, content)


def drawing(label: str | None, *inside: str, class_: str) -> Markup:
    """Return a whole drawing: named ``label`` for who can't see it, or hidden where the text beside it says as much."""
    if label is None:
        return element("svg", *inside, class_=class_, aria__hidden="true")
    return element("svg", *inside, class_=class_, role="img", aria__label=label)


def stretched(*inside: str) -> Markup:
    """Return a layer of 100 × 100 units over the whole drawing, for lines and areas: their strokes aren't stretched."""
    return element(
        "svg", *inside, viewBox="0 0 100 100", width="100%", height="100%", preserveAspectRatio="none", class_="layer"
    )


def percent(value: float) -> str:
    """Return a position as a share of the drawing."""
    return f"{number(value)}%"


def number(value: float) -> str:
    """Return a coordinate, short: two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def points(pairs: Iterable[tuple[float, float]]) -> str:
    """Return the points of a line or an area."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in pairs)


def colour(series: int) -> str:
    """Return the class of the style sheet that gives a series its colour."""
    return f"series-{series % COLOURS + 1}"


def shape(series: int, x: float = 0.0, y: float = 0.0) -> str:
    """Return the outline of a series' sign around a place, as commands of a path; ten signs differ."""
    corners = _CORNERS[series % len(_CORNERS)]
    start = f"M{number(x + corners[0][0])} {number(y + corners[0][1])}"
    if len(corners) == 1:
        return f"{start}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
    steps = (f"l{number(b[0] - a[0])} {number(b[1] - a[1])}" for a, b in pairwise(corners))
    return f"{start}{''.join(steps)}z"


def marker(series: int, x: float, y: float, class_: str = "") -> Markup:
    """Return the sign of a series at a position in percent; its shape tells it apart without its colour."""
    sign = element("path", d=shape(series), class_=f"mark {colour(series)} {class_}".strip())
    return element("svg", sign, x=percent(x), y=percent(y), class_="at")


def _text(value: object) -> object:
    return number(value) if isinstance(value, float) else shown(value)
