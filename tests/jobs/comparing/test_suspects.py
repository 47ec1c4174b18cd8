"""Likely label errors: planted ones are found in real pictures, and where nothing can be told, nothing is."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.records import Dataset
from headstart.data.split import new_split
from headstart.features.store import FeatureStore, store_in_memory
from headstart.jobs.comparing import suspects
from headstart.jobs.comparing.suspects import AT_CHANCE, NOT_HELD_OUT, suspects_in
from headstart.jobs.learning import Given
from headstart.jobs.learning.on_features import vectors_wish
from headstart.learn.approaches import approach
from headstart.progress import silent
from headstart.settings import TrainSettings
from judge.planted import swapped
from made_up import read_anew
from pictures import encoded, picture, write_classes


@pytest.fixture(scope="module")
def store() -> Iterator[FeatureStore]:
    with store_in_memory() as store:
        yield store


@pytest.fixture(scope="module")
def cats_and_dogs(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """300 real pictures in two classes."""
    folder = tmp_path_factory.mktemp("cats_dogs")
    with tarfile.open(shared_data / "cats_dogs.tar") as archive:
        names = sorted(member.name for member in archive.getmembers() if member.isfile())
        for name in names[::4]:
            archive.extract(name, folder, filter="data")
    return read_anew(folder).dataset


def given_of(dataset: Dataset, store: FeatureStore, units: Sequence[int] | None = None) -> Given:
    """Return what there is to learn from; every picture is its own unit if ``units`` aren't told."""
    settings = TrainSettings(Path("data"), out=Path("out"), precision="f32")
    numbers = np.arange(len(dataset.records)) if units is None else np.array(units)
    return Given(
        settings=settings,
        way=approach("frozen+logistic"),
        wish=vectors_wish(settings),
        dataset=dataset,
        split=new_split(dataset, 0, numbers)[0],
        units=dict(zip((record.sha256 for record in dataset.records), numbers.tolist(), strict=True)),
        sides=np.full(len(dataset.records), 64),
        store=store,
    )


@dataclass(frozen=True)
class Planted:
    """What was found in pictures some of whose labels are wrong."""

    given: Given
    wrong: frozenset[str]
    document: dict[str, Any]

    def wrong_on(self, *sides: str) -> set[str]:
        """Return the paths of the wrongly labelled pictures on these sides of the split."""
        return {r.path for r in self.given.part(*sides).records if r.path in self.wrong}

    @property
    def found(self) -> set[str]:
        """The paths of the first 100 suspects."""
        return {item["path"] for item in self.document["items"]}

    @property
    def precision(self) -> float:
        """The share of the first 100 suspects whose labels are wrong."""
        return len(self.found & self.wrong) / len(self.found)

    @property
    def recall(self) -> float:
        """The share of the wrong labels in train and val that are among the first 100 suspects."""
        return len(self.found & self.wrong) / len(self.wrong_on("train", "val"))


def planted(dataset: Dataset, seed: int, store: FeatureStore) -> Planted:
    """Swap 5 % of the labels, and look for them."""
    truth = np.array([dataset.label_index(record) for record in dataset.records])
    labels, wrong = swapped(truth, len(dataset.classes), 0.05, seed)
    names = [dataset.classes[label] for label in labels]
    records = tuple(replace(r, label=name) for r, name in zip(dataset.records, names, strict=True))
    given = given_of(replace(dataset, records=records), store)
    paths = frozenset(r.path for r, is_wrong in zip(records, wrong.tolist(), strict=True) if is_wrong)
    return Planted(given, paths, suspects_in(given, silent))


@pytest.mark.parametrize("seed", range(3))
def test_swapped_labels_of_real_pictures_are_found(cats_and_dogs: Dataset, store: FeatureStore, seed: int) -> None:
    found = planted(cats_and_dogs, seed, store)
    assert found.recall >= 0.6
    assert found.precision >= 0.6
    truths = {r.path: r.path.split("/")[0] for r in cats_and_dogs.records}
    right = [item["suggested"] == truths[item["path"]] for item in found.document["items"]]
    assert sum(right) == len(found.found & found.wrong)


@pytest.mark.trust
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["cats_dogs", "caltech101_40"])
def test_most_swapped_labels_of_a_whole_set_are_found(
    shared_data: Path, store: FeatureStore, tmp_path: Path, name: str
) -> None:
    with tarfile.open(shared_data / f"{name}.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    dataset = read_anew(tmp_path).dataset
    found = [planted(dataset, seed, store) for seed in range(5)]
    assert min(each.recall for each in found) >= 0.75
    assert min(each.precision for each in found) >= 0.85


def test_in_pictures_as_they_came_hardly_any_label_is_suspected(cats_and_dogs: Dataset, store: FeatureStore) -> None:
    document = suspects_in(given_of(cats_and_dogs, store), silent)
    assert document["found"] <= 3
    assert document["reason"] is None


def test_every_suspect_is_told_with_its_side_both_classes_and_what_speaks_for_either(
    cats_and_dogs: Dataset, store: FeatureStore
) -> None:
    found = planted(cats_and_dogs, 0, store)
    document = found.document
    assert (document["on"], document["checked"], document["folds"]) == ("efficientnet_lite0", 240, 240)
    assert document["found"] == len(document["items"])
    assert document["left_out"] == []
    given = {record.path: record for record in found.given.part("train", "val").records}
    for item in document["items"]:
        record = given[item["path"]]
        assert (item["label"], item["side"]) == (record.label, found.given.split.sides[record.sha256])
        assert item["suggested"] != item["label"]
        assert item["picture"] is None
        assert item["probability"] + item["own_probability"] == pytest.approx(1, abs=1e-6)
    odds = [item["probability"] / item["own_probability"] for item in document["items"]]
    assert odds == sorted(odds, reverse=True)


def test_suspects_in_test_are_listed_without_a_suggestion(cats_and_dogs: Dataset, store: FeatureStore) -> None:
    found = planted(cats_and_dogs, 0, store)
    in_test = found.wrong_on("test")
    assert len(in_test) > 1
    listed = found.document["test"]
    assert len({item["path"] for item in listed} & in_test) >= 0.6 * len(in_test)
    assert found.document["test_count"] == len(listed)
    assert all(set(item) == {"path", "label", "picture"} for item in listed)
    assert not found.found & {record.path for record in found.given.part("test").records}


def test_the_labels_of_the_test_part_change_nothing_outside_of_it(cats_and_dogs: Dataset, store: FeatureStore) -> None:
    found = planted(cats_and_dogs, 0, store)
    given = found.given
    other = {"cat": "dog", "dog": "cat"}
    records = tuple(
        replace(r, label=other[r.label]) if given.split.sides[r.sha256] == "test" else r for r in given.dataset.records
    )
    turned = suspects_in(replace(given, dataset=replace(given.dataset, records=records)), silent)
    assert turned["items"] == found.document["items"]


def test_names_and_order_of_the_pictures_change_nothing(cats_and_dogs: Dataset, store: FeatureStore) -> None:
    found = planted(cats_and_dogs, 0, store)
    turned = replace(found.given.dataset, records=found.given.dataset.records[::-1])
    assert suspects_in(replace(found.given, dataset=turned), silent) == found.document


def test_more_pictures_than_one_classifier_takes_are_shared_out(
    cats_and_dogs: Dataset, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspects, "_AT_ONCE", 100)
    found = planted(cats_and_dogs, 0, store)
    assert found.document["checked"] == 240
    assert found.recall >= 0.6
    assert len({item["path"] for item in found.document["test"]} & found.wrong_on("test")) > 0


# --- what can't be judged -------------------------------------------------------------------------------------


def test_of_noise_nothing_is_suspected_and_it_is_said_why(store: FeatureStore, tmp_path: Path) -> None:
    for number in range(60):
        folder = tmp_path / ("ant", "bee", "cow")[number % 3]
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.png").write_bytes(encoded(picture((120, 120, 120), seed=number)))
    document = suspects_in(given_of(read_anew(tmp_path).dataset, store), silent)
    assert (document["reason"], document["found"], document["test_count"]) == (AT_CHANCE, 0, 0)
    assert (document["items"], document["test"]) == ([], [])
    assert document["checked"] == 36 + 12


def test_a_class_of_one_picture_is_left_out_by_name(store: FeatureStore, tmp_path: Path) -> None:
    data = write_classes(tmp_path / "data", {"ant": 20, "bee": 20, "cow": 1})
    document = suspects_in(given_of(read_anew(data).dataset, store), silent)
    assert document["left_out"] == ["cow"]
    assert document["checked"] == 32
    assert document["reason"] is None


def test_copies_do_not_vouch_for_a_label(store: FeatureStore, tmp_path: Path) -> None:
    data = write_classes(tmp_path / "data", {"ant": 30, "bee": 30})
    wrong = encoded(picture((40, 200, 40), seed=999))
    for number in range(4):  # a bee among the ants, each time with other bytes at the end of the file
        (data / "ant" / f"copy {number}.png").write_bytes(wrong + bytes(number))
    dataset = read_anew(data).dataset
    given = given_of(dataset, store, [99 if "copy" in r.path else i for i, r in enumerate(dataset.records)])
    assert {given.split.sides[r.sha256] for r in dataset.records if "copy" in r.path} == {"train"}
    together = suspects_in(given, silent)
    assert {item["path"] for item in together["items"]} == {f"ant/copy {number}.png" for number in range(4)}
    assert together["folds"] == together["checked"] - 3
    apart = suspects_in(replace(given, units={r.sha256: i for i, r in enumerate(dataset.records)}), silent)
    assert apart["items"] == []


def test_where_every_class_is_one_unit_nothing_is_said(store: FeatureStore, tmp_path: Path) -> None:
    data = write_classes(tmp_path / "data", {"ant": 10, "bee": 10})
    given = given_of(read_anew(data).dataset, store)
    units = {record.sha256: given.dataset.label_index(record) for record in given.dataset.records}
    document = suspects_in(replace(given, units=units), silent)
    assert (document["reason"], document["checked"], document["left_out"]) == (NOT_HELD_OUT, 0, ["ant", "bee"])
