"""What fits into a budget."""

from __future__ import annotations

import pytest

from headstart.learn.training.budget import SPARE, Speeds, epochs_that_fit, fitting_sentence, too_small

SPEEDS = Speeds(step=0.1, validation=1.0, saving=2.0, batch_size=32)
EPOCH = 10 * 0.1 + 1.0
"""Seconds of an epoch of 10 steps."""


def seconds_for(epochs: float) -> float:
    return 2.0 + epochs * EPOCH / (1 - SPARE)


def test_all_epochs_fit_into_much_time() -> None:
    assert epochs_that_fit(8, 10, SPEEDS, 1000) == 8


def test_as_many_whole_epochs_fit_as_there_is_time_for_and_a_tenth_to_spare() -> None:
    assert epochs_that_fit(8, 10, SPEEDS, seconds_for(5.01)) == 5
    assert epochs_that_fit(8, 10, SPEEDS, seconds_for(4.99)) == 4


def test_part_of_an_epoch_fits_where_a_whole_one_does_not() -> None:
    left = 2.0 + (1.0 + 3.5 * 0.1) / (1 - SPARE)
    assert epochs_that_fit(8, 10, SPEEDS, left) == pytest.approx(0.3)


@pytest.mark.parametrize("left", [-5, 0, 3.0])
def test_nothing_fits_where_not_even_a_step_and_the_end_have_time(left: float) -> None:
    assert epochs_that_fit(8, 10, SPEEDS, left) == 0


def test_it_is_said_how_many_epochs_fit_and_how_fast_it_goes() -> None:
    assert fitting_sentence(60, 23, 60, SPEEDS) == "Budget 60 s: 23 of 60 epochs fit, 320 pictures/s."


def test_it_is_said_that_not_one_epoch_fits() -> None:
    assert fitting_sentence(20, 0.3, 60, SPEEDS) == (
        "Budget 20 s: not one epoch fits, only 30% of the pictures are seen, 320 pictures/s."
    )


def test_what_is_asked_for_when_nothing_fits_is_enough_for_an_epoch() -> None:
    error = str(too_small(5, 4.0, 10, SPEEDS))
    assert error.startswith("--budget is too small: 5 s of it were left to train, the start took 4 s and one epoch")
    more = float(error.removesuffix("s more.").rsplit(" ", 1)[1])
    assert epochs_that_fit(1, 10, SPEEDS, 5 + more - 4.0) == 1
