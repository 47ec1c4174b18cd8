"""Sizes as people write them."""

from __future__ import annotations

import re
from decimal import Decimal

from headstart.errors import UserError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def bytes_of(text: str, option: str) -> int:
    """Return the number of bytes in a text such as 500MB or 2GB; raise `UserError` naming ``option`` if it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().casefold())
    if not match:
        raise UserError(f"{option} {text}: write a size as in 500MB or 2GB.")
    return int(Decimal(match[1]) * _UNITS[match[2]])


def in_words(size: int) -> str:
    """Return a number of bytes as people read it: 512 kB, 3.4 MB, 2.0 GB."""
    for unit, name in ((10**9, "GB"), (10**6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size // 1000} kB"
