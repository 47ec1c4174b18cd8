"""What is seen is the winner's, of the test pictures, with their pictures; what can't be seen is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import MissingError
from headstart.jobs.comparing import judged, seeing
from headstart.jobs.comparing.parts import Said
from headstart.jobs.comparing.seeing import LOOKED_AT, MOST_MISTAKES, seen
from headstart.progress import Event
from headstart.ship.bundle import Bundle
from jobs.comparing.grounds import ground_of, part_of
from models import contents, names, sentences, write_alike
from runs import TREE, Compared, compare

BUNDLE: Any = Bundle
"""Stands for the winner's model, which is handed on and not looked at here."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("seeing") / "data", {"ant": 60, "bee": 60, "cow": 60})


@pytest.fixture(scope="module")
def on(data: Path) -> judged.Tested:
    with ground_of(data, data.parent / "run") as ground:
        return judged.tested(ground.prepared.dataset, ground.prepared.split, ground.pictures.units(), [])


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which pictures it was looked at more closely; nothing is drawn of them."""
    paths: list[str] = []
    monkeypatch.setattr(
        seeing, "attention_of", lambda bundle, dataset, records, *_: paths.extend(r.path for r in records)
    )
    monkeypatch.setattr(seeing, "layers_of", lambda *_: None)
    return paths


def winner_that_says(on: judged.Tested, wrong: int) -> Any:
    """Return a winner that is wrong on the first pictures, the surer the earlier, and less sure of the others."""
    proba = np.full((len(on.labels), 3), 0.05, np.float32)
    said = np.where(np.arange(len(on.labels)) < wrong, (on.labels + 1) % 3, on.labels)
    proba[np.arange(len(on.labels)), said] = np.linspace(0.9, 0.5, len(on.labels))
    return replace(part_of("winner"), test=Said(tuple(on.contents), proba))


def see(
    winner: Any, on: judged.Tested, run: Path, *, with_pictures: bool = True, listen: Any = lambda event: None
) -> Any:
    return seen(winner, BUNDLE, on, None, run=run, with_pictures=with_pictures, listen=listen)


def test_the_most_confident_mistakes_come_first_with_their_pictures(
    on: judged.Tested, tmp_path: Path, looked: list[str]
) -> None:
    document = see(winner_that_says(on, 30), on, tmp_path)
    assert (document["of"], document["mistakes_count"], len(document["mistakes"])) == ("winner", 30, MOST_MISTAKES)
    assert [item["path"] for item in document["mistakes"]] == [r.path for r in on.dataset.records[:MOST_MISTAKES]]
    sure = [item["probability"] for item in document["mistakes"]]
    assert sure == sorted(sure, reverse=True)
    assert all(item["label"] != item["predicted"] for item in document["mistakes"])
    assert [item["picture"] for item in document["mistakes"]] == [f"pictures/{i:04}.jpg" for i in range(1, 25)]
    assert names(tmp_path / "pictures") == [f"{i:04}.jpg" for i in range(1, 25)]
    assert sorted(document["confusion_order"]) == [0, 1, 2]


def test_mistakes_and_hits_of_different_classes_are_looked_at(
    on: judged.Tested, tmp_path: Path, looked: list[str]
) -> None:
    see(winner_that_says(on, 6), on, tmp_path)
    paths = [record.path for record in on.dataset.records]
    assert looked[:LOOKED_AT] == paths[:LOOKED_AT]
    hits = looked[LOOKED_AT:]
    assert {path.split("/")[0] for path in hits} == {"ant", "bee", "cow"}
    assert hits == sorted(hits, key=paths.index)
    assert paths.index(hits[0]) == 6


def test_without_a_mistake_there_are_hits_alone(on: judged.Tested, tmp_path: Path, looked: list[str]) -> None:
    document = see(winner_that_says(on, 0), on, tmp_path)
    assert (document["mistakes"], document["mistakes_count"]) == ([], 0)
    assert len(looked) == LOOKED_AT


def test_without_a_frozen_network_there_are_no_suspects_and_no_map(
    on: judged.Tested, tmp_path: Path, looked: list[str]
) -> None:
    document = see(winner_that_says(on, 3), on, tmp_path)
    assert (document["suspects"], document["map"]) == (None, None)


def test_without_pictures_nothing_is_written_and_older_ones_go(
    on: judged.Tested, tmp_path: Path, looked: list[str]
) -> None:
    winner = winner_that_says(on, 3)
    see(winner, on, tmp_path)
    document = see(winner, on, tmp_path, with_pictures=False)
    assert contents(tmp_path) == {}
    assert {item["picture"] for item in document["mistakes"]} == {None}
    assert (document["attention"], document["layers"]) == (None, None)
    assert len(looked) == 3 + LOOKED_AT


def test_pictures_of_an_earlier_run_do_not_stay(on: judged.Tested, tmp_path: Path, looked: list[str]) -> None:
    see(winner_that_says(on, 5), on, tmp_path)
    see(winner_that_says(on, 2), on, tmp_path)
    assert names(tmp_path / "pictures") == ["0001.jpg", "0002.jpg"]


def test_what_can_not_be_seen_is_told_and_the_rest_is(
    on: judged.Tested, tmp_path: Path, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeing, "layers_of", raising(MissingError("no engine.")))
    events: list[Event] = []
    document = see(winner_that_says(on, 3), on, tmp_path, listen=events.append)
    assert document["layers"] is None
    assert len(document["mistakes"]) == 3
    assert "The report goes without feature maps: no engine." in sentences(events)


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


@pytest.fixture(scope="module")
def with_frozen(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Compared:
    place = tmp_path_factory.mktemp("frozen")
    data = write_alike(place / "data", {"ant": 12, "bee": 12})
    return compare(data, place / "run", TREE, "frozen+logistic")


def test_with_a_frozen_network_there_is_a_map_and_label_errors_are_looked_for(with_frozen: Compared) -> None:
    seen_of = with_frozen.results["seeing"]
    assert seen_of["map"]["of"] == seen_of["suspects"]["on"] == "efficientnet_lite0"
    assert sorted(seen_of["map"]["paths"]) == sorted(
        path for side in ("train", "val", "test") for path in with_frozen.paths_of(side)
    )
    assert seen_of["of"] == with_frozen.results["verdict"]["winner"]


def test_the_map_knows_what_the_winner_answered_in_test_alone(with_frozen: Compared) -> None:
    seen_of, classes = with_frozen.results["seeing"], with_frozen.results["dataset"]["classes"]
    points = dict(zip(seen_of["map"]["paths"], seen_of["map"]["points"], strict=True))
    answered = {path: classes[point[3]] for path, point in points.items() if point[3] >= 0}
    assert answered == {row.path: row.predicted for row in with_frozen.rows_of(seen_of["of"])}
    assert {path for path, point in points.items() if point[4] == 2} == set(with_frozen.paths_of("test"))
