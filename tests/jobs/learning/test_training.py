"""What every training of a network shares: its checkpoint's place, its clock, and numbers that can't be meant."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headstart.errors import UserError
from headstart.folders import cache_folder
from headstart.jobs.learning.training import (
    check_training_options,
    checkpoint_folder,
    deadline_of,
    seconds_to_judge,
)
from headstart.settings import TrainingOptions
from models import lite0


def test_a_checkpoint_lies_in_the_cache_under_the_place_of_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = checkpoint_folder(tmp_path / "model", "scratch")
    assert place.is_relative_to(cache_folder())
    monkeypatch.chdir(tmp_path)
    assert checkpoint_folder(Path("model"), "scratch") == place
    assert checkpoint_folder(Path("other"), "scratch") != place
    assert checkpoint_folder(Path("model"), "fine-tune") != place


def test_the_deadline_is_the_budget_from_now_on() -> None:
    assert deadline_of(None) is None
    assert (deadline_of("2m") or 0) - time.monotonic() == pytest.approx(120, abs=1)


def test_more_pictures_to_judge_take_more_of_the_time(cache: Path) -> None:
    network = lite0()
    few, many = seconds_to_judge(network, 1), seconds_to_judge(network, 10_000)
    assert 5 < few < many


@pytest.mark.parametrize("budget", ["0", "soon", "-1m"])
def test_a_budget_that_is_no_duration_is_refused(budget: str) -> None:
    with pytest.raises(UserError, match="write a duration as in 90s, 5m or 1h30m"):
        check_training_options(TrainingOptions(budget=budget))
