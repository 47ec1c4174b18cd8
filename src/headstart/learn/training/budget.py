"""How much of a training fits into the seconds that there are: pure arithmetic on measured speeds."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.durations import in_time
from headstart.errors import UserError

SPARE = 0.1
"""Share of the time left that isn't planned: what a machine that others use too gets slower by, before the clock
has to cut a schedule off whose last epochs are worth the most."""


@dataclass(frozen=True)
class Budget:
    """The ``seconds`` that the user gave, and the ``deadline`` on the loop's clock by which all must be done."""

    seconds: float
    deadline: float


@dataclass(frozen=True)
class Speeds:
    """What was measured, in seconds: a training step, a whole validation, writing the result; pictures in a step."""

    step: float
    validation: float
    saving: float
    batch_size: int


def epochs_that_fit(epochs: int, steps: int, speeds: Speeds, seconds_left: float) -> float:
    """Return how many of the ``epochs`` of so many ``steps`` fit into ``seconds_left``: whole ones, or part of one.

    0 if not even a step fits.
    """
    usable = (seconds_left - speeds.saving) * (1 - SPARE)
    epoch = steps * speeds.step + speeds.validation
    if usable >= epochs * epoch:
        return float(epochs)
    if usable >= epoch:
        return float(int(usable / epoch))
    return max(0, int((usable - speeds.validation) / speeds.step)) / steps


def fitting_sentence(budget: float, fit: float, epochs: int, speeds: Speeds) -> str:
    """Return what is said at the start if not all epochs fit."""
    speed = f"{speeds.batch_size / speeds.step:.0f} pictures/s"
    if fit >= 1:
        return f"Budget {in_time(budget)}: {fit:.0f} of {epochs} epochs fit, {speed}."
    return f"Budget {in_time(budget)}: not one epoch fits, only {max(0.01, fit):.0%} of the pictures are seen, {speed}."


def too_small(budget: float, spent: float, steps: int, speeds: Speeds) -> UserError:
    """Return the error if not a single step fits: ``spent`` seconds went into the start."""
    epoch = steps * speeds.step + speeds.validation
    needed = (spent + epoch / (1 - SPARE) + speeds.saving) * (1 + SPARE)
    return UserError(
        f"--budget is too small: {in_time(max(0.0, budget))} of it were left to train, the start took {in_time(spent)} "
        f"and one epoch takes {in_time(epoch)}; give it at least {needed - budget + 1:.0f}s more."
    )
