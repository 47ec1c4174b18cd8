"""Learning curves measured: the same test pictures at every size, and nothing of val or test to learn from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.records import Dataset
from headstart.data.split import LEFT_OUT, new_split
from headstart.errors import UserError
from headstart.features.store import store_in_memory
from headstart.jobs.comparing.curve import curve_of
from headstart.jobs.learning import FAMILIES, Family, Given, Learned, on_features
from headstart.jobs.pictures import pictures_of
from headstart.learn.approaches import APPROACHES, approach
from headstart.progress import Entered, Event, Listener, Said, silent
from headstart.report.words import said
from headstart.settings import TrainSettings
from models import write_alike
from pictures import write_classes

CURVE = "headstart.jobs.comparing.curve"
Giving = Callable[..., Given]
HEADS = [name for name, way in APPROACHES.items() if way.head and not way.trains_a_network and name != "frozen+mlp"]
"""frozen+mlp does the same as the others where nothing can be held out, and starts Keras for it: that takes seconds."""


@pytest.fixture(scope="module")
def giving(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Giving]:
    """A function from an approach to what it is given, on two classes that hardly differ; one store for all."""
    place = tmp_path_factory.mktemp("curve")
    data = write_alike(place / "data", {"ant": 40, "bee": 40})
    with ExitStack() as stack:
        read = stack.enter_context(pictures_of(data, silent))
        store = stack.enter_context(store_in_memory())
        split, _ = new_split(read.dataset, 0, read.together.units)

        def given(name: str, **changes: Any) -> Given:
            way = approach(name)
            settings = TrainSettings(data, out=place / "out" / name, approach=name)
            wish = FAMILIES[way.family].wish(settings)
            facts: dict[str, Any] = {"settings": settings, "way": way, "wish": wish, "dataset": read.dataset}
            facts |= {"split": split, "units": read.units(), "sides": read.shorter_sides(), "store": store}
            return Given(**facts | changes)

        yield given


@pytest.fixture(scope="module")
def measured(giving: Giving) -> dict[str, Any]:
    """The curves of a frozen and a hand-crafted approach, three draws each."""
    return curve_of([giving("frozen+logistic"), giving("handcrafted+logistic")], 3, 0, silent)


def test_the_document_is_json_with_a_curve_for_each_approach(measured: dict[str, Any]) -> None:
    assert json.loads(json.dumps(measured)) == measured
    assert measured["draws"] == 3
    assert measured["per_class"] == [1, 2, 5, 10, 12, 20, 24]
    assert [each["id"] for each in measured["of"]] == ["frozen+logistic@efficientnet_lite0", "handcrafted+logistic"]


def test_each_size_has_its_draws_and_all_pictures_one(measured: dict[str, Any]) -> None:
    points = measured["of"][0]["points"]
    assert [(point["per_class"], point["pictures"]) for point in points] == [
        (size, 2 * size) for size in measured["per_class"]
    ]
    assert [len(point["each"]) for point in points] == [3] * 6 + [1]
    assert all(point["accuracy"] == pytest.approx(np.mean(point["each"])) for point in points)
    assert len({accuracy for point in points for accuracy in point["each"]}) > 3


def test_a_law_predictions_and_a_check_come_with_it(measured: dict[str, Any]) -> None:
    for each in measured["of"]:
        assert set(each["law"]) == {"limit", "scale", "exponent"}
        assert [predicted["per_class"] for predicted in each["predicted"]] == [48, 96]
        assert (each["checked"]["fitted_up_to"], each["checked"]["at"]) == (12, 24)


def test_every_statement_can_be_said(measured: dict[str, Any]) -> None:
    sentences = [said("en", each["key"], each["values"]) for each in measured["statements"]]
    assert any("frozen+logistic@efficientnet_lite0 is right for" in sentence for sentence in sentences)
    assert any("at most 1 of each class" in sentence for sentence in sentences)


def test_the_seed_decides_every_bit(giving: Giving, measured: dict[str, Any]) -> None:
    again = curve_of([giving("frozen+logistic")], 3, 0, silent)
    assert again["of"][0] == measured["of"][0]
    plain = giving("frozen+logistic")
    other = curve_of([replace(plain, settings=replace(plain.settings, seed=1))], 3, 0, silent)
    assert [point["each"] for point in other["of"][0]["points"]] != [
        point["each"] for point in again["of"][0]["points"]
    ]


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> list[Dataset]:
    """What heads were fitted to, in order."""
    seen: list[Dataset] = []
    real = on_features.rows_known

    def noting(given: Given, dataset: Dataset) -> Any:
        seen.append(dataset)
        return real(given, dataset)

    monkeypatch.setattr(f"{CURVE}.rows_known", noting)
    return seen


def test_nothing_of_the_val_and_test_part_is_learnt_from(giving: Giving, learnt: list[Dataset]) -> None:
    given = giving("handcrafted+logistic")
    curve_of([given], 1, 0, silent)
    assert {given.split.sides[record.sha256] for part in learnt for record in part.records} == {"train"}


def test_another_seed_draws_other_pictures(giving: Giving, learnt: list[Dataset]) -> None:
    plain = giving("handcrafted+logistic")
    curve_of([plain, replace(plain, settings=replace(plain.settings, seed=1))], 1, 0, silent)
    drawn = [{record.sha256 for record in part.records} for part in learnt]
    assert drawn[0] != drawn[len(drawn) // 2]
    assert drawn[-1] == drawn[len(drawn) // 2 - 1]  # all pictures


def test_units_are_not_cut(giving: Giving, learnt: list[Dataset]) -> None:
    plain = giving("handcrafted+logistic")
    train = [record.sha256 for record in plain.part("train").records]
    units = dict(plain.units) | {content: 1000 + number // 4 for number, content in enumerate(train)}
    curve_of([replace(plain, units=units)], 2, 0, silent)
    for part in learnt:
        contents = {record.sha256 for record in part.records}
        taken = {units[content] for content in contents}
        assert contents == {content for content in train if units[content] in taken}


@pytest.mark.parametrize("name", HEADS)
def test_every_head_learns_from_one_picture_of_each_class(name: str, giving: Giving) -> None:
    plain = giving(name)
    few = {record.sha256 for label in ("ant", "bee") for record in _first(plain.part("train"), label)}
    left_out = {record.sha256: LEFT_OUT for record in plain.part("train").records if record.sha256 not in few}
    only = replace(plain, split=replace(plain.split, sides=plain.split.sides | left_out))
    curve = curve_of([only], 2, 0, silent)
    assert [point["per_class"] for point in curve["of"][0]["points"]] == [1, 2]
    assert all(0 <= accuracy <= 1 for point in curve["of"][0]["points"] for accuracy in point["each"])
    assert [each["key"] for each in curve["statements"]] == ["curve_without_law", "curve_cautious"]


def _first(part: Dataset, label: str) -> list[Any]:
    return [record for record in part.records if record.label == label][:2]


def test_where_a_head_cannot_be_fitted_the_point_is_missing_and_it_is_said(
    giving: Giving, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = on_features.fitted

    def picky(given: Given, features: Any, known: Any, listen: Listener) -> Any:
        if len(known.labels) < 5:
            raise UserError("it needs more.")
        return real(given, features, known, listen)

    monkeypatch.setattr(f"{CURVE}.fitted", picky)
    curve = curve_of([giving("handcrafted+logistic")], 2, 0, silent)
    assert curve["per_class"] == [5, 10, 12, 20, 24]
    told = [each["values"]["per_class"] for each in curve["statements"] if each["key"] == "curve_left_out"]
    assert told == [1, 2]


@pytest.mark.parametrize(("classes", "right"), [({"ant": 25, "cow": 25}, 1.0), ({"ant": 25, "bee": 25, "cow": 9}, 1.0)])
def test_classes_that_anything_tells_apart_leave_no_error_and_no_gain(
    classes: dict[str, int], right: float, tmp_path: Path, giving: Giving
) -> None:
    data = write_classes(tmp_path / "data", classes)
    with pictures_of(data, silent) as read:
        split, _ = new_split(read.dataset, 0, read.together.units)
        given = giving(
            "handcrafted+logistic",
            dataset=read.dataset,
            split=split,
            units=read.units(),
            sides=read.shorter_sides(),
        )
        curve = curve_of([given], 2, 0, silent)
    assert curve["of"][0]["points"][-1]["accuracy"] == right
    assert all(predicted["high"] == 1 for predicted in curve["of"][0]["predicted"])
    assert "curve_climbs" not in [each["key"] for each in curve["statements"]]


@pytest.fixture(scope="module")
def scratch(giving: Giving) -> tuple[dict[str, Any], list[Event]]:
    """The curve of a small network, trained for two epochs, and what was told meanwhile."""
    plain = giving("scratch")
    quick = replace(plain.settings, epochs=2, scale=(16,), blocks=1, width=4)
    events: list[Event] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(f"{CURVE}.TRAININGS", 2)
        given = replace(plain, settings=quick, wish=FAMILIES["scratch"].wish(quick))
        return curve_of([given], 3, 600, events.append), events


def test_a_network_is_trained_at_sizes_that_halve(scratch: tuple[dict[str, Any], list[Event]]) -> None:
    (curve,) = scratch[0]["of"]
    assert curve["id"] == "scratch"
    assert [(point["per_class"], point["pictures"]) for point in curve["points"]] == [(12, 24), (24, 48)]
    assert [len(point["each"]) for point in curve["points"]] == [1, 1]


def test_points_say_that_two_epochs_are_not_enough(scratch: tuple[dict[str, Any], list[Event]]) -> None:
    assert [point["converged"] for point in scratch[0]["of"][0]["points"]] == [False, False]
    assert [each["key"] for each in scratch[0]["statements"]] == ["curve_without_law", "curve_starved"]


def test_progress_is_told_and_not_each_trainings_sentences(scratch: tuple[dict[str, Any], list[Event]]) -> None:
    stages = [event.stage for event in scratch[1] if isinstance(event, Entered)]
    assert "learning curve of scratch: 12 a class" in stages
    assert not any(isinstance(event, Said) for event in scratch[1])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Given]:
    """What a network would be trained on; the training ends at once, for want of anything to learn."""
    seen: list[Given] = []

    def learn(given: Given, listen: Listener) -> Learned:
        seen.append(given)
        raise UserError("not now.")

    monkeypatch.setitem(FAMILIES, "scratch", Family(FAMILIES["scratch"].wish, learn))
    return seen


def test_each_training_has_a_place_a_split_and_a_time_of_its_own(giving: Giving, asked: list[Given]) -> None:
    plain = giving("scratch")
    curve_of([plain], 3, 600, silent)
    assert len({given.settings.out for given in asked}) == 5
    assert all(plain.settings.out in given.settings.out.parents for given in asked)
    assert [len(given.part("train").records) for given in asked] == [2, 6, 12, 24, 48]
    assert {len(given.part("val").records) for given in asked} == {len(plain.part("val").records)}
    assert {len(given.part("test").records) for given in asked} == {len(plain.part("test").records)}
    deadlines = [given.deadline or 0 for given in asked]
    assert max(deadlines) - min(deadlines) <= 600


def test_without_time_no_training_is_begun(giving: Giving, asked: list[Given]) -> None:
    curve = curve_of([giving("scratch")], 3, 5, silent)
    assert asked == []
    assert curve["of"][0]["points"] == []
    assert curve["statements"] == [{"key": "curve_no_time", "values": {"id": "scratch", "per_class": 1}}]
