"""Pretraining on the user's own source: once for a source, with a share of the budget, and no end of the comparison."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.addresses import Address
from headstart.errors import MissingError
from headstart.jobs.comparing import source as module
from headstart.jobs.comparing.running import LEAST_SECONDS, Ran
from headstart.jobs.comparing.source import pretrained, source_folder
from headstart.networks.backbone_folder import write_backbone
from headstart.networks.backbones import small_vgg_record
from headstart.networks.cuts import sized
from headstart.progress import Event, Listener
from headstart.settings import CompareSettings, PretrainSettings
from models import sentences

SETTINGS = CompareSettings(Path("data"), out=Path("run"), source=Path("some/dogs"), seed=3)


def facts(stopped: str = "end") -> dict[str, Any]:
    return {
        "pictures": {"train": 40, "val": 10},
        "training": {"stopped": stopped, "sentence": "converged.", "history": [{"seconds": 1.25}, {"seconds": 2.0}]},
        "dataset_sha256": "d",
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[PretrainSettings]:
    """What was asked of `pretrain`, which writes a network at once."""
    return pretraining(monkeypatch, facts())


def pretraining(monkeypatch: pytest.MonkeyPatch, outcome: dict[str, Any] | BaseException) -> list[PretrainSettings]:
    """Let `pretrain` write a network with these facts, or raise; return a list that gets what is asked of it."""
    asked: list[PretrainSettings] = []

    def run(settings: PretrainSettings, listen: Listener) -> dict[str, Any]:
        asked.append(settings)
        if isinstance(outcome, BaseException):
            raise outcome
        record = sized(small_vgg_record(2, 4), 32, "avg_pool")
        write_backbone(settings.out, record, {"a": np.zeros(1, np.float32)}, [], outcome)
        return outcome

    monkeypatch.setattr(module, "run_pretrain", run)
    return asked


def in_seconds(seconds: float) -> float:
    return time.monotonic() + seconds


def test_it_gets_half_of_what_is_left_of_the_budget_and_the_same_seed(
    asked: list[PretrainSettings], tmp_path: Path
) -> None:
    ran = Ran()
    found = pretrained(SETTINGS, tmp_path / "net", in_seconds(300), ran, lambda event: None)
    assert asked == [PretrainSettings(Path("some/dogs"), out=tmp_path / "net", budget="150s", seed=3)]
    assert found == {
        "name": "dogs",
        "pictures": 50,
        "seconds": 3.2,
        "sentence": "converged.",
        "dataset_sha256": "d",
    }
    assert (ran.interrupted, ran.not_run) == (False, {})


def test_it_gets_a_little_even_where_the_budget_is_used_up(asked: list[PretrainSettings], tmp_path: Path) -> None:
    pretrained(SETTINGS, tmp_path / "net", in_seconds(-9), Ran(), lambda event: None)
    assert asked[0].budget == f"{LEAST_SECONDS:.0f}s"


def test_a_network_pretrained_before_is_used_and_that_is_said(asked: list[PretrainSettings], tmp_path: Path) -> None:
    events: list[Event] = []
    first = pretrained(SETTINGS, tmp_path / "net", in_seconds(300), Ran(), events.append)
    again = pretrained(SETTINGS, tmp_path / "net", in_seconds(300), Ran(), events.append)
    assert len(asked) == 1
    assert again == first
    (said,) = sentences(events)
    assert said == f"{tmp_path}/net holds a network pretrained before, which is used; delete it to pretrain anew."


def test_another_source_has_another_folder() -> None:
    run = Path("run")
    same = {source_folder(run, Path(name)) for name in ("a/dogs", "./a/dogs", "a/b/../dogs")}
    assert len(same) == 1
    others = {source_folder(run, source) for source in (Path("b/dogs"), Path("a/cats"), Address("s3://a/dogs"))}
    assert len(same | others) == 4
    assert same.pop().name.startswith("dogs-")
    assert source_folder(run, Path("bytes \udcff")).parent == run / "source"


def test_a_pretraining_that_fails_is_told_and_is_not_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretraining(monkeypatch, MissingError("pip install x"))
    ran, events = Ran(), list[Event]()
    assert pretrained(SETTINGS, tmp_path / "net", in_seconds(300), ran, events.append) is None
    assert ran.not_run == {"pretraining": {"reason": "failed", "why": "pip install x"}}
    assert not ran.interrupted
    assert sentences(events) == ("Pretraining on dogs is left out: pip install x",)


def test_an_interrupt_before_there_is_a_network_ends_the_comparison(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretraining(monkeypatch, KeyboardInterrupt())
    ran = Ran()
    assert pretrained(SETTINGS, tmp_path / "net", in_seconds(300), ran, lambda event: None) is None
    assert ran.interrupted


def test_a_network_whose_training_was_interrupted_is_told_and_goes_on_the_next_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = pretraining(monkeypatch, facts("interrupted"))
    for _ in range(2):
        ran = Ran()
        assert pretrained(SETTINGS, tmp_path / "net", in_seconds(300), ran, lambda event: None)
        assert ran.interrupted
    assert len(asked) == 2
