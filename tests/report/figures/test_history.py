"""How a network was trained, epoch by epoch."""

from __future__ import annotations

from typing import Any

from browser import words
from headstart.report.figures.history import training_history


def epoch(number: int, loss: float, val_loss: float | None) -> dict[str, Any]:
    return {"epoch": number, "loss": loss, "val_loss": val_loss, "accuracy": 0.5, "val_accuracy": 0.4}


HISTORY = [epoch(1, 2.0, 2.5), epoch(2, 1.0, 1.5), epoch(3, 0.5, 1.6)]


def test_train_is_solid_and_val_dashed() -> None:
    chart = training_history(HISTORY, "loss", 2, "Loss falls.")
    assert 'class="line series-1"' in chart
    assert 'class="line dashed series-2"' in chart
    assert 'aria-label="Loss falls."' in chart


def test_a_line_stands_at_the_epoch_that_was_kept() -> None:
    assert 'x1="50%" x2="50%"' in training_history(HISTORY, "loss", 2, "")
    assert "mark-line" not in training_history(HISTORY, "loss", None, "")


def test_the_first_and_the_last_epoch_are_named() -> None:
    assert words(training_history(HISTORY, "loss", None, "")).endswith("1 3")


def test_a_single_epoch_is_two_dots() -> None:
    assert training_history(HISTORY[:1], "loss", 1, "").count("<circle") == 2


def test_an_epoch_without_val_leaves_a_gap() -> None:
    assert training_history([epoch(1, 2.0, None), *HISTORY[1:]], "loss", 1, "").count("polyline") == 2


def test_accuracy_ends_at_one() -> None:
    assert words(training_history(HISTORY, "accuracy", None, "")).split()[-3] != "1.2"
