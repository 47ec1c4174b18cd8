"""Pictures that are hard to see anything in."""

from __future__ import annotations

import numpy as np

from headstart.data.audit.finding import NOTE, WARNING, Audited, Finding, of_pictures
from headstart.data.facts import shorter_sides

DARK, BRIGHT = 64, 192
"""Dark pictures have hardly a grey value above the first, bright ones hardly one below the second, in [0, 255]."""

BLURRED = 0.05
"""Of `headstart.data.facts` sharpness: photos blurred by 3 of 224 pixels have about that, photos in focus ten times
as much."""

TINY = 64
"""Pixels; shorter sides are scaled up three times and more for most networks."""

ODD_ASPECT = 3


def looks(audited: Audited) -> list[Finding]:
    """Dark, bright, blurred, tiny and long pictures."""
    facts = audited.pictures.facts
    dark, bright = facts["bright"] < DARK, facts["dark"] > BRIGHT
    shorter = shorter_sides(facts)
    longer = np.maximum(facts["width"], facts["height"])
    seen = {
        "squash": "[it is|they are] squashed",
        "crop": "only [its|their] middle is seen",
        "pad": "most of what a network sees is grey beside [it|them]",
    }[audited.fit]
    checks = (
        (dark, "too-dark", WARNING, "[is|are] dark all over", "Delete what nothing can be seen in."),
        (bright, "too-bright", WARNING, "[is|are] bright all over", "Delete what nothing can be seen in."),
        (
            (facts["sharpness"] < BLURRED) & ~dark & ~bright,
            "blurred",
            NOTE,
            "[is|are] blurred, or of one colour, even at the size that a network sees",
            "Keep them if the pictures to be classified will be like that; else delete them.",
        ),
        (
            shorter < TINY,
            "tiny",
            NOTE,
            f"[has|have] a side of fewer than {TINY} pixels and will be scaled up",
            "Use larger originals if there are any.",
        ),
        (
            longer > ODD_ASPECT * shorter,
            "odd-aspect",
            NOTE,
            f"[is|are] more than {ODD_ASPECT} times as long as wide: with --fit {audited.fit} {seen}",
            "Try another --fit, or cut them.",
        ),
    )
    return [
        finding
        for flags, code, severity, what, advice in checks
        for finding in of_pictures(audited, flags, code, severity, what=what, advice=advice)
    ]
