"""A trial: what it is given, who listens to it, and what ends it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headstart.folders import cache_folder
from headstart.jobs.learning.training import checkpoint_folder
from headstart.jobs.tuning.trials import (
    HopelessError,
    TimeUpError,
    clocked,
    remove_checkpoint,
    trial_given,
    trial_listener,
)
from headstart.progress import Advanced, Entered, Event, Said, Started, Validated
from jobs.tuning.givens import given_of

ALL: list[Event] = [Started(3), Entered("decoding"), Advanced(2), Said("A sentence."), Validated(1, 0.5, 0.9)]


def test_a_trial_has_its_own_options_and_a_place_of_its_own_for_checkpoints() -> None:
    given = given_of("scratch")
    first, second = (trial_given(given, {"width": 16, "scale": (48,)}, number, 5.0) for number in (1, 2))
    assert (first.settings.width, first.wish.record.image_size, first.deadline) == (16, 48, 5.0)
    assert checkpoint_folder(first.settings.out, "scratch") != checkpoint_folder(second.settings.out, "scratch")
    assert given.settings.width is None


def test_what_a_trial_left_in_the_cache_is_removed() -> None:
    given = trial_given(given_of("scratch"), {}, 3, None)
    left = checkpoint_folder(given.settings.out, "scratch")
    left.mkdir()
    remove_checkpoint(Path("out"), 4, "scratch")
    assert left.exists()
    remove_checkpoint(Path("out"), 3, "scratch")
    assert not left.exists()
    assert cache_folder() in left.parents


def test_time_that_is_up_ends_what_goes_on_at_its_next_event() -> None:
    told: list[Event] = []
    listen = clocked(time.monotonic() + 60, told.append)
    listen(Started(3))
    with pytest.raises(TimeUpError):
        clocked(time.monotonic() - 1, told.append)(Advanced())
    assert told == [Started(3)]


@pytest.mark.parametrize(("silently", "sentences"), [(False, [Said("A sentence.")]), (True, [])])
def test_stages_are_told_with_the_trials_name_and_sentences_once_only(*, silently: bool, sentences: list[Said]) -> None:
    told: list[Event] = []
    listen = trial_listener("trial 2", told.append, lambda epoch, loss: False, silently=silently)
    for event in ALL:
        listen(event)
    assert told == [Started(3), Entered("trial 2: decoding"), Advanced(2), *sentences]


def test_an_epoch_that_is_hopeless_ends_the_training() -> None:
    seen: list[tuple[int, float]] = []

    def is_hopeless(epoch: int, loss: float) -> bool:
        seen.append((epoch, loss))
        return epoch == 2

    listen = trial_listener("trial 2", lambda event: None, is_hopeless, silently=True)
    listen(Validated(1, 0.5, 0.9))
    with pytest.raises(HopelessError):
        listen(Validated(2, 0.7, 0.9))
    assert seen == [(1, 0.5), (2, 0.7)]
