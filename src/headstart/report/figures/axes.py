"""The frame of a chart: its lines and numbers, at the left and below."""

from __future__ import annotations

from markupsafe import Markup

from headstart.report.figures.scale import Scale
from headstart.report.figures.svg import element, percent
from headstart.report.figures.wording import short


def grid(across: Scale, upwards: Scale) -> Markup:
    """Return grid lines for the numbers of both axes, and the numbers outside of the drawing."""
    return Markup("").join(
        [
            *(
                element(
                    "line",
                    x1="0%",
                    x2="100%",
                    y1=percent(upwards.up(tick)),
                    y2=percent(upwards.up(tick)),
                    class_="grid",
                )
                for tick in upwards.ticks
            ),
            *(
                element(
                    "text",
                    short(tick),
                    x="0%",
                    y=percent(upwards.up(tick)),
                    dx="-0.6em",
                    dy="0.35em",
                    class_="tick end",
                )
                for tick in upwards.ticks
            ),
            element("line", x1="0%", x2="100%", y1="100%", y2="100%", class_="axis"),
            *(
                element("text", short(tick), x=percent(across.at(tick)), y="100%", dy="1.5em", class_="tick middle")
                for tick in across.ticks
            ),
        ]
    )
