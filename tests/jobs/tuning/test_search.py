"""When a search ends: there is always time left to train the best once more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.jobs.tuning.search import Clock
from headstart.jobs.tuning.spaces import Among
from headstart.jobs.tuning.study import Search, opened_search

CLOSE = 0.5
"""Seconds that a test may take."""


@pytest.fixture
def search(tmp_path: Path) -> Iterator[Search]:
    space = {"views": Among((1, 2, 4, 8), 1)}
    with opened_search(tmp_path / "study.db", {}, dict(space), 0) as opened:
        yield opened


def clock(budget: float, left: float, *, trains_a_network: bool) -> Clock:
    return Clock(budget, time.monotonic() + left, 10.0, 0.25, trains_a_network)


def done(search: Search, seconds: float, features: float = 0.0, *, shortened: bool = False) -> None:
    asked = search.ask()
    assert asked is not None
    figures = {"log_loss": 1.0, "accuracy": 0.5, "seconds": seconds, "features": features, "shortened": shortened}
    asked.complete(figures)


@pytest.mark.parametrize(("trains_a_network", "seconds"), [(False, 590), (True, 75)])
def test_the_fixed_rules_features_may_take_what_they_take_but_a_training_its_share(
    search: Search, *, trains_a_network: bool, seconds: float
) -> None:
    assert clock(600, 600, trains_a_network=trains_a_network).for_a_trial(search) == pytest.approx(seconds, abs=CLOSE)


def test_a_trial_of_a_network_may_be_done_twice_in_what_is_left(search: Search) -> None:
    left = 60
    seconds = clock(60, left, trains_a_network=True).for_a_trial(search)
    assert seconds == pytest.approx((left - 10) / 2.2, abs=CLOSE)


def test_of_a_head_the_fit_and_the_test_parts_features_are_still_to_be_done(search: Search) -> None:
    done(search, 30, features=20)
    assert clock(600, 600, trains_a_network=False).reserved(search) == pytest.approx(10 + 1.2 * 10 + 0.25 * 20)


def test_of_a_network_the_whole_training_is_still_to_be_done(search: Search) -> None:
    done(search, 30)
    assert clock(600, 600, trains_a_network=True).reserved(search) == pytest.approx(10 + 1.2 * 30)


def test_where_trainings_were_cut_short_the_last_one_gets_a_large_share(search: Search) -> None:
    done(search, 30, shortened=True)
    assert clock(600, 600, trains_a_network=True).reserved(search) == pytest.approx(240)


@pytest.mark.parametrize(("left", "goes_on"), [(10 + 36 + 29, False), (10 + 36 + 31, True)])
def test_no_trial_begins_that_could_hardly_end(search: Search, *, left: float, goes_on: bool) -> None:
    done(search, 30)
    assert bool(clock(600, left, trains_a_network=True).for_a_trial(search)) == goes_on
