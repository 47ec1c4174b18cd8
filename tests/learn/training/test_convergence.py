"""Whether a training may be said to have converged: a flat end isn't enough, for every schedule ends flat."""

from __future__ import annotations

import math
from typing import Any

import pytest

from headstart.learn.training.convergence import converged, fall, sentence

Row = dict[str, float]


def history(val_losses: list[float], losses: list[float] | None = None, accuracy: float = 0.8) -> list[Row]:
    losses = losses or [1.0] * len(val_losses)
    return [
        {"epoch": epoch, "loss": loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": 0.5}
        for epoch, (loss, val_loss) in enumerate(zip(losses, val_losses, strict=True), start=1)
    ]


FLAT = history([2.0, 1.0, 0.9, 0.8, 0.8, 0.8, 0.799, 0.799])
FALLING = history([2.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
STILL_LEARNING = history([2.0, 1.0, 0.9, 0.8, 0.8, 0.8, 0.799, 0.799], [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])


def facts(rows: list[Row], stopped: str, planned: int | None = None, wished: int | None = None) -> dict[str, Any]:
    planned = planned or len(rows)
    return {
        "history": rows,
        "stopped": stopped,
        "epochs_run": len(rows),
        "best_epoch": min(rows, key=lambda row: row["val_loss"])["epoch"],
        "converged": converged(rows, stopped, planned, wished or planned),
    }


def test_a_schedule_that_ran_to_its_end_and_levelled_off_converged() -> None:
    assert converged(FLAT, "schedule", 8, 8)


@pytest.mark.parametrize("stopped", ["budget", "interrupted", "nan"])
def test_what_was_broken_off_never_converged(stopped: str) -> None:
    assert not converged(FLAT, stopped, 8, 8)


def test_a_schedule_shorter_than_was_wished_did_not_converge() -> None:
    assert not converged(FLAT, "schedule", 8, 9)


def test_a_validation_loss_that_still_falls_has_not_converged() -> None:
    assert not converged(FALLING, "schedule", 8, 8)


def test_a_flat_validation_loss_is_not_enough_while_the_training_loss_falls() -> None:
    assert not converged(STILL_LEARNING, "schedule", 8, 8)


def test_a_training_loss_that_falls_does_not_matter_once_all_pictures_are_learned() -> None:
    assert converged([row | {"accuracy": 0.995} for row in STILL_LEARNING], "schedule", 8, 8)


def test_three_epochs_are_too_few_to_tell() -> None:
    assert not converged(history([1.0, 1.0, 1.0]), "schedule", 3, 3)


def test_an_early_stop_is_convergence() -> None:
    assert converged(history([1.0, 0.5, 0.6, 0.7], [1.0, 0.8, 0.6, 0.4]), "early", 8, 8)


def test_an_early_stop_of_what_got_worse_on_its_own_pictures_is_divergence() -> None:
    rows = history([1.0, 1.5, 2.6, 3.7], [1.0, 1.8, 2.6, 3.4])
    assert not converged(rows, "early", 8, 8)
    assert sentence(facts(rows, "early", 8)).startswith("training diverged")


def test_the_fall_is_that_of_the_best_over_the_last_quarter() -> None:
    assert fall(FALLING, "val_loss") == pytest.approx(1 - 0.4 / 0.6)
    assert fall(history([1.0, 0.5, 0.9, 0.7]), "val_loss") == 0


def test_a_loss_of_zero_cannot_fall() -> None:
    assert fall(history([0.0, 0.0, 0.0, 0.0]), "val_loss") == 0
    assert fall(history([math.inf, 1.0]), "val_loss") == 0


def test_the_sentence_names_what_still_fell_by_how_much_and_what_to_do() -> None:
    assert sentence(facts(FALLING, "budget")) == (
        "training stopped before it had converged: the validation loss still fell by 33% over the last quarter of "
        "8 epochs; give it a larger --budget."
    )
    assert sentence(facts(STILL_LEARNING, "schedule")) == (
        "training stopped before it had converged: the training loss still fell by 40% over the last quarter of "
        "8 epochs; give it more --epochs."
    )


@pytest.mark.parametrize(
    ("rows", "stopped", "text"),
    [
        (FLAT, "schedule", "training converged: the validation loss levelled off within 8 epochs."),
        (FLAT, "interrupted", "training was interrupted after 8 epochs, before it had converged."),
        (FLAT[:1], "budget", "training stopped before it had converged: 1 epoch is too few to tell; give it a larger"),
        (FLAT, "budget", "8 epochs are fewer than were asked for; give it a larger --budget."),
        (FLAT[:5], "early", "training converged: no better validation loss after epoch 4 of 5 epochs."),
        (FLAT, "nan", "the loss was no number any more; give it a smaller --learning-rate."),
    ],
)
def test_every_end_has_its_sentence(rows: list[Row], stopped: str, text: str) -> None:
    assert text in sentence(facts(rows, stopped))
