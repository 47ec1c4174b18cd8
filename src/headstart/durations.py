"""Durations as people write them."""

from __future__ import annotations

import re

from headstart.errors import UserError

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def seconds_of(text: str, option: str) -> float:
    """Return the seconds in a text such as 90s, 5m or 1h30m; raise `UserError` naming ``option`` if it is none."""
    written = re.sub(r"\s", "", text).casefold().replace("min", "m")
    match = _DURATION.fullmatch(written)
    hours, minutes, seconds = (int(number or 0) for number in match.groups()) if match else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + seconds
    if not total:
        raise UserError(f"{option} {text}: write a duration as in 90s, 5m or 1h30m.")
    return float(total)


def in_time(seconds: float) -> str:
    """Return seconds as people read them: 45 s, 3 min, 1 h 30 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
