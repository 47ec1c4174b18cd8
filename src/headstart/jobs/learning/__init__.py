"""How each family of approaches gets from pictures to a network and a head: one table, one file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headstart.jobs.learning.fine_tuned import fine_tune_wish, learnt_by_fine_tuning
from headstart.jobs.learning.from_scratch import learnt_from_scratch, scratch_wish
from headstart.jobs.learning.given import Given, Learned
from headstart.jobs.learning.on_features import learnt_on_features, vectors_wish
from headstart.jobs.setup import Wish, handcrafted_wish
from headstart.learn.approaches import FINE_TUNE, FROZEN, HANDCRAFTED, SCRATCH
from headstart.progress import Listener
from headstart.settings import TrainSettings

__all__ = ["FAMILIES", "Family", "Given", "Learned"]


@dataclass(frozen=True)
class Family:
    """What every family owes.

    ``wish`` checks the settings as far as that costs nothing, before a picture is read; ``learn`` returns what was
    learnt, from the train part and, for stopping and choosing, the val part.
    """

    wish: Callable[[TrainSettings], Wish]
    learn: Callable[[Given, Listener], Learned]


FAMILIES: dict[str, Family] = {
    FROZEN: Family(vectors_wish, learnt_on_features),
    HANDCRAFTED: Family(lambda settings: handcrafted_wish(settings.fit), learnt_on_features),
    FINE_TUNE: Family(fine_tune_wish, learnt_by_fine_tuning),
    SCRATCH: Family(scratch_wish, learnt_from_scratch),
}
