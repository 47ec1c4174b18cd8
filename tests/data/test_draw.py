"""The draw of units: whole ones, near the shares, every class everywhere it can be, and the same forever."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.draw import (
    Unit,
    drawn_folds,
    drawn_sides,
    may_be_held_out,
    pictures_per_class,
    units_of,
    units_per_class,
)
from made_up import dataset_of, dataset_with, record, sha

SHARES = {"test": 0.2, "val": 0.2}


def unit(name: str, **counts: int) -> Unit:
    return Unit(tuple(f"{name} {label}{i}" for label, n in counts.items() for i in range(n)), counts)


@st.composite
def of_one_class(draw: st.DrawFn) -> list[Unit]:
    """Draw classes of at least three units of up to three pictures."""
    sizes = {label: draw(st.lists(st.integers(1, 3), min_size=3, max_size=20)) for label in "abc"}
    return [unit(f"{i}", **{label: size}) for label, own in sizes.items() for i, size in enumerate(own)]


@st.composite
def of_several_classes(draw: st.DrawFn) -> list[Unit]:
    """Draw units that hold pictures of up to four classes, and with some classes that are in few of them."""
    counts = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 5), min_size=1)
    return [unit(f"{i:02}", **own) for i, own in enumerate(draw(st.lists(counts, max_size=25)))]


def in_places(units: Sequence[Unit], place_of: Mapping[str, object], label: str) -> Counter[object]:
    """Return how many pictures of the class are in each place."""
    return Counter(place_of.get(content, "train") for own in units if label in own.counts for content in own.contents)


# --- units ----------------------------------------------------------------------------------------------------


def test_without_numbers_each_content_is_a_unit_in_the_order_of_contents() -> None:
    dataset = dataset_of([record("ant", "x"), record("ant", "y"), record("bee", "z"), record("ant", "x", name="copy")])
    assert [(u.contents, dict(u.counts)) for u in units_of(dataset)] == sorted(
        [((sha("x"),), {"ant": 1}), ((sha("y"),), {"ant": 1}), ((sha("z"),), {"bee": 1})]
    )


def test_pictures_with_the_same_number_are_a_unit_with_its_numbers_of_each_class() -> None:
    dataset = dataset_of([record("ant", "x"), record("bee", "y"), record("ant", "z")])
    (only,) = units_of(dataset, numbers=np.array([7, 7, 7]))
    assert only.contents == tuple(sorted([sha("x"), sha("y"), sha("z")]))
    assert only.counts == {"ant": 2, "bee": 1}


def test_a_content_in_two_classes_counts_for_the_first() -> None:
    dataset = dataset_of([record("bee", "x"), record("ant", "x")])
    assert [dict(u.counts) for u in units_of(dataset)] == [{"ant": 1}]


def test_contents_that_are_left_out_are_in_no_unit() -> None:
    dataset = dataset_with({"ant": 2})
    assert [u.contents for u in units_of(dataset, without=[sha("ant 0")])] == [(sha("ant 1"),)]


def test_pictures_and_units_are_counted_by_class() -> None:
    units = [unit("1", a=3, b=1), unit("2", a=2)]
    assert pictures_per_class(units) == {"a": 5, "b": 1}
    assert units_per_class(units) == {"a": 2, "b": 1}


def test_units_with_a_class_that_is_in_fewer_than_three_may_not_be_held_out() -> None:
    alone, rare = [unit(f"{i}", a=1) for i in range(3)], unit("3", a=1, b=9)
    assert may_be_held_out([*alone, rare]) == alone


# --- sides ----------------------------------------------------------------------------------------------------


@given(units=of_several_classes(), seed=st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_a_unit_is_never_cut_and_every_class_keeps_one_in_train(units: list[Unit], seed: int) -> None:
    sides = drawn_sides(units, SHARES, seed)
    assert [len({sides.get(content, "train") for content in own.contents}) for own in units] == [1] * len(units)
    trained = [own for own in units if own.contents[0] not in sides]
    assert units_per_class(trained).keys() == units_per_class(units).keys()


@given(units=of_one_class(), seed=st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_a_side_is_no_further_from_its_share_of_a_class_than_a_unit_is_large(units: list[Unit], seed: int) -> None:
    sides = drawn_sides(units, SHARES, seed)
    for label, n in pictures_per_class(units).items():
        numbers = in_places(units, sides, label)
        assert abs(numbers["test"] - 0.2 * n) <= 3
        assert abs(numbers["val"] - 0.2 * n) <= 3


@given(units=of_one_class(), seed=st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_every_side_has_every_class_that_is_in_three_units(units: list[Unit], seed: int) -> None:
    sides = drawn_sides(units, SHARES, seed)
    assert [in_places(units, sides, label).keys() for label in "abc"] == [{"train", "val", "test"}] * 3


@given(units=of_one_class(), seed=st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_another_class_changes_nothing_for_units_of_one_class(units: list[Unit], seed: int) -> None:
    more = [unit(f"{i}", z=2) for i in range(9)]
    assert drawn_sides(units, SHARES, seed).items() <= drawn_sides([*units, *more], SHARES, seed).items()


@pytest.mark.parametrize("seed", range(5))
def test_a_class_of_one_large_unit_and_two_small_ones_is_on_every_side(seed: int) -> None:
    units = [unit("1", a=50), unit("2", a=1), unit("3", a=1)]
    sides = drawn_sides(units, SHARES, seed)
    assert in_places(units, sides, "a") == {"train": 50, "val": 1, "test": 1}


@pytest.mark.parametrize("seed", range(5))
def test_a_class_that_always_comes_with_a_larger_one_keeps_a_unit_in_train(seed: int) -> None:
    units = [unit(f"{i}", a=9, b=1) for i in range(3)] + [unit(f"a{i}", a=1) for i in range(200)]
    assert in_places(units, drawn_sides(units, SHARES, seed), "b") == Counter({"train": 10, "val": 10, "test": 10})


@pytest.mark.parametrize("seed", range(5))
def test_of_units_too_large_for_a_share_each_side_has_one_of_the_smallest_and_the_seed_says_which(seed: int) -> None:
    units = [unit(f"{i}", a=40) for i in range(3)] + [unit(f"{i}b", a=30) for i in range(2)]
    assert in_places(units, drawn_sides(units, SHARES, seed), "a").keys() == {"train", "val", "test"}


def test_a_side_takes_no_unit_for_one_class_that_is_the_last_of_another_in_train() -> None:
    last_b, large = unit("1", a=45, b=1), unit("2", a=45, c=5)
    units = [last_b, large, unit("3", a=10), unit("4", b=1), unit("5", b=1), *(unit(f"c{i}", c=1) for i in range(100))]
    sides = drawn_sides(units, SHARES, seed=0)
    assert last_b.contents[0] not in sides
    assert {sides[content] for content in large.contents} == {"val"}


def test_different_seeds_hold_out_different_units_though_all_are_too_large() -> None:
    units = [unit(f"{i}", a=2) for i in range(4)]
    assert len({tuple(sorted(drawn_sides(units, {"test": 0.2}, seed))) for seed in range(20)}) == 4


def test_a_side_that_is_not_asked_for_gets_nothing() -> None:
    units = [unit(f"{i}", a=1) for i in range(10)]
    assert Counter(drawn_sides(units, {"val": 0.2}, seed=0).values()) == {"val": 2}


def test_no_units_are_drawn_to_nothing() -> None:
    assert drawn_sides([], SHARES, seed=0) == {}
    assert drawn_folds([], 3, seed=0) == {}


# --- folds ----------------------------------------------------------------------------------------------------


@given(units=of_several_classes(), folds=st.integers(3, 6), seed=st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_each_unit_that_may_be_held_out_is_in_one_fold_as_a_whole(units: list[Unit], folds: int, seed: int) -> None:
    fold_of = drawn_folds(units, folds, seed)
    free = may_be_held_out(units)
    assert fold_of.keys() == {content for own in free for content in own.contents}
    assert [len({fold_of[content] for content in own.contents}) for own in free] == [1] * len(free)


@given(sizes=st.lists(st.integers(3, 30), min_size=1, max_size=8), folds=st.integers(3, 6), seed=st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_of_single_pictures_folds_differ_by_one_in_each_class_and_altogether(
    sizes: list[int], folds: int, seed: int
) -> None:
    units = [unit(f"{i}", **{f"c{label}": 1}) for label, n in enumerate(sizes) for i in range(n)]
    fold_of = drawn_folds(units, folds, seed)
    for label in range(len(sizes)):
        numbers = in_places(units, fold_of, f"c{label}")
        assert max(numbers.values()) - min(numbers[fold] for fold in range(folds)) <= 1
    totals = Counter(fold_of.values())
    assert max(totals.values()) - min(totals[fold] for fold in range(folds)) <= 1


@given(units=of_one_class(), folds=st.integers(3, 6), seed=st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_folds_differ_by_no_more_than_a_unit_in_each_class(units: list[Unit], folds: int, seed: int) -> None:
    fold_of = drawn_folds(units, folds, seed)
    for label in "abc":
        numbers = in_places(units, fold_of, label)
        assert max(numbers.values()) - min(numbers[fold] for fold in range(folds)) <= 3


@pytest.mark.parametrize("folds", [3, 5, 10])
@pytest.mark.parametrize("seed", range(5))
def test_a_class_comes_into_three_folds_though_one_unit_is_larger_than_all_others(folds: int, seed: int) -> None:
    units = [unit("1", a=50), unit("2", a=1), unit("3", a=1), *(unit(f"{i}", b=1) for i in range(30))]
    assert len(in_places(units, drawn_folds(units, folds, seed), "a")) == 3


@pytest.mark.parametrize("seed", range(5))
def test_a_class_that_always_comes_with_a_larger_one_comes_into_three_folds(seed: int) -> None:
    units = [unit(f"{i}", a=9, b=1) for i in range(3)] + [unit(f"a{i}", a=1) for i in range(200)]
    assert len(in_places(units, drawn_folds(units, 5, seed), "b")) == 3


@pytest.mark.parametrize("seed", range(5))
def test_a_class_comes_into_three_folds_though_one_has_fewest_pictures_of_the_other_in_its_units(seed: int) -> None:
    units = [unit("1", a=10), unit("2", a=10), *(unit(f"{i}", a=1, b=1) for i in range(3, 6))]
    assert len(in_places(units, drawn_folds(units, 3, seed), "b")) == 3


@pytest.mark.parametrize("seed", range(5))
def test_large_units_are_dealt_first_so_that_small_ones_can_make_up_for_them(seed: int) -> None:
    units = [unit("1", a=4), *(unit(f"{i}", a=1) for i in range(2, 10))]
    assert Counter(in_places(units, drawn_folds(units, 3, seed), "a").values()) == {4: 3}


@given(units=of_several_classes(), seed=st.integers(0, 3), shuffle=st.randoms())
@settings(max_examples=25, deadline=None)
def test_the_draw_is_the_same_again_and_not_moved_by_other_draws(
    units: list[Unit], seed: int, shuffle: random.Random
) -> None:
    first = drawn_sides(units, SHARES, seed), drawn_folds(units, 4, seed)
    random.seed(shuffle.random())
    assert (drawn_sides(units, SHARES, seed), drawn_folds(units, 4, seed)) == first


def test_another_seed_deals_other_units_to_a_fold() -> None:
    units = [unit(f"{i}", a=1) for i in range(30)]
    assert drawn_folds(units, 3, seed=0) != drawn_folds(units, 3, seed=1)
