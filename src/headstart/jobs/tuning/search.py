"""The search: trial after trial, until nothing is left to be tried, or the clock or the user says so."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict, dataclass, field

from headstart.durations import in_time
from headstart.errors import HeadstartError
from headstart.jobs.learning import Given
from headstart.jobs.tuning.found import Found, write_best
from headstart.jobs.tuning.spaces import Space, options_of, size_of
from headstart.jobs.tuning.study import Asked, Search
from headstart.jobs.tuning.trials import (
    HopelessError,
    Judge,
    TimeUpError,
    clocked,
    judge_of,
    remove_checkpoint,
    trial_given,
    trial_listener,
)
from headstart.progress import Listener, Said
from headstart.settings import TuneSettings

SLOWER = 1.2
"""The last training is given so much more time than its trial took: the machine may be busier then."""

_IN_TIME = 0.9
"""A training plans with so much of its time; after all of it, whatever it does, it is ended."""

_LEAST_SECONDS = 2.0

_SHARE, _LEAST_SHARE_SECONDS = 1 / 8, 30.0
"""A trial may take so much of the budget, or so many seconds if that is more: longer trainings are cut short, all in
the same way, so that several can be compared."""

_LAST_SHARE = 0.4
"""So much of the budget is kept for the last training where those of the search were cut short: it isn't."""


@dataclass(frozen=True)
class Clock:
    """What is left of the budget, in seconds, and what must be kept for the training at the end.

    Attributes
    ----------
    budget
        What there was at the beginning.
    end
        When all must be done, by ``time.monotonic``.
    overhead
        What the last training takes beside the training itself.
    test_share
        How many test pictures there are for each of the others.
    trains_a_network
        Whether a trial can be cut short, and be done again as the last training.
    """

    budget: float
    end: float
    overhead: float
    test_share: float
    trains_a_network: bool

    def left(self) -> float:
        """Return the seconds that are left in all."""
        return self.end - time.monotonic()

    def reserved(self, search: Search) -> float:
        """Return the seconds that the training at the end is to have, if the best stays the best."""
        best = search.best()
        if best is None:
            return self.overhead
        training = best.seconds - (0 if self.trains_a_network else float(best.figures["features"]))
        features = max(float(tried.figures["features"]) for tried in search.complete())
        least = _LAST_SHARE * self.budget if best.figures["shortened"] else 0.0
        return max(least, self.overhead + SLOWER * training + self.test_share * features)

    def for_a_trial(self, search: Search) -> float:
        """Return the seconds that one more trial may take; 0 if it had hardly a chance to end in time."""
        left = self.left() - self.reserved(search)
        taken = [tried.seconds for tried in search.complete()]
        if left < max(_LEAST_SECONDS, statistics.median(taken) if taken else 0):
            return 0.0
        if self.trains_a_network:  # it may be the best, and is done again then
            left = min(left, (self.left() - self.overhead) / (1 + SLOWER))
        if self.trains_a_network or taken:  # the fixed rule's features are needed, however long they take
            left = min(left, max(_SHARE * self.budget, _LEAST_SHARE_SECONDS))
        return left


@dataclass
class Searching:
    """A search that goes on.

    ``given`` is what each trial is given, its own settings aside; ``search`` is where trials are kept.
    """

    settings: TuneSettings
    given: Given
    space: Space
    search: Search
    clock: Clock
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.judge = judge_of(self.given.way.family)

    def found(self, listen: Listener) -> Found:
        """Try settings until nothing is left, or the clock or the user says so; keep the best so far in a file.

        Raises
        ------
        TimeUpError
            If the fixed rule's own trial didn't end in time.
        KeyboardInterrupt
            If the user ended it before anything was found.
        """
        listen(Said(self._beginning()))
        search, interrupted = self.search, False
        best = search.best()
        try:
            while not interrupted and self._may_go_on() and (seconds := self.clock.for_a_trial(search)):
                asked = search.ask()
                if asked is None:
                    listen(Said("All combinations were tried."))
                    break
                interrupted = self._try(asked, seconds, listen)
                if search.best() != best:
                    best = search.best()
                    so_far = self._so_far(interrupted=interrupted)
                    write_best(so_far, self.settings)
                    listen(Said(so_far.sentence()))
        except KeyboardInterrupt:  # between two trials
            interrupted = True
        if best is None:
            raise KeyboardInterrupt if interrupted else TimeUpError
        return self._so_far(interrupted=interrupted)

    def _may_go_on(self) -> bool:
        most = self.settings.trials
        return most is None or self.search.rules_own() is None or sum(self.search.counts().values()) < most

    def _so_far(self, *, interrupted: bool) -> Found:
        best, rules_own = self.search.best(), self.search.rules_own()
        assert best and rules_own  # noqa: S101 - the fixed rule is tried first, and ends the search if it fails
        record = self.given.wish.record
        return Found(self.space, best, rules_own, self.search.counts(), record, interrupted=interrupted)

    def _try(self, asked: Asked, seconds: float, listen: Listener) -> bool:
        """Do a trial that may take so many ``seconds``; return whether the user ended it."""
        settings, begun = self.settings, time.monotonic()
        ticking = clocked(begun + seconds, listen)
        told = trial_listener(f"trial {asked.number}", ticking, asked.is_hopeless, silently=not asked.is_rule)
        remove_checkpoint(settings.out, asked.number, settings.approach)
        try:
            options = options_of(asked.chosen, self.given.wish.record)
            on_val = self.judge(trial_given(self.given, options, asked.number, begun + _IN_TIME * seconds), told)
        except KeyboardInterrupt:
            asked.fail()
            return True
        except HopelessError:
            asked.prune()
            return False
        except (TimeUpError, HeadstartError) as error:
            in_time = not isinstance(error, TimeUpError) and not str(error).startswith("--budget")
            asked.fail(str(error) if in_time and not asked.is_rule else None)
            if asked.is_rule:
                raise error if in_time else TimeUpError from error
            return False
        finally:
            remove_checkpoint(settings.out, asked.number, settings.approach)
        if on_val.interrupted and not asked.is_rule:
            asked.fail()
        else:
            asked.complete(asdict(on_val) | {"seconds": round(time.monotonic() - begun, 3)})
        return on_val.interrupted

    def _beginning(self) -> str:
        """Return what is said at the start."""
        combinations, done = size_of(self.space), sum(self.search.counts().values())
        counted = f" ({combinations} combinations)" if combinations else ""
        before = f" The search goes on after {done} trials." if done else ""
        val = len(self.given.part("val").records)
        return (
            f"Searching {', '.join(self.space)}{counted} of {self.given.way.name}, for {in_time(self.clock.left())}, "
            f"the training at the end included. Trials are judged by the log loss on {val} val pictures.{before}"
        )
