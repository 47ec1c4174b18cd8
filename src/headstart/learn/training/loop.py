"""The loop: epochs of steps, a validation after each, the best weights kept, and every reason to stop.

It knows no Keras: whatever learns is a `Learner`, the clock and the user's wish to stop are passed in.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.errors import MissingError, UserError
from headstart.learn.training.batches import Batch, Floats, TrainingRows, ValidationRows
from headstart.learn.training.budget import Budget, Speeds, epochs_that_fit, fitting_sentence, too_small
from headstart.learn.training.memory import ran_out_of_memory
from headstart.learn.training.plan import Plan
from headstart.learn.training.reached import Arrays, Reached
from headstart.learn.training.schedule import learning_rate
from headstart.progress import Advanced, Entered, Listener, Said, Started, Validated

UNSTEADY_STEPS = 2
"""Steps of a process that aren't timed: the first compiles, the second still fills caches."""

REHEARSED_STEPS, REHEARSED_SHARE = 6, 0.05
"""A rehearsal has so many steps, or fewer if that share of the budget is gone."""

TELLING_SECONDS = 0.2
"""A bar that moves five times a second looks steady."""


class Learner(Protocol):
    """What learns: see `headstart.learn.training.learner.KerasLearner`."""

    def learn(self, batch: Batch, learning_rate: float) -> tuple[float, float]:
        """Do one step; return loss and accuracy of the batch."""

    def logits(self, inputs: NDArray[Any]) -> Floats:
        """Return ``(n, n_classes)`` for ``(n, *shape)``."""

    def weights(self) -> Arrays:
        """Return copies of what is kept of the training."""

    def state(self) -> Arrays:
        """Return copies of all that the next step depends on."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a `state`."""


@dataclass(frozen=True)
class Outside:
    """What the loop needs of the world.

    Attributes
    ----------
    now
        The clock, in seconds.
    interrupted
        Whether the user wishes to stop.
    save
        Called after each whole epoch, for a checkpoint.
    seconds_to_save
        How long writing the result takes, found out by doing it.
    listen
        Told of the progress.
    """

    now: Callable[[], float]
    interrupted: Callable[[], bool]
    save: Callable[[Reached], None]
    seconds_to_save: Callable[[], float]
    listen: Listener


def train(
    learner: Learner,
    plan: Plan,
    rows: TrainingRows,
    validation: ValidationRows,
    outside: Outside,
    *,
    budget: Budget | None = None,
    reached: Reached | None = None,
) -> tuple[Reached, str]:
    """Train until there is a reason to stop; return how far it came, and the reason.

    Parameters
    ----------
    learner
        Its state is that after the last epoch in ``reached``.
    plan
        How to train.
    rows, validation
        What is learned from, and what decides which epoch was the best.
    outside
        The clock and all else of the world.
    budget
        How long it may take; None for as long as it needs.
    reached
        What an earlier run had reached, to go on from; None to begin.

    Raises
    ------
    UserError
        If not a single step fits into the budget, or the loss is no number before an epoch was finished.
    MissingError
        If there isn't memory even for one picture.
    KeyboardInterrupt
        If the user wishes to stop before anything was learned.
    """
    new = Reached(min(plan.batch_size, len(rows.labels)), plan.learning_rate, plan.epochs)
    run = _Run(learner, plan, rows, validation, outside, budget, reached or new)
    if budget and not reached:
        run.fit_into(budget)
    return run.reached, run.reason_to_stop()


class _Stop(Exception):  # noqa: N818 - it is no error
    """Ends an epoch early, with the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class _Run:
    learner: Learner
    plan: Plan
    rows: TrainingRows
    validation: ValidationRows
    outside: Outside
    budget: Budget | None
    reached: Reached
    steps_here: int = 0

    def reason_to_stop(self) -> str:
        """Train until there is a reason to stop, and return it."""
        reached = self.reached
        planned = math.ceil(reached.epochs)
        while len(reached.history) < planned:
            if self._no_better():
                return "early"
            epoch = len(reached.history) + 1
            self.outside.listen(Entered(f"training epoch {epoch} of {planned}"))
            try:
                self._epoch(epoch)
            except _Stop as stop:
                return stop.reason
            except Exception as error:
                if not ran_out_of_memory(error):
                    raise
                self._halve(error)
                continue
            self.outside.save(reached)
        return "schedule" if reached.epochs >= self.plan.epochs else "budget"

    def _no_better(self) -> bool:
        reached = self.reached
        return bool(reached.history) and len(reached.history) - reached.best_epoch >= self.plan.patience

    def _epoch(self, epoch: int) -> None:
        """Train one epoch, validate it and add its row; raise `_Stop` if it must be the last."""
        reached, begun = self.reached, self.outside.now()
        steps, loss, accuracy, rate, stop = self._steps(epoch)
        if stop and (steps == 0 or (stop == "interrupted" and reached.best is not None)):
            if reached.best is None:
                raise KeyboardInterrupt if stop == "interrupted" else self._too_small()
            raise _Stop(stop)
        validating = self.outside.now()
        val_loss, val_accuracy = self._validated()
        if not math.isfinite(val_loss):
            raise self._not_finite()
        now = self.outside.now()
        if reached.speeds:
            reached.speeds = replace(reached.speeds, step=(validating - begun) / steps, validation=now - validating)
        if not reached.history or val_loss < min(row["val_loss"] for row in reached.history):
            reached.best = self.learner.weights()
        reached.history.append(
            {
                "epoch": epoch,
                "loss": float(loss),
                "accuracy": float(accuracy),
                "val_loss": val_loss,
                "val_accuracy": val_accuracy,
                "learning_rate": rate,
                "seconds": round(now - begun, 3),
            }
        )
        self.outside.listen(Validated(epoch, val_loss, val_accuracy))
        if stop:
            raise _Stop(stop)

    def _steps(self, epoch: int) -> tuple[int, float, float, float, str | None]:
        """Do the steps of an epoch; return how many, loss, accuracy, the last rate, and the reason if it was cut."""
        reached = self.reached
        size, per_epoch = reached.batch_size, self.rows.steps(reached.batch_size)
        total = max(1, round(reached.epochs * per_epoch))
        before = (epoch - 1) * per_epoch
        steps = min(per_epoch, total - before)
        sums, rate = np.zeros(2), 0.0
        bar = _Bar(self.outside, steps * size)
        last = self.outside.now()
        for step, batch in zip(range(steps), self.rows.epoch(epoch, size), strict=False):
            stop = self._must_stop()
            if stop:
                return step, *(sums / max(step, 1)), rate, stop
            rate = learning_rate(self.plan.schedule, reached.peak_rate, (before + step) / total)
            loss, accuracy = self.learner.learn(batch, rate)
            if not math.isfinite(loss):
                raise self._not_finite()
            sums += loss, accuracy
            last, seconds = self.outside.now(), self.outside.now() - last
            self.steps_here += 1
            if self.steps_here > UNSTEADY_STEPS:
                reached.timed_pictures += size
                reached.timed_seconds += seconds
            bar.advance(size)
        bar.end()
        return steps, *(sums / steps), rate, None

    def _must_stop(self) -> str | None:
        if self.outside.interrupted():
            return "interrupted"
        if self.budget and (speeds := self.reached.speeds):
            left = self.budget.deadline - self.outside.now()
            if left < speeds.step + speeds.validation + speeds.saving:
                return "budget"
        return None

    def _not_finite(self) -> Exception:
        best, advice = self.reached.best, f"give it a --learning-rate smaller than {self.reached.peak_rate:.2g}."
        if best is None:
            return UserError(f"the loss is no finite number any more, and no epoch was finished before; {advice}")
        self.outside.listen(
            Said(f"the loss is no finite number any more; epoch {self.reached.best_epoch} is kept. For more, {advice}")
        )
        return _Stop("nan")

    def _validated(self) -> tuple[float, float]:
        """Return loss and accuracy on the validation pictures: mean cross-entropy in nats, without smoothing."""
        labels = self.validation.labels
        batches = self.validation.batches(self.reached.batch_size)
        logits = np.concatenate([self.learner.logits(batch) for batch in batches])[: len(labels)].astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]
        return float(losses.mean()), float((logits.argmax(axis=1) == labels).mean())

    def _halve(self, error: Exception) -> None:
        """Halve the batch, or raise `MissingError` if there is nothing to halve.

        The learning rate goes down by the root of 2, as suits Adam (Malladi et al. 2022, arXiv:2205.10287).
        """
        size = self.reached.batch_size
        if size == 1:
            raise MissingError(
                "memory runs out even with one picture in a batch; choose a smaller network with --backbone, smaller "
                "pictures with --scale, or end other programs."
            ) from error
        self.reached.batch_size = size // 2
        self.reached.peak_rate /= math.sqrt(2)
        self.steps_here = 0
        self.outside.listen(
            Said(f"memory ran out with {size} pictures in a batch; the epoch begins anew with {size // 2}.")
        )

    def fit_into(self, budget: Budget) -> None:
        """Plan as many epochs as fit into the budget, and say so if they are fewer than were wished."""
        while self.reached.speeds is None:
            try:
                self.reached.speeds = self._rehearsed(budget)
            except Exception as error:
                if not ran_out_of_memory(error):
                    raise
                self._halve(error)
        steps, left = self.rows.steps(self.reached.batch_size), budget.deadline - self.outside.now()
        fit = epochs_that_fit(self.plan.epochs, steps, self.reached.speeds, left)
        if not fit:
            raise self._too_small()
        if fit < self.plan.epochs:
            self.outside.listen(Said(fitting_sentence(budget.seconds, fit, self.plan.epochs, self.reached.speeds)))
        self.reached.epochs = fit

    def _rehearsed(self, budget: Budget) -> Speeds:
        """Return how fast it goes: a few steps and a part of a validation are done, timed and undone."""
        now, size = self.outside.now, self.reached.batch_size
        before = self.learner.state()
        pictures = itertools.chain.from_iterable(self.rows.epoch(epoch, size) for epoch in itertools.count(1))
        step = _seconds_each((self.learner.learn(batch, 0.0) for batch in pictures), now, budget)
        batches = itertools.chain.from_iterable(self.validation.batches(size) for _ in itertools.count())
        validation = _seconds_each((self.learner.logits(batch) for batch in batches), now, budget)
        self.learner.restore(before)
        n_batches = math.ceil(len(self.validation.labels) / size)
        return Speeds(step, n_batches * validation, self.outside.seconds_to_save(), size)

    def _too_small(self) -> UserError:
        assert self.budget and self.reached.speeds  # noqa: S101 - it is asked for with both alone
        spent = self.budget.seconds - (self.budget.deadline - self.outside.now())
        return too_small(self.budget.seconds, spent, self.rows.steps(self.reached.batch_size), self.reached.speeds)


def _seconds_each(steps: Iterator[Any], now: Callable[[], float], budget: Budget) -> float:
    """Return the median seconds that a step of ``steps`` takes, the first apart, which compiles."""
    next(steps)
    begun = last = now()
    seconds: list[float] = []
    while not seconds or (len(seconds) < REHEARSED_STEPS and last - begun < REHEARSED_SHARE * budget.seconds):
        next(steps)
        last, before = now(), last
        seconds.append(last - before)
    return float(np.median(seconds))


class _Bar:
    """Tells of pictures, but not more often than can be seen."""

    def __init__(self, outside: Outside, pictures: int) -> None:
        self._outside, self._untold, self._told = outside, 0, outside.now()
        outside.listen(Started(pictures))

    def advance(self, pictures: int) -> None:
        self._untold += pictures
        if self._outside.now() - self._told >= TELLING_SECONDS:
            self.end()

    def end(self) -> None:
        if self._untold:
            self._outside.listen(Advanced(self._untold))
        self._untold, self._told = 0, self._outside.now()
