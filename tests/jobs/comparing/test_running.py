"""Approaches run one after the other: what networks may take, who is best, and what is kept for how long."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.jobs.comparing import running
from headstart.jobs.comparing.planned import Planned, planned
from headstart.jobs.comparing.running import LEAST_SECONDS, Ground, Ran, model_of, run_all, run_best_without_model
from headstart.jobs.learning import FAMILIES, Given, Learned
from headstart.progress import Event, Listener, Stood, silent
from headstart.settings import CompareSettings
from jobs.comparing.grounds import ground_of, part_of
from models import sentences, write_alike
from runs import LOGISTIC, TREE, learning


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("running") / "data", {"ant": 8, "bee": 8})


@pytest.fixture
def ground(data: Path, tmp_path: Path, cache: Path) -> Iterator[Ground]:
    (tmp_path / "run").mkdir()
    with ground_of(data, tmp_path / "run") as ground:
        yield ground


def plans_of(ground: Ground, *approaches: str) -> list[Planned]:
    return planned(CompareSettings(Path("data"), out=ground.parts.parent, approaches=approaches))


def ran_with(**merits: tuple[float, float]) -> Ran:
    ran = Ran(order=list(merits))
    for name, (accuracy, loss) in merits.items():
        ran.add(part_of(name, accuracy=accuracy, log_loss=loss))
    return ran


def test_the_best_is_the_first_of_those_that_are_as_good() -> None:
    ran = ran_with(a=(0.5, 0.1), b=(0.9, 0.3), c=(0.9, 0.2), d=(0.9, 0.2))
    assert ran.best
    assert ran.best.id == "c"
    assert Ran().best is None


def test_an_approach_has_its_place_whenever_it_ran() -> None:
    ran = Ran(order=["a", "b", "c"])
    for name in ("c", "a", "b"):
        ran.add(part_of(name))
    assert list(ran.parts) == ["a", "b", "c"]


def test_the_last_to_run_is_the_best_if_it_comes_first_and_is_as_good() -> None:
    ran = Ran(order=["a", "b"])
    ran.add(part_of("b"))
    assert ran.would_be_best(part_of("a"))
    assert list(ran.parts) == ["b"]
    ran.add(part_of("a"))
    assert not ran.would_be_best(part_of("b"))
    assert ran.would_be_best(part_of("b", accuracy=0.6))


def test_how_far_all_are_is_told_before_each_and_at_the_end(ground: Ground) -> None:
    events: list[Event] = []
    run_all(plans_of(ground, TREE, LOGISTIC), ground, Ran(), events.append)
    stood = [event for event in events if isinstance(event, Stood)]
    assert [[each.state for each in one.standings] for one in stood] == [
        ["running", "waiting"],
        ["done", "running"],
        ["done", "done"],
    ]
    assert [each.id for each in stood[0].standings] == [TREE, LOGISTIC]
    assert {one.seconds_left for one in stood} == {None}
    assert all(each.accuracy is not None and each.seconds for each in stood[-1].standings)


def test_networks_share_what_the_others_leave_of_the_budget(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines = deadlines_of(monkeypatch)
    events: list[Event] = []
    plans = plans_of(ground, TREE, "scratch", "fine-tune")
    run_all(plans, ground, Ran(), events.append)
    assert [name for name, _ in deadlines] == [TREE, "scratch", "fine-tune"]
    assert deadlines[0][1] is None
    assert deadlines[1][1] == pytest.approx(ground.end - 300, abs=30)
    assert deadlines[2][1] == pytest.approx(ground.end, abs=1)
    assert "scratch has 5 min of the budget." in "\n".join(sentences(events))
    left = [event.seconds_left for event in events if isinstance(event, Stood)]
    assert [seconds is not None for seconds in left] == [True, True, True, False]


def test_a_network_gets_a_little_even_where_the_budget_is_used_up(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadlines = deadlines_of(monkeypatch)
    spent = replace(ground, end=ground.end - 600)
    run_all(plans_of(ground, "scratch"), spent, Ran(), silent)
    assert deadlines[0][1] == pytest.approx(spent.end + LEAST_SECONDS, abs=10)


def deadlines_of(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float | None]]:
    """Let every approach fail; return a list that gets their names and deadlines."""
    told: list[tuple[str, float | None]] = []

    def learn(given: Given, listen: Listener) -> Learned:
        told.append((given.way.name, given.deadline))
        raise RuntimeError

    for name, family in list(FAMILIES.items()):
        monkeypatch.setitem(FAMILIES, name, replace(family, learn=learn))
    return told


def test_a_part_holds_for_the_same_weights_only_whatever_their_file_is_called(ground: Ground, tmp_path: Path) -> None:
    (plan,) = plans_of(ground, TREE)
    (tmp_path / "weights.h5").write_bytes(b"one")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "manifest.json").write_text("{}", encoding="utf-8")
    file, folder = (
        replace(plan, wish=replace(plan.wish, weights=str(tmp_path / name))) for name in ("weights.h5", "folder")
    )
    before = [ground.identity(each) for each in (plan, file, folder)]
    (tmp_path / "weights.h5").write_bytes(b"two")
    (tmp_path / "folder" / "manifest.json").write_text("{} ", encoding="utf-8")
    after = [ground.identity(each) for each in (plan, file, folder)]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, False]
    assert str(tmp_path) not in before[1]["weights"]


def test_the_model_that_is_kept_is_the_bests(ground: Ground) -> None:
    ran = Ran()
    run_all(plans_of(ground, TREE, LOGISTIC), ground, ran, silent)
    assert ran.best
    others = [part for part in ran.parts.values() if part is not ran.best]
    assert model_of(ran.best, ground.models) == ground.models[0]
    assert [model_of(part, ground.models) for part in others] == [None]


def test_the_best_is_run_again_only_if_its_model_is_gone(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = plans_of(ground, TREE, LOGISTIC)
    first = Ran()
    run_all(plans, ground, first, silent)
    assert first.best
    learnt = learning(monkeypatch)
    ran = Ran()
    run_all(plans, ground, ran, silent)
    run_best_without_model(plans, ground, ran, silent)
    assert learnt == []

    for file in ground.models[0].iterdir():
        file.unlink()
    run_best_without_model(plans, ground, ran, silent)
    assert learnt == [first.best.id]
    assert list(ran.parts) == list(first.parts)
    assert ran.best
    assert model_of(ran.best, ground.models) == ground.models[0]


def test_ctrl_c_while_a_result_is_kept_does_not_undo_it(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "write_part", raising(KeyboardInterrupt()))
    ran = Ran()
    run_all(plans_of(ground, TREE, LOGISTIC), ground, ran, silent)
    assert (list(ran.parts), list(ran.not_run), ran.interrupted) == ([TREE], [LOGISTIC], True)


def test_ctrl_c_while_a_better_model_is_written_leaves_the_best_before(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = plans_of(ground, TREE, LOGISTIC)
    first = Ran()
    run_all(plans, ground, first, silent)
    assert first.best
    worse = next(plan for plan in plans if plan.id != first.best.id)
    better = next(plan for plan in plans if plan.id == first.best.id)
    shutil.rmtree(ground.models[0])
    shutil.rmtree(ground.parts)
    ran = Ran()
    run_all([worse], ground, ran, silent)
    monkeypatch.setattr(running, "write_model", raising(KeyboardInterrupt()))
    run_all([better], ground, ran, silent)
    run_best_without_model([worse, better], ground, ran, silent)
    assert (list(ran.parts), list(ran.not_run)) == ([worse.id], [better.id])


def test_a_result_that_can_not_be_kept_is_a_failure(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "write_part", raising(ValueError("not JSON compliant")))
    ran = Ran()
    run_all(plans_of(ground, TREE), ground, ran, silent)
    assert (list(ran.parts), ran.not_run[TREE]["reason"]) == ([], "failed")


def raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_repeats_want_no_model(ground: Ground) -> None:
    run_all(plans_of(ground, TREE), replace(ground, models=()), Ran(), silent)
    assert not ground.models[0].exists()
