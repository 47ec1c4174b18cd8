"""The approaches that are compared: which one was best on the val part, and which two say what transfer brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.judge.pairs import Right
from headstart.learn.approaches import FINE_TUNE, FROZEN, SCRATCH


@dataclass(frozen=True, eq=False)
class Contender:
    """An approach that is done, as far as a verdict needs it.

    Attributes
    ----------
    id
        ``approach@backbone``, or the bare approach; no two are the same.
    family
        As in the table of approaches: frozen, handcrafted, fine-tune or scratch.
    backbone
        The network's name.
    transfers
        Whether it begins with pretrained weights.
    val_accuracy, val_log_loss
        By which it is chosen.
    seconds
        What it cost, all stages together.
    right
        ``(n_test,)``: which test pictures it got right; the same pictures in the same order for all.
    converged
        Of a trained network, whether more training would not have helped; None of others.
    kept
        Of fine-tune, which of the two was better on val: "fine-tuned" or "frozen".
    budget_seconds
        The time that was declared for its training, if any.
    """

    id: str
    family: str
    backbone: str
    transfers: bool
    val_accuracy: float
    val_log_loss: float
    seconds: float
    right: Right
    converged: bool | None = None
    kept: str | None = None
    budget_seconds: float | None = None

    @property
    def accuracy(self) -> float:
        """The share of the test pictures that it got right."""
        return float(self.right.mean())

    @property
    def starved(self) -> bool:
        """Whether it is a network that was trained for too short a time to be judged."""
        return self.family in (FINE_TUNE, SCRATCH) and self.converged is False


Pair = tuple[Contender, Contender]


def merit(accuracy: float, log_loss: float) -> tuple[float, float]:
    """Return what is compared on val, the larger the better: the accuracy, and if that is the same the log loss."""
    return accuracy, -log_loss


def ranked(contenders: Sequence[Contender]) -> list[Contender]:
    """Return the contenders, the best on val first: by accuracy, then by log loss, then as they were given.

    The test part has no say.
    """
    return sorted(contenders, key=lambda c: merit(c.val_accuracy, c.val_log_loss), reverse=True)


def transfer_pair(ranking: Sequence[Contender]) -> Pair | None:
    """Return the best with transfer and the best without, by val; None if one of the two wasn't run."""
    transferring = [c for c in ranking if c.transfers]
    others = [c for c in ranking if not c.transfers]
    return (transferring[0], others[0]) if transferring and others else None


def fine_tuning_pair(ranking: Sequence[Contender]) -> Pair | None:
    """Return the best fine-tuned network and the best frozen one, of the same backbone if there is one, by val.

    None if one of the two wasn't run.
    """
    tuned = next((c for c in ranking if c.family == FINE_TUNE), None)
    frozen = [c for c in ranking if c.family == FROZEN]
    if tuned is None or not frozen:
        return None
    return tuned, next((c for c in frozen if c.backbone == tuned.backbone), frozen[0])
