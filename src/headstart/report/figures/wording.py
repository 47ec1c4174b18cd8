"""How numbers are written on a page, in any language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

NONE = "–"
"""What stands for a figure that the data can't give."""


class Say(Protocol):
    """Returns a sentence of the page in its language, with values put in."""

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence ``key``."""


def share(value: float | None) -> str:
    """Return a figure with three decimals."""
    return NONE if value is None else f"{value:z.3f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float | None) -> str:
    """Return a difference with its sign."""
    return NONE if value is None else f"{value:+z.3f}".replace("-", "\N{MINUS SIGN}")


def ends(interval: Mapping[str, Any] | None, signs: bool = False) -> str:
    """Return both ends of an interval, empty where there is none."""
    if not interval or interval.get("low") is None or interval.get("high") is None:
        return ""
    write = signed if signs else share
    return f"{write(interval['low'])} … {write(interval['high'])}"


def chance_of(p_value: float | None) -> str:
    """Return a p value with three decimals, the smallest as a bound."""
    if p_value is None:
        return NONE
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def short(value: float) -> str:
    """Return the number at a tick of an axis."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def brief(name: str, longest: int = 40) -> str:
    """Return ``name`` as it stands in a tooltip, its middle left out where it is long."""
    half = longest // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"
