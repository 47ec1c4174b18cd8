"""Whether a training may be said to have converged, and the sentence about it.

A schedule whose rate goes to zero always flattens at its end, so a flat end says nothing by itself. The rule:

* stopped by the budget, by the user or by numbers that aren't finite: no.
* stopped early, because the validation loss got no better for as many epochs as the user's patience: yes, unless the
  training loss is above that of the first epoch, for then it diverged and didn't converge.
* the schedule that was wished ran to its end: yes if the best validation loss fell by less than `LITTLE` over the last
  quarter of the epochs, and there was either nothing left to learn (a training accuracy of `LEARNED` or more), or the
  training loss fell by less than `LITTLE` too. If the training loss still falls, a longer schedule learns more: only
  how quickly the rate fell ended it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

LITTLE = 0.02
"""A loss that falls by less than this share in a quarter of the epochs has levelled off."""

LEARNED = 0.99
"""A training accuracy from which on there is next to nothing left to learn from these pictures."""

FEWEST_EPOCHS = 4
"""A last quarter needs at least one epoch in it and three before it."""


def converged(history: Sequence[Mapping[str, float]], stopped: str, epochs_planned: int, epochs_wished: int) -> bool:
    """Return whether training converged, by the rule above; ``history`` has loss, accuracy, val_loss of each epoch."""
    if stopped == "early":
        return history[-1]["loss"] <= history[0]["loss"]
    if stopped != "schedule" or epochs_planned < epochs_wished or len(history) < FEWEST_EPOCHS:
        return False
    learned = history[-1]["accuracy"] >= LEARNED
    return fall(history, "val_loss") < LITTLE and (learned or fall(history, "loss") < LITTLE)


def fall(history: Sequence[Mapping[str, float]], loss: str) -> float:
    """Return by which share the best ``loss`` fell over the last quarter of the epochs, in [0, 1]."""
    losses = [row[loss] for row in history]
    quarter = max(1, len(losses) // 4)
    before, after = min(losses[:-quarter], default=math.inf), min(losses)
    if not 0 < before < math.inf:
        return 0.0
    return 1 - after / before


def sentence(facts: Mapping[str, Any]) -> str:
    """Return in words whether the training that ``facts`` describe converged, and what to do if it didn't."""
    stopped, epochs = facts["stopped"], _counted(facts["epochs_run"])
    if facts["converged"]:
        if stopped == "early":
            return f"training converged: no better validation loss after epoch {facts['best_epoch']} of {epochs}."
        return f"training converged: the validation loss levelled off within {epochs}."
    if stopped in _ENDED:
        return _ENDED[stopped].format(epochs=epochs)
    more = "a larger --budget" if stopped == "budget" else "more --epochs"
    return f"training stopped before it had converged: {_why(facts, epochs)}; give it {more}."


_ENDED = {
    "early": "training diverged, for its loss is higher than after the first epoch; give it a smaller --learning-rate.",
    "nan": "training broke off after {epochs}, for the loss was no number any more; give it a smaller --learning-rate.",
    "interrupted": "training was interrupted after {epochs}, before it had converged.",
}


def _why(facts: Mapping[str, Any], epochs: str) -> str:
    history = facts["history"]
    if len(history) < FEWEST_EPOCHS:
        return f"{epochs} {'is' if len(history) == 1 else 'are'} too few to tell"
    for name, loss in (("validation", "val_loss"), ("training", "loss")):
        if fall(history, loss) >= LITTLE:
            return f"the {name} loss still fell by {fall(history, loss):.0%} over the last quarter of {epochs}"
    return f"{epochs} are fewer than were asked for"


def _counted(epochs: int) -> str:
    return f"{epochs} epoch" if epochs == 1 else f"{epochs} epochs"
