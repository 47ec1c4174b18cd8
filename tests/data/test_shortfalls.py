"""What a split can't do is refused or told: too few pictures, groups that can't be cut, more folds than pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import pytest

from headstart.data.draw import Unit
from headstart.data.records import Dataset
from headstart.data.shortfalls import fold_shortfalls, side_shortfalls, too_few_to_hold_out
from headstart.errors import UserError
from made_up import ROOT

Place = TypeVar("Place", int, str)

SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}
DATASET = Dataset(ROOT, ("ant", "bee", "cow"), ())


def units(label: str, *sizes: int) -> list[Unit]:
    """Return units of one class."""
    return [Unit(tuple(f"{label} {i} {j}" for j in range(n)), {label: n}) for i, n in enumerate(sizes)]


def placed(own: list[Unit], *places: Place) -> Mapping[str, Place]:
    return {content: place for unit, place in zip(own, places, strict=True) for content in unit.contents}


# --- too few --------------------------------------------------------------------------------------------------


def test_three_units_of_each_class_are_enough() -> None:
    assert too_few_to_hold_out(DATASET, [*units("ant", 1, 1, 1), *units("bee", 1, 2, 1), *units("cow", 1, 1, 1)]) == []


def test_a_class_with_too_few_groups_is_told_with_its_pictures_and_groups() -> None:
    enough = [*units("ant", 1, 1, 1), *units("bee", 1, 1, 1)]
    assert too_few_to_hold_out(DATASET, [*enough, *units("cow", 4, 5)]) == [
        "Too few groups of pictures to hold any out, all used for training: cow (9 in 2 groups); the figures say "
        "nothing about these classes."
    ]


def test_too_few_groups_in_all_but_one_class_are_refused() -> None:
    with pytest.raises(UserError) as refused:
        too_few_to_hold_out(DATASET, [*units("ant", 1, 1, 1), *units("bee", 9), *units("cow", 1, 1)])
    assert str(refused.value) == (
        "pictures: fewer than two classes have the 3 pictures that don't belong together that a train, val and test "
        "part need (bee (9 in 1 group), cow (2)); add pictures."
    )


def test_a_single_class_is_refused_without_empty_brackets() -> None:
    with pytest.raises(UserError, match=r"a train, val and test part need; add pictures\.$"):
        too_few_to_hold_out(Dataset(ROOT, ("ant",), ()), units("ant", 1, 1, 1))


def test_a_class_whose_pictures_all_count_for_another_is_not_told_where_enough_are_left() -> None:
    assert too_few_to_hold_out(DATASET, [*units("ant", 1, 1, 1), *units("cow", 1, 1, 1)]) == []


def test_a_class_whose_pictures_all_count_for_another_is_named_where_too_few_are_left() -> None:
    with pytest.raises(UserError, match=r"\(bee \(0\)\); add pictures"):
        too_few_to_hold_out(Dataset(ROOT, ("ant", "bee"), ()), units("ant", 1, 1, 1))


# --- sides ----------------------------------------------------------------------------------------------------


def test_parts_near_their_shares_are_no_shortfall() -> None:
    own = units("ant", 2, 2, 2, 2, 2)
    assert side_shortfalls(own, placed(own[:2], "val", "test"), ["test", "val"], SHARES) == []


def test_parts_far_from_their_shares_are_told_as_they_are() -> None:
    own = units("ant", 5, 3, 2)
    assert side_shortfalls(own, placed(own[:2], "test", "val"), ["test", "val"], SHARES) == [
        "With groups kept together the parts are not 60/20/20 but 20% train, 30% val, 50% test."
    ]


def test_shares_of_ready_made_parts_are_nobodys_shortfall() -> None:
    own = units("ant", 5, 3, 2)
    assert side_shortfalls(own, placed(own[:2], "test", "val"), ["val"], {}) == []


def test_single_pictures_are_no_groups_to_blame() -> None:
    own = units("ant", 1, 1, 1)
    assert side_shortfalls(own, placed(own[:1], "test"), ["test", "val"], SHARES) == []


def test_a_side_without_a_class_is_told_and_small_classes_were_told_before() -> None:
    own = [*units("ant", 2, 1, 1), *units("bee", 1, 1)]
    assert side_shortfalls(own, placed(own[:1], "test"), ["test", "val"], {}) == [
        "Groups are kept together, so the val part has no picture of ant."
    ]


def test_units_of_which_none_may_be_held_out_have_no_shares() -> None:
    assert side_shortfalls(units("ant", 2, 2), {}, ["test", "val"], SHARES) == []


# --- folds ----------------------------------------------------------------------------------------------------


def test_folds_with_every_class_are_no_shortfall() -> None:
    own = units("ant", 1, 1, 1)
    assert fold_shortfalls(DATASET, own, placed(own, 0, 1, 2), 3) == []


def test_classes_in_fewer_units_than_folds_are_told() -> None:
    own = [*units("ant", 1, 1, 1), *units("bee", 1, 1, 1, 1)]
    assert fold_shortfalls(DATASET, own, placed(own, 0, 1, 2, 0, 1, 2, 3), 4) == [
        "Fewer pictures, or groups of them, than folds: ant (3); some folds can't judge these classes."
    ]


def test_more_folds_than_pictures_are_refused() -> None:
    own = units("ant", 1, 1, 1)
    with pytest.raises(UserError, match=r"^pictures: 3 pictures, or groups of them, can't fill --folds 4; take fewer"):
        fold_shortfalls(DATASET, own, placed(own, 0, 1, 2), 4)


@pytest.mark.parametrize("places", [(0, 0, 1), (2, 0, 2), (1, 1, 1)])
def test_a_class_in_two_folds_that_are_test_and_val_at_once_is_refused(places: tuple[int, ...]) -> None:
    own = units("ant", 1, 1, 1)
    with pytest.raises(
        UserError, match=r"the groups of ant can't be dealt to --folds 3 so that each has some to train"
    ):
        fold_shortfalls(DATASET, own, placed(own, *places), 3)


def test_a_class_in_two_folds_that_are_never_neighbours_is_taught_in_all() -> None:
    own = [*units("ant", 1, 1, 1), *units("bee", 1, 1, 1, 1)]
    assert len(fold_shortfalls(DATASET, own, placed(own, 0, 2, 0, 0, 1, 2, 3), 4)) == 1


def test_a_class_with_a_unit_that_is_never_held_out_is_taught_in_all() -> None:
    own = [*units("ant", 1, 1, 1), *units("bee", 1, 1, 1)]
    assert fold_shortfalls(DATASET, own, placed(own[1:], 0, 0, 0, 1, 2), 3) == []
