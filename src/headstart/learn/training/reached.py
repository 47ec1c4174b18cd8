"""How far a training is: with the learner's state, all that is needed to go on with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from headstart.learn.training.budget import Speeds

Arrays = dict[str, NDArray[Any]]


@dataclass
class Reached:
    """What a training has reached; it is added to as the training goes on.

    Attributes
    ----------
    batch_size
        Pictures in a step; halved when memory runs out.
    peak_rate
        The schedule's highest learning rate.
    epochs
        How many are planned: less than 1 if not even one fits into the budget.
    history
        A row of each epoch that was validated, see `headstart.learn.training.plan.Trained`.
    best
        Weights after the epoch with the best validation loss; None before there is one.
    speeds
        What was measured for the budget; None without one.
    timed_pictures, timed_seconds
        What the steady steps learned from, and how long they took.
    """

    batch_size: int
    peak_rate: float
    epochs: float
    history: list[dict[str, Any]] = field(default_factory=list)
    best: Arrays | None = None
    speeds: Speeds | None = None
    timed_pictures: int = 0
    timed_seconds: float = 0.0

    @property
    def best_epoch(self) -> int:
        """The epoch of the best validation loss, the first of equals; there must have been one."""
        return int(min(self.history, key=lambda row: float(row["val_loss"]))["epoch"])

    @property
    def pictures_per_second(self) -> float | None:
        """How fast the steady steps were; None if there were none."""
        return self.timed_pictures / self.timed_seconds if self.timed_seconds else None
