"""``tune``: the fixed rule first, the best always usable, the test part opened once, and what was known is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headstart.data.split import read_split
from headstart.errors import MissingError, UserError
from headstart.folders import cache_folder
from headstart.jobs.learning import Given
from headstart.jobs.tune import run_tune
from headstart.jobs.tuning import search, study
from headstart.jobs.tuning.spaces import Between
from headstart.jobs.tuning.trials import Judge, OnVal, judge_of
from headstart.learn import rules
from headstart.progress import Event, Listener, silent
from headstart.settings import TuneSettings
from headstart.ship.bundle import read_bundle
from models import contents, names, sentences, write_alike
from pictures import write_classes

HANDCRAFTED = "handcrafted+tree"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("tune") / "data", {"ant": 10, "bee": 10})


@pytest.fixture
def settings(data: Path, tmp_path: Path) -> TuneSettings:
    """Settings under which three combinations are searched."""
    return TuneSettings(data, out=tmp_path / "out", approach=HANDCRAFTED, budget="5m")


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Given]:
    """What each trial was given."""
    return judging(monkeypatch, {})


def judging(monkeypatch: pytest.MonkeyPatch, instead: Mapping[str, BaseException]) -> list[Given]:
    """Let trials of a ``--fit`` raise ``instead`` of being done; return what each trial was given."""
    seen: list[Given] = []

    def judge_which_looks(family: str) -> Judge:
        judge = judge_of(family)

        def judge_or_raise(given: Given, listen: Listener) -> OnVal:
            seen.append(given)
            if given.settings.fit in instead:
                raise instead[given.settings.fit]
            return judge(given, listen)

        return judge_or_raise

    monkeypatch.setattr(search, "judge_of", judge_which_looks)
    return seen


def document_in(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "best.json").read_text(encoding="utf-8")))


def test_a_search_tries_the_fixed_rules_choice_first_and_trains_the_best_once(
    settings: TuneSettings, judged: list[Given]
) -> None:
    events: list[Event] = []
    found = run_tune(settings, events.append)

    first, *others = [given.settings.fit for given in judged]
    assert (first, sorted(others)) == ("squash", ["crop", "pad"])
    assert found["trials"] == {"complete": 3, "pruned": 0, "failed": 0}
    assert found["val"]["log_loss"] <= found["default_val"]["log_loss"]
    assert names(settings.out) == ["best.json", "model", "split.json", "study.db"]
    results = json.loads((settings.out / "model" / "run" / "results.json").read_text(encoding="utf-8"))
    assert results["settings"]["fit"] == found["options"]["fit"]
    assert results["approaches"][0]["test"] == found["model"]["test"]
    assert found["model"]["val"]["log_loss"] == pytest.approx(found["val"]["log_loss"], abs=1e-6)
    assert results["split"]["test_opened"] == read_split(settings.out / "split.json").test_opened == 1
    assert read_bundle(settings.out / "model").classes == ("ant", "bee")
    said = "\n".join(sentences(events))
    assert "Searching fit (3 combinations) of handcrafted+tree, for 5 min" in said
    assert "(the fixed rule's)." in said
    assert "All combinations were tried." in said


def test_what_is_kept_of_the_best_is_what_was_found(settings: TuneSettings) -> None:
    found, kept = run_tune(settings, silent), document_in(settings.out)
    assert {name: kept[name] for name in ("options", "val", "default_val", "command")} == {
        name: found[name] for name in ("options", "val", "default_val", "command")
    }
    assert json.loads(json.dumps(found)) == found


def test_no_trial_sees_the_test_part(settings: TuneSettings, judged: list[Given]) -> None:
    run_tune(settings, silent)
    sides = read_split(settings.out / "split.json").sides
    seen = {record.sha256 for given in judged for record in given.dataset.records}
    assert seen == {content for content, side in sides.items() if side != "test"}
    assert len(sides) == 20


def test_a_search_goes_on_where_it_ended(settings: TuneSettings, judged: list[Given]) -> None:
    events: list[Event] = []
    first = run_tune(replace(settings, trials=1), silent)
    again = run_tune(replace(settings, budget="4m"), events.append)
    assert [first["trials"]["complete"], again["trials"]["complete"], len(judged)] == [1, 3, 3]
    assert first["val"] == again["default_val"]
    assert "The search goes on after 1 trials." in "\n".join(sentences(events))
    assert again["split"]["test_opened"] == 2


def test_another_search_in_the_same_place_is_refused(settings: TuneSettings, tmp_path: Path) -> None:
    run_tune(replace(settings, trials=1), silent)
    before = contents(settings.out)
    other = write_alike(tmp_path / "other", {"ant": 10, "bee": 10}, seed=7)
    for changed, said in (
        ({"seed": 1}, r"another split, other options \(--seed\)"),
        ({"approach": "handcrafted+svm"}, "another approach"),
        ({"data": other}, "other pictures"),
    ):
        with pytest.raises(UserError, match=said):
            run_tune(replace(settings, **changed), silent)
    assert contents(settings.out) == before


def test_a_trial_that_fails_is_not_the_end(settings: TuneSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    judging(monkeypatch, {"crop": MissingError("no memory"), "pad": UserError("the loss is no number")})
    found = run_tune(settings, silent)
    assert found["trials"] == {"complete": 1, "pruned": 0, "failed": 2}
    assert found["val"] == found["default_val"]
    assert read_bundle(settings.out / "model")


def test_if_the_fixed_rules_own_trial_fails_its_sentence_is_the_error(
    settings: TuneSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging(monkeypatch, {"squash": MissingError("no memory")})
    with pytest.raises(MissingError, match="no memory"):
        run_tune(settings, silent)


def test_an_interrupt_ends_the_search_and_the_best_so_far_is_trained(
    settings: TuneSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging(monkeypatch, dict.fromkeys(("crop", "pad"), KeyboardInterrupt()))
    found = run_tune(settings, silent)
    assert (found["interrupted"], found["trials"]["complete"], found["trials"]["failed"]) == (True, 1, 1)
    assert read_bundle(settings.out / "model")


def test_an_interrupt_before_anything_was_found_ends_all(
    settings: TuneSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging(monkeypatch, {"squash": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        run_tune(settings, silent)
    assert names(settings.out) == ["split.json", "study.db"]


def test_a_budget_is_kept(settings: TuneSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge_for_a_while(family: str) -> Judge:
        def judge(given: Given, listen: Listener) -> OnVal:
            time.sleep(0.3)
            return OnVal(1.0, 0.5, 0.0)

        return judge

    monkeypatch.setattr(search, "judge_of", judge_for_a_while)
    endless = {"learning_rate": Between(1e-4, 1e-2, 1e-3)}
    monkeypatch.setattr("headstart.jobs.tune.space_of", lambda given: endless)
    monkeypatch.setattr(search, "options_of", lambda chosen, record: {})
    monkeypatch.setattr("headstart.jobs.tuning.found.options_of", lambda chosen, record: {})
    begun = time.monotonic()
    found = run_tune(replace(settings, budget="10s"), silent)
    assert time.monotonic() - begun < 10 * 1.1
    assert found["trials"]["complete"] > 3


def test_a_budget_too_small_is_told(settings: TuneSettings) -> None:
    with pytest.raises(UserError, match=r"--budget 1s is too small: the pictures must be read"):
        run_tune(replace(settings, budget="1s"), silent)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"approach": "handcrafted"}, "No approach is called 'handcrafted'"),
        ({"trials": 0}, "--trials 0: at least 1"),
        ({"budget": "soon"}, "--budget soon: write a duration"),
        ({"backbone": "vgg16"}, r"--backbone means nothing to handcrafted\+tree"),
        ({"fit": "crop"}, "Nothing is left to be searched"),
    ],
)
def test_what_can_not_be_meant_is_refused_and_nothing_written(
    settings: TuneSettings, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        run_tune(replace(settings, **changes), silent)
    assert not settings.out.exists()


def test_a_folder_with_other_files_is_refused(settings: TuneSettings) -> None:
    settings.out.mkdir()
    (settings.out / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds files that headstart didn't write \(thesis\.txt\)"):
        run_tune(settings, silent)
    (settings.out / "thesis.txt").rename(settings.out / "study.db")
    with pytest.raises(UserError, match="is no file of tune's"):
        run_tune(settings, silent)
    assert contents(settings.out) == {"study.db": b"mine"}


def test_what_a_kill_left_half_written_is_removed(settings: TuneSettings) -> None:
    run_tune(replace(settings, trials=1), silent)
    (settings.out / ".best.json.0a.partial").write_text("{", encoding="utf-8")
    (settings.out / ".model.x1.partial" / "run").mkdir(parents=True)
    (settings.out / ".model.x1.partial" / "run" / "split.json").write_text("{", encoding="utf-8")
    run_tune(replace(settings, trials=2), silent)
    assert names(settings.out) == ["best.json", "model", "split.json", "study.db"]


def test_a_split_that_was_named_counts_that_its_test_part_was_opened(settings: TuneSettings, tmp_path: Path) -> None:
    run_tune(replace(settings, trials=1), silent)
    lock = tmp_path / "split.json"
    (settings.out / "split.json").rename(lock)
    found = run_tune(replace(settings, out=tmp_path / "other", split=lock, trials=1), silent)
    assert [read_split(path).test_opened for path in (lock, tmp_path / "other" / "split.json")] == [2, 2]
    assert found["split"]["test_opened"] == 2


def test_without_the_cache_vectors_are_computed_once_and_none_are_kept(
    settings: TuneSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    events: list[Event] = []
    run_tune(replace(settings, no_cache=True), events.append)
    assert "16 of 20 feature vectors were in the store." in sentences(events)
    assert [name for name in contents(tmp_path / "cache") if "features" in name] == []


def _few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, _, _, *rest = rules._RULES["scratch"]
    monkeypatch.setitem(rules._RULES, "scratch", (looks, 4, 4, *rest))


def test_a_network_is_judged_epoch_by_epoch_and_ended_early_if_it_is_hopeless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _few_looks(monkeypatch)
    monkeypatch.setattr(study, "PRUNED_AFTER_TRIALS", 0)
    data = write_classes(tmp_path / "data", {"ant": 10, "bee": 10})
    told: list[tuple[int, int]] = []

    def is_hopeless(asked: study.Asked, epoch: int, loss: float) -> bool:
        told.append((asked.number, epoch))
        return asked.number == 1 and epoch == 2

    monkeypatch.setattr(study.Asked, "is_hopeless", is_hopeless)
    found = run_tune(TuneSettings(data, out=tmp_path / "out", approach="scratch", budget="4m", trials=2), silent)
    assert told == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 2)]
    assert found["trials"] == {"complete": 1, "pruned": 1, "failed": 0}
    assert found["model"]["id"] == "scratch"
    assert found["model"]["val"]["accuracy"] == pytest.approx(found["val"]["accuracy"], abs=1e-6)
    assert list((cache_folder() / "checkpoints").iterdir()) == []
