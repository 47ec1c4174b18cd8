"""The learning rate as a function of how much of the training is done."""

from __future__ import annotations

import math
from collections.abc import Callable

WARM_UP = 0.3
"""Share of one-cycle in which the rate rises: about half in Smith 2018 (arXiv:1803.09820); 0.3 is fast.ai's."""

START = 1 / 25
"""Of the peak, where one-cycle begins: fast.ai's ``div_factor``, within the range of Smith 2018."""


def learning_rate(schedule: str, peak: float, done: float) -> float:
    """Return the rate when the share ``done`` of all steps, in [0, 1], is behind."""
    return peak * _SCHEDULES[schedule](done)


def _cosine(done: float) -> float:
    """Half a cosine from 1 to 0 (Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5, without restarts)."""
    return (1 + math.cos(math.pi * done)) / 2


def _one_cycle(done: float) -> float:
    """Linear from `START` to 1, then half a cosine to 0."""
    if done < WARM_UP:
        return START + (1 - START) * done / WARM_UP
    return _cosine((done - WARM_UP) / (1 - WARM_UP))


_SCHEDULES: dict[str, Callable[[float], float]] = {"cosine": _cosine, "one-cycle": _one_cycle}
