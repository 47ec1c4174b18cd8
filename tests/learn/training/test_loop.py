"""The loop, with a softmax regression in numpy as what learns, and a clock that only moves when it does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import MissingError, UserError
from headstart.learn.training.batches import Batch, Floats, TrainingRows, ValidationRows
from headstart.learn.training.budget import Budget
from headstart.learn.training.loop import Outside, train
from headstart.learn.training.plan import Plan
from headstart.learn.training.reached import Arrays, Reached
from headstart.learn.training.schedule import learning_rate
from headstart.progress import Advanced, Entered, Event, Said, Started, Validated

CLASSES, DIMENSION = 3, 5
PLAN = Plan(8, 8, 0.5, "cosine", 1.0, 0.0, 0.0, "none", 100, 0)
STEPS = 8
"""Steps of an epoch."""


def pictures(n: int, seed: int) -> tuple[Floats, NDArray[np.intp]]:
    labels = np.arange(n) % CLASSES
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    rows[np.arange(n), labels] += 2
    return rows, labels


def training_rows() -> TrainingRows:
    rows, labels = pictures(64, seed=1)
    return TrainingRows(rows[:, None], labels, np.ones(64, np.float32), CLASSES, "none", 0)


VALIDATION = ValidationRows(*pictures(30, seed=2))
OPPOSED = ValidationRows(VALIDATION.inputs, (VALIDATION.labels + 1) % CLASSES)
"""Pictures by which everything that is learned makes it worse."""


@dataclass
class Softmax:
    """A softmax regression under plain gradient descent; ``before_step`` may do anything on the way."""

    before_step: Callable[[int, Batch], None] = lambda step, batch: None
    seconds: float = 0.0
    now: float = 100.0
    steps: int = 0
    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    kernel: Floats = field(default_factory=lambda: np.zeros((DIMENSION, CLASSES), np.float32))

    def learn(self, batch: Batch, learning_rate: float) -> tuple[float, float]:
        """Go down the gradient."""
        self.steps += 1
        self.before_step(self.steps, batch)
        self.now += self.seconds
        self.rates.append(learning_rate)
        logits = batch.inputs @ self.kernel
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        loss = float(-np.log((probabilities * batch.targets).sum(axis=1)).mean())
        self.losses.append(loss)
        gradient = batch.inputs.T @ (probabilities - batch.targets) / len(batch.inputs)
        self.kernel = (self.kernel - np.float32(learning_rate) * gradient).astype(np.float32)
        return loss, 0.5

    def logits(self, inputs: NDArray[Any]) -> Floats:
        """Return scores."""
        self.now += self.seconds
        return np.asarray(inputs @ self.kernel, np.float32)

    def weights(self) -> Arrays:
        """Return the only array."""
        return {"kernel": self.kernel.copy()}

    def state(self) -> Arrays:
        """Return the only array."""
        return self.weights()

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take the array."""
        self.kernel = np.array(state["kernel"])


@dataclass
class World:
    """All that the loop is told and tells."""

    learner: Softmax
    interrupted_after: float = math.inf
    validation: ValidationRows = VALIDATION
    told: list[Event] = field(default_factory=list)
    saved: list[tuple[Arrays, Reached]] = field(default_factory=list)

    def train(
        self, plan: Plan = PLAN, *, seconds: float | None = None, reached: Reached | None = None
    ) -> tuple[Reached, str]:
        """Train in this world."""
        outside = Outside(
            now=lambda: self.learner.now,
            interrupted=lambda: self.learner.steps >= self.interrupted_after,
            save=self._save,
            seconds_to_save=lambda: 1.0,
            listen=self.told.append,
        )
        budget = None if seconds is None else Budget(seconds, self.learner.now + seconds)
        return train(self.learner, plan, training_rows(), self.validation, outside, budget=budget, reached=reached)

    def _save(self, reached: Reached) -> None:
        self.saved.append((self.learner.state(), replace(reached, history=list(reached.history))))

    def said(self) -> list[str]:
        """Return the sentences that were told."""
        return [event.text for event in self.told if isinstance(event, Said)]


def without_seconds(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history]


# --- what it does ---------------------------------------------------------------------------------------------


def test_it_learns_and_every_epoch_has_its_row() -> None:
    reached, stopped = World(Softmax()).train()
    assert stopped == "schedule"
    assert [row["epoch"] for row in reached.history] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert reached.history[-1]["val_loss"] < 0.6 * math.log(CLASSES)
    assert reached.history[-1]["val_accuracy"] > 0.8
    names = {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"}
    assert {frozenset(row) for row in reached.history} == {frozenset(names)}


def test_the_loss_of_a_row_is_the_mean_cross_entropy_of_the_validation_pictures() -> None:
    reached, _ = World(Softmax()).train(replace(PLAN, epochs=1))
    assert reached.best is not None
    logits = VALIDATION.inputs @ reached.best["kernel"]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(probabilities[np.arange(30), VALIDATION.labels]).mean()
    assert reached.history[0]["val_loss"] == pytest.approx(expected, rel=1e-5)


def test_each_validation_is_told() -> None:
    world = World(Softmax())
    reached, _ = world.train()
    told = [event for event in world.told if isinstance(event, Validated)]
    assert told == [Validated(row["epoch"], row["val_loss"], row["val_accuracy"]) for row in reached.history]


def test_the_training_loss_of_a_row_is_the_mean_of_its_steps() -> None:
    learner = Softmax()
    reached, _ = World(learner).train(replace(PLAN, epochs=2))
    assert [row["loss"] for row in reached.history] == pytest.approx(
        [np.mean(learner.losses[:STEPS]), np.mean(learner.losses[STEPS:])]
    )
    assert [row["accuracy"] for row in reached.history] == [0.5, 0.5]


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_the_rate_of_every_step_is_that_of_the_schedule(schedule: str) -> None:
    learner = Softmax()
    World(learner).train(replace(PLAN, schedule=schedule))
    steps = 8 * STEPS
    assert learner.rates == [learning_rate(schedule, 0.5, step / steps) for step in range(steps)]


def test_the_weights_of_the_best_epoch_are_kept_and_not_those_of_the_last() -> None:
    world = World(Softmax(), validation=OPPOSED)
    reached, _ = world.train()
    assert reached.best is not None
    assert reached.best_epoch == 1
    np.testing.assert_array_equal(reached.best["kernel"], world.saved[0][0]["kernel"])
    assert (reached.best["kernel"] != world.learner.kernel).any()


def test_fewer_pictures_than_a_batch_are_one_batch() -> None:
    reached, _ = World(Softmax()).train(replace(PLAN, batch_size=1000))
    assert reached.batch_size == 64


# --- going on -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epoch", [1, 5, 8])
def test_a_training_that_goes_on_after_any_epoch_ends_as_if_it_had_never_stopped(epoch: int) -> None:
    whole = World(Softmax())
    expected, _ = whole.train()
    state, reached = whole.saved[epoch - 1]
    again = World(Softmax())
    again.learner.restore(state)
    found, stopped = again.train(reached=reached)
    assert stopped == "schedule"
    assert without_seconds(found.history) == without_seconds(expected.history)
    np.testing.assert_array_equal(found.best["kernel"], expected.best["kernel"])  # type: ignore[index]
    assert again.learner.steps == (8 - epoch) * STEPS


# --- reasons to stop ------------------------------------------------------------------------------------------


def test_it_ends_when_the_validation_loss_got_no_better_for_as_long_as_the_patience() -> None:
    reached, stopped = World(Softmax(), validation=OPPOSED).train(replace(PLAN, patience=3))
    assert stopped == "early"
    assert len(reached.history) == reached.best_epoch + 3


def test_the_end_of_the_schedule_is_not_an_early_stop() -> None:
    reached, stopped = World(Softmax(), validation=OPPOSED).train(replace(PLAN, patience=7))
    assert len(reached.history) == 8
    assert stopped == "schedule"


def poisoned_from(first: int) -> Callable[[int, Batch], None]:
    def poison(step: int, batch: Batch) -> None:
        batch.inputs[:] *= np.nan if step >= first else 1

    return poison


def test_a_loss_that_is_no_number_ends_it_and_the_best_epoch_before_is_kept() -> None:
    world = World(Softmax(poisoned_from(2 * STEPS + 3)))
    reached, stopped = world.train(replace(PLAN, learning_rate=0.1))
    assert stopped == "nan"
    assert len(reached.history) == 2
    assert np.isfinite(reached.best["kernel"]).all()  # type: ignore[index]
    assert world.said() == [
        "the loss is no finite number any more; epoch 2 is kept. For more, give it a --learning-rate smaller than 0.1."
    ]


def test_a_loss_that_is_no_number_in_the_first_epoch_is_the_users_to_put_right() -> None:
    with pytest.raises(UserError, match=r"no epoch was finished before; give it a --learning-rate smaller than 0\.5"):
        World(Softmax(poisoned_from(3))).train()


def test_who_interrupts_gets_the_best_so_far() -> None:
    reached, stopped = World(Softmax(), interrupted_after=2 * STEPS + 3).train()
    assert stopped == "interrupted"
    assert len(reached.history) == 2
    assert reached.best is not None


def test_who_interrupts_within_the_first_epoch_gets_what_was_learned_until_then() -> None:
    world = World(Softmax(), interrupted_after=3)
    reached, stopped = world.train()
    assert stopped == "interrupted"
    assert [row["epoch"] for row in reached.history] == [1]
    assert world.learner.steps == 3
    assert world.saved == []


def test_who_interrupts_before_anything_was_learned_gets_nothing() -> None:
    with pytest.raises(KeyboardInterrupt):
        World(Softmax(), interrupted_after=0).train()


# --- memory ---------------------------------------------------------------------------------------------------


def too_large_over(size: int, first: int = 1) -> Callable[[int, Batch], None]:
    def run_out(step: int, batch: Batch) -> None:
        if step >= first and len(batch.weights) > size:
            raise MemoryError

    return run_out


def test_when_a_mock_runs_out_of_memory_the_batch_is_halved_until_it_fits() -> None:
    world = World(Softmax(too_large_over(2)))
    reached, stopped = world.train()
    assert stopped == "schedule"
    assert reached.batch_size == 2
    assert reached.peak_rate == pytest.approx(0.5 / 2)
    assert len(reached.history) == 8
    assert world.said() == [
        "memory ran out with 8 pictures in a batch; the epoch begins anew with 4.",
        "memory ran out with 4 pictures in a batch; the epoch begins anew with 2.",
    ]


def test_when_a_mock_runs_out_of_memory_later_the_epochs_before_stay() -> None:
    world = World(Softmax(too_large_over(4, first=3 * STEPS + 5)))
    reached, _ = world.train()
    assert [row["epoch"] for row in reached.history] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert world.learner.steps == 3 * STEPS + 5 + 5 * 2 * STEPS
    assert world.learner.rates[-1] < 0.01


def test_when_a_mock_runs_out_of_memory_with_one_picture_it_is_told_what_to_do() -> None:
    with pytest.raises(MissingError, match="even with one picture in a batch; choose a smaller network"):
        World(Softmax(too_large_over(0))).train()


def test_when_a_mock_runs_out_of_memory_in_the_rehearsal_the_batch_is_halved_too() -> None:
    reached, stopped = World(Softmax(too_large_over(4))).train(seconds=1000)
    assert (reached.batch_size, stopped) == (4, "schedule")


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    def fail(step: int, batch: Batch) -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        World(Softmax(fail)).train()


# --- the budget -----------------------------------------------------------------------------------------------


def test_a_budget_in_which_everything_fits_changes_nothing_and_says_nothing() -> None:
    expected, _ = World(Softmax()).train()
    world = World(Softmax(seconds=0.1))
    reached, stopped = world.train(seconds=1000)
    assert stopped == "schedule"
    assert world.said() == []
    assert without_seconds(reached.history) == without_seconds(expected.history)


def test_fewer_epochs_are_planned_where_not_all_fit_and_the_schedule_ends_with_them() -> None:
    world = World(Softmax(seconds=1.0))
    begun = world.learner.now
    reached, stopped = world.train(seconds=75)
    assert stopped == "budget"
    assert world.said() == ["Budget 75 s: 4 of 8 epochs fit, 8 pictures/s."]
    assert len(reached.history) == reached.epochs == 4
    assert world.learner.rates[-1] < 0.01 * 0.5 * 2
    assert world.learner.now - begun <= 75


def test_where_not_one_epoch_fits_as_many_steps_are_done_as_do() -> None:
    world = World(Softmax(seconds=1.0))
    begun = world.learner.now
    reached, stopped = world.train(seconds=16)
    assert stopped == "budget"
    assert 0 < reached.epochs < 1
    assert len(reached.history) == 1
    assert "not one epoch fits" in world.said()[0]
    assert world.learner.now - begun <= 16


def test_where_not_one_step_fits_it_is_told_how_much_is_needed() -> None:
    with pytest.raises(
        UserError, match=r"--budget is too small: 9 s of it .*one epoch takes 12 s; give it at least \d+s more"
    ):
        World(Softmax(seconds=1.0)).train(seconds=9)


def test_the_clock_ends_what_gets_slower_than_it_was_measured() -> None:
    learner = Softmax(seconds=1.0)

    def slower(step: int, batch: Batch) -> None:
        learner.seconds = 1.0 if step < 30 else 3.0

    learner.before_step = slower
    begun = learner.now
    reached, stopped = World(learner).train(seconds=110)
    assert stopped == "budget"
    assert len(reached.history) < reached.epochs
    assert learner.now - begun <= 110 * 1.1


def test_a_training_that_goes_on_keeps_its_shortened_schedule() -> None:
    whole = World(Softmax(seconds=1.0))
    expected, _ = whole.train(seconds=75)
    again = World(Softmax(seconds=1.0))
    again.learner.restore(whole.saved[1][0])
    found, stopped = again.train(seconds=60, reached=whole.saved[1][1])
    assert stopped == "budget"
    assert without_seconds(found.history) == without_seconds(expected.history)


def test_a_training_that_goes_on_after_its_time_is_up_ends_at_once_with_the_best_so_far() -> None:
    whole = World(Softmax(seconds=1.0))
    whole.train(seconds=75)
    again = World(Softmax(seconds=1.0))
    found, stopped = again.train(seconds=0, reached=whole.saved[1][1])
    assert (stopped, again.learner.steps, len(found.history)) == ("budget", 0, 2)


# --- what is told ---------------------------------------------------------------------------------------------


def test_every_epoch_is_told_with_its_pictures_and_how_it_was_judged() -> None:
    world = World(Softmax())
    reached, _ = world.train(replace(PLAN, epochs=2))
    judged = [Validated(row["epoch"], row["val_loss"], row["val_accuracy"]) for row in reached.history]
    assert world.told == [
        Entered("training epoch 1 of 2"),
        Started(64),
        Advanced(64),
        judged[0],
        Entered("training epoch 2 of 2"),
        Started(64),
        Advanced(64),
        judged[1],
    ]


def test_the_bar_moves_no_more_than_five_times_a_second_and_counts_every_picture() -> None:
    world = World(Softmax(seconds=0.06))
    world.train(replace(PLAN, epochs=1))
    moved = [event.pictures for event in world.told if isinstance(event, Advanced)]
    assert moved == [32, 32]


def test_the_speed_is_that_of_the_steps_after_the_first_two() -> None:
    learner = Softmax()

    def compiling(step: int, batch: Batch) -> None:
        learner.seconds = 60.0 if step <= 2 else 0.5

    learner.before_step = compiling
    reached, _ = World(learner).train(replace(PLAN, epochs=2))
    assert reached.pictures_per_second == pytest.approx(8 / 0.5)
