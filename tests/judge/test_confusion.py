"""The order of classes in a confusion matrix."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.judge.confusion import order_of_classes


def confused(n: int, groups: list[list[int]]) -> NDArray[np.intp]:
    """Return 20 pictures of each of ``n`` classes, and 2 mistakes for each pair of a group."""
    matrix = np.diag(np.full(n, 20))
    for group in groups:
        matrix[np.ix_(group, group)] += 2
    return matrix


def test_what_is_confused_stands_together_and_all_else_where_it_was() -> None:
    assert order_of_classes(confused(8, [[0, 5], [2, 7]])) == [0, 5, 1, 2, 7, 3, 4, 6]


def test_in_a_chain_of_mistakes_the_most_confused_are_neighbours() -> None:
    matrix = np.diag([20] * 5)
    matrix[0, 3], matrix[3, 1], matrix[1, 4], matrix[4, 2] = 9, 6, 6, 9
    assert order_of_classes(matrix) == [0, 3, 1, 4, 2]


def test_a_mistake_counts_by_the_share_of_its_class() -> None:
    matrix = np.diag([1000, 1000, 10, 10])
    matrix[1, 0], matrix[2, 0], matrix[3, 0] = 50, 6, 5  # most mistakes between the first two, but of a thousand
    order = order_of_classes(matrix)
    assert {order[order.index(0) - 1], order[order.index(0) + 1]} == {2, 3}


@pytest.mark.parametrize("matrix", [[[3]], [[3, 2], [1, 4]], [[0, 0], [0, 0]], np.diag([5] * 100), [[0, 5], [0, 0]]])
def test_without_confusion_or_with_two_classes_the_given_order_stays(matrix: list[list[int]]) -> None:
    assert order_of_classes(matrix) == list(range(len(matrix)))


def test_a_hundred_classes_come_in_their_twenty_groups() -> None:
    groups = np.random.default_rng(0).permutation(100).reshape(20, 5)
    place = np.argsort(order_of_classes(confused(100, groups.tolist())))
    assert np.ptp(place[groups], axis=1).tolist() == [4] * 20


@pytest.mark.parametrize("seed", range(3))
def test_every_class_comes_once_and_always_at_the_same_place(seed: int) -> None:
    matrix = np.random.default_rng(seed).poisson(0.3, (40, 40))
    order = order_of_classes(matrix)
    assert sorted(order) == list(range(40))
    assert order_of_classes(matrix.tolist()) == order


def test_hundreds_of_classes_that_are_all_confused_take_seconds_at_most() -> None:
    begun = time.process_time()
    order_of_classes(np.random.default_rng(0).poisson(0.1, (300, 300)))
    assert time.process_time() - begun < 5
