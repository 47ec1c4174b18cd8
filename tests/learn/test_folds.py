"""Folds: stratified, whole units, and nothing held out that couldn't be learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.learn.folds import FOLDS, folds, folds_of, sides
from headstart.learn.rows import rows_of


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_rows_are_dealt_out_evenly_within_each_class(labels: list[int], seed: int) -> None:
    fold = folds(np.array(labels), np.arange(len(labels)), FOLDS, seed)
    table = np.array([np.bincount(fold[np.array(labels) == label] + 1, minlength=FOLDS + 1) for label in set(labels)])
    sizes, lone, held = table.sum(axis=1), table[:, 0], table[:, 1:]
    np.testing.assert_array_equal(lone, sizes == 1)
    assert (np.ptp(held, axis=1) <= 1).all()
    assert np.ptp(held.sum(axis=0)) <= 2
    assert fold.max() < FOLDS


LABELS_AND_UNITS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8)), min_size=1, max_size=50)


@given(LABELS_AND_UNITS, st.integers(0, 99))
@settings(deadline=None, max_examples=100)
def test_a_unit_is_never_on_two_sides(rows: list[tuple[int, int]], seed: int) -> None:
    labels, units = np.array(rows).T
    fold = folds(labels, units, FOLDS, seed)
    assert all(len(set(fold[units == unit])) == 1 for unit in set(units.tolist()))


@given(LABELS_AND_UNITS, st.integers(0, 99))
@settings(deadline=None, max_examples=100)
def test_every_class_can_be_learnt_whatever_is_held_out(rows: list[tuple[int, int]], seed: int) -> None:
    labels, units = np.array(rows).T
    fold = folds(labels, units, FOLDS, seed)
    assert all(set(labels[learnt]) == set(labels) for learnt, _ in sides(fold))


def test_a_class_in_one_unit_is_never_held_out() -> None:
    fold = folds(np.repeat([0, 1], 20), np.concatenate([np.arange(20), np.full(20, 99)]), FOLDS, 0)
    np.testing.assert_array_equal(fold[20:], np.full(20, -1))
    np.testing.assert_array_equal(np.bincount(fold[:20]), [5, 5, 5, 5])


def test_units_of_several_rows_are_dealt_out_evenly_too() -> None:
    fold = folds(np.repeat([0, 1, 2], 24), np.arange(72) // 3, FOLDS, 5)
    np.testing.assert_array_equal([np.bincount(fold[label * 24 :][:24]) for label in range(3)], np.full((3, 4), 6))


def test_folds_depend_on_the_seed_alone() -> None:
    labels, units = np.arange(60) % 3, np.arange(60)
    np.testing.assert_array_equal(folds(labels, units, FOLDS, 1), folds(labels, units, FOLDS, 1))
    assert (folds(labels, units, FOLDS, 1) != folds(labels, units, FOLDS, 2)).any()


def test_the_folds_of_rows_know_their_units_and_their_seed() -> None:
    rows = replace(rows_of(np.zeros((40, 1), np.float32), np.arange(40) % 2, 2, 7), units=np.arange(40) // 4)
    np.testing.assert_array_equal(folds_of(rows), folds(rows.labels, rows.units, FOLDS, 7))
    assert (folds_of(rows) != folds_of(replace(rows, units=np.arange(40)))).any()


def test_of_many_rows_no_more_are_held_out_than_it_takes_to_tell() -> None:
    rows = rows_of(np.zeros((9000, 1), np.float32), np.arange(9000) % 2, 2)
    assert set(folds_of(rows).tolist()) == {-1, 0, 1}
    assert [held.sum() for _, held in sides(folds_of(rows))] == [2250, 2250]


def test_sides_are_what_is_learnt_from_and_what_is_held_out() -> None:
    parts = [(learnt.tolist(), held.tolist()) for learnt, held in sides(np.array([0, -1, 2]))]
    assert parts == [([False, True, True], [True, False, False]), ([True, True, False], [False, False, True])]


def test_nothing_held_out_has_no_sides() -> None:
    assert list(sides(np.full(3, -1))) == []
