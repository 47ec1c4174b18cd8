"""How far a training is."""

from __future__ import annotations

from headstart.learn.training.reached import Reached


def test_the_best_epoch_is_the_first_with_the_least_validation_loss() -> None:
    losses = [0.5, 0.3, 0.4, 0.3]
    history = [{"epoch": epoch, "val_loss": loss} for epoch, loss in enumerate(losses, start=1)]
    assert Reached(32, 1e-3, 4, history).best_epoch == 2


def test_the_speed_is_unknown_before_a_step_was_timed() -> None:
    assert Reached(32, 1e-3, 4).pictures_per_second is None
    assert Reached(32, 1e-3, 4, timed_pictures=64, timed_seconds=0.5).pictures_per_second == 128
