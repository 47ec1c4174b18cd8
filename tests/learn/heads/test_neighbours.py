"""Nearest neighbours: whose votes count how much, and that a stranger's file is checked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.learn.heads import Floats, NeighboursHead, head_from
from headstart.learn.heads.head import directions_of
from headstart.learn.heads.neighbours import most_similar, shares_of_votes

DIMENSION, CLASSES, ROWS = 4, 3, 9
PRIOR = np.array([0.2, 0.3, 0.5], np.float32)


def random_floats(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture
def head() -> NeighboursHead:
    mean, std = random_floats(DIMENSION, seed=1), np.arange(1, DIMENSION + 1, dtype=np.float32)
    return NeighboursHead(
        mean=mean,
        std=std,
        directions=directions_of(random_floats(ROWS, DIMENSION, seed=2), mean, std).astype(np.float16),
        labels=(np.arange(ROWS) % CLASSES).astype(np.int32),
        votes=np.ones(ROWS, np.float32),
        prior=PRIOR,
        settings=np.array([3, 1, 0.01, 1], np.float32),
    )


def votes(similar: list[float], labels: list[int], **settings: float) -> Floats:
    chosen = {"k": 2, "power": 1.0, "smoothing": 0.0, **settings}
    shares: Floats = shares_of_votes(
        np.array([similar], np.float32),
        np.array([labels]),
        np.ones((1, len(labels)), np.float32),
        k=int(chosen["k"]),
        power=chosen["power"],
        smoothing=chosen["smoothing"],
        prior=PRIOR,
    )[0]
    return shares


def test_a_neighbour_votes_by_what_it_is_nearer_than_the_first_left_out() -> None:
    np.testing.assert_allclose(votes([0.9, 0.6, 0.5], [2, 0, 1]), [0.2, 0, 0.8], rtol=1e-5)


def test_a_higher_power_favours_the_nearest() -> None:
    np.testing.assert_allclose(votes([0.9, 0.7, 0.5], [2, 0, 1], power=2.0), [0.2, 0, 0.8], rtol=1e-5)


def test_neighbours_of_one_class_vote_together() -> None:
    np.testing.assert_allclose(votes([0.9, 0.8, 0.6, 0.5], [1, 1, 0, 2], k=3), [1 / 8, 7 / 8, 0], rtol=1e-5)


def test_smoothing_adds_the_prior() -> None:
    np.testing.assert_allclose(votes([0.9, 0.6, 0.5], [2, 0, 1], smoothing=0.5), [0.2, 0.15, 0.65], rtol=1e-5)


def test_rows_that_are_all_as_near_leave_it_to_the_prior() -> None:
    np.testing.assert_allclose(votes([0.5, 0.5, 0.5], [2, 2, 1], smoothing=0.01), PRIOR, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 4, 7])
def test_the_most_similar_are_found_in_order(count: int) -> None:
    cosines = random_floats(20, 7)
    columns, values = most_similar(cosines, count)
    np.testing.assert_array_equal(values, -np.sort(-cosines, axis=1)[:, :count])
    np.testing.assert_array_equal(np.take_along_axis(cosines, columns, axis=1), values)


def test_where_there_are_too_few_the_rest_is_as_far_as_can_be() -> None:
    columns, values = most_similar(np.array([[0.3, 0.4]], np.float32), 4)
    np.testing.assert_allclose(values, [[0.4, 0.3, -1, -1]], rtol=1e-6)
    assert columns.max() < 2


def test_the_nearest_row_decides(head: NeighboursHead) -> None:
    features = head.directions.astype(np.float32) * head.std + head.mean
    alone = replace(head, settings=np.array([1, 1, 0.01, 1], np.float32))
    np.testing.assert_array_equal(alone.scores(features).argmax(axis=1), head.labels)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("mean", (DIMENSION + 1,)),
        ("std", (1,)),
        ("directions", (ROWS, DIMENSION + 1)),
        ("directions", (ROWS + 1, DIMENSION)),
        ("labels", (ROWS - 1,)),
        ("votes", (ROWS, 1)),
        ("prior", (CLASSES + 1,)),
        ("settings", (5,)),
    ],
)
def test_tensors_that_do_not_fit_together_are_refused(head: NeighboursHead, name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="doesn't fit together"):
        head_from("neighbours", {**head.tensors(), name: np.ones(shape, np.float32)}, DIMENSION, CLASSES)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("labels", 0, CLASSES),
        ("labels", 0, -1),
        ("votes", 0, -1),
        ("prior", 0, 0),
        ("std", 0, 0),
        ("settings", 0, 0),
        ("settings", 0, ROWS + 1),
        ("settings", 0, 1e30),
        ("settings", 1, -1),
        ("settings", 2, 0),
        ("settings", 3, 0),
        ("settings", 3, np.nan),
        ("directions", 0, np.inf),
    ],
)
def test_values_that_make_no_sense_are_refused(head: NeighboursHead, name: str, place: int, value: float) -> None:
    spoilt = head.tensors()[name].copy()
    spoilt[place] = value
    with pytest.raises(UserError, match="its head"):
        head_from("neighbours", {**head.tensors(), name: spoilt}, DIMENSION, CLASSES)
