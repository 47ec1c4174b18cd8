"""The features on a map: neighbours stay neighbours, and nothing but pictures and seed decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.data.split import Split
from headstart.features.recipe import Recipe
from headstart.features.store import store_in_memory
from headstart.jobs.comparing import feature_map
from headstart.jobs.comparing.feature_map import NOT_PREDICTED, drawn_records, in_unit_square, map_of
from headstart.jobs.extraction import Features
from headstart.jobs.setup import Setup
from headstart.networks.backbones import HANDCRAFTED
from headstart.networks.converted import without_files
from made_up import dataset_with

Rows = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Known(Features):
    """Features that nothing computed: ``rows`` by content."""

    rows: Rows = field(default_factory=dict)

    def chunks(self) -> Iterator[NDArray[Any]]:
        """Yield all at once."""
        yield np.stack([self.rows[record.sha256] for record in self.dataset.records])


def known(counts: Mapping[str, int], *, apart: float = 8.0, dimension: int = 64, seed: int = 0) -> Known:
    """Return made-up features, around a centre for each class; the larger ``apart`` is, the further these are."""
    dataset = dataset_with(counts)
    network = without_files(HANDCRAFTED, "avg_pool")
    setup = Setup(Recipe("avg_pool", "squash", (128,)), (network,), "handcrafted", "f32")
    random = np.random.default_rng(seed)
    centres = apart * random.normal(size=(len(dataset.classes), dimension))
    rows = {
        record.sha256: (centres[dataset.label_index(record)] + random.normal(size=dimension)).astype(np.float32)
        for record in dataset.records
    }
    with store_in_memory() as store:
        return Known(dataset, setup, (network,), ("whole",), store, rows=rows)


def split_of(features: Features) -> Split:
    """Return a split in which three of five pictures are in train, and one each in val and test."""
    sides = ("train", "train", "train", "val", "test")
    drawn = {record.sha256: sides[number % 5] for number, record in enumerate(features.dataset.records)}
    return Split(drawn, 0, "drawn", features.dataset.sha256)


def own_class_nearest(found: Mapping[str, Any]) -> float:
    """Return the share of points whose nearest other point is of their class."""
    places = np.array([point[:2] for point in found["points"]])
    labels = np.array([point[2] for point in found["points"]])
    distances = np.linalg.norm(places[:, np.newaxis] - places, axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())


@pytest.mark.parametrize(("count", "method"), [(20, "t-sne"), (9, "pca")])
def test_classes_that_lie_apart_in_the_features_lie_apart_on_the_map(count: int, method: str) -> None:
    features = known({"ant": count, "bee": count, "cow": count})
    found = map_of(features, split_of(features), {}, seed=0)
    assert found
    assert found["method"] == method
    assert own_class_nearest(found) > 0.95


def test_noise_does_not_fall_into_its_classes() -> None:
    features = known({"ant": 60, "bee": 60}, apart=0)
    found = map_of(features, split_of(features), {}, seed=0)
    assert found
    assert own_class_nearest(found) < 0.7


def test_a_point_says_where_it_lies_which_class_it_is_and_was_taken_for_and_its_side() -> None:
    features = known({"ant": 5, "bee": 5})
    records = features.dataset.records
    split = split_of(features)
    found = map_of(features, split, {records[4].sha256: 1, records[9].sha256: 1}, seed=0)

    assert found
    assert found["of"] == "handcrafted"
    facts = dict(zip(found["paths"], (point[2:] for point in found["points"]), strict=True))
    assert facts == {
        record.path: [int(i > 4), NOT_PREDICTED, (0, 0, 0, 1, 2)[i % 5]] for i, record in enumerate(records)
    } | {
        records[4].path: [0, 1, 2],
        records[9].path: [1, 1, 2],
    }
    places = np.array([point[:2] for point in found["points"]])
    assert (places.min(), places.max()) == (0, 1)


def test_the_map_is_the_same_each_time_and_in_whichever_order_the_files_come() -> None:
    features = known({"ant": 30, "bee": 30})
    split = split_of(features)
    backwards = replace(features, dataset=replace(features.dataset, records=features.dataset.records[::-1]))

    first = map_of(features, split, {}, seed=0)

    assert map_of(features, split, {}, seed=0) == first
    assert map_of(backwards, split, {}, seed=0) == first


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_of_many_pictures_each_class_and_side_gives_its_share(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(feature_map, "MOST", 40)
    features = known({"ant": 100, "bee": 75, "cow": 25})
    split = split_of(features)

    drawn = drawn_records(features, split, seed)

    assert Counter(record.label for record in drawn) == {"ant": 20, "bee": 15, "cow": 5}
    assert Counter(split.sides[record.sha256] for record in drawn)["train"] == pytest.approx(24, abs=2)
    assert len(set(drawn)) == 40
    assert drawn_records(features, split, seed) == drawn
    assert drawn_records(features, split, seed + 1) != drawn


@pytest.mark.parametrize("counts", [{"ant": 1}, {"ant": 1, "bee": 1}, {"ant": 3}])
def test_few_pictures_have_a_place_too(counts: dict[str, int]) -> None:
    features = known(counts)
    found = map_of(features, split_of(features), {}, seed=0)
    assert found
    assert len(found["points"]) == sum(counts.values())
    assert all(0 <= along <= 1 for point in found["points"] for along in point[:2])


def test_pictures_without_a_difference_lie_in_the_middle() -> None:
    features = known({"ant": 40})
    same = replace(features, rows=dict.fromkeys(features.rows, np.ones(64, np.float32)))
    found = map_of(same, split_of(same), {}, seed=0)
    assert found
    assert {tuple(point[:2]) for point in found["points"]} == {(0.5, 0.5)}


def test_without_pictures_there_is_no_map() -> None:
    features = known({"ant": 1})
    none = replace(features, dataset=replace(features.dataset, records=()))
    assert map_of(none, split_of(features), {}, seed=0) is None


def test_both_coordinates_have_the_same_scale() -> None:
    places = np.array([[0, 0], [10, 2], [5, 1]], np.float32)
    assert in_unit_square(places) == pytest.approx(np.array([[0, 0.4], [1, 0.6], [0.5, 0.5]]))
