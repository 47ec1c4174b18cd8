"""Ever larger parts of train: nested, of whole units, the same for a seed whatever files are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headstart.data.records import Dataset
from headstart.jobs.comparing.nested import halved, nested, sizes_for
from made_up import dataset_with, sha

EVEN = dataset_with({"ant": 12, "bee": 12, "cow": 12})
ALONE = {record.sha256: number for number, record in enumerate(EVEN.records)}
IN_THREES = {sha(f"{label} {i}"): 10 * place + i // 3 for place, label in enumerate(EVEN.classes) for i in range(12)}


def contents(part: Dataset) -> set[str]:
    return {record.sha256 for record in part.records}


def counts(part: Dataset) -> list[int]:
    return [part.counts()[name] for name in part.classes]


def test_sizes_are_1_2_5_10_and_so_on_what_leaves_half_and_all() -> None:
    assert sizes_for([30, 30]) == [1, 2, 5, 10, 15, 20, 30]
    assert sizes_for([360, 360]) == [1, 2, 5, 10, 20, 50, 100, 180, 200, 360]


def test_where_classes_differ_half_is_half_of_the_pictures() -> None:
    assert sizes_for([10, 100]) == [1, 2, 5, 10, 20, 45, 50, 100]


def test_few_pictures_have_few_sizes() -> None:
    assert sizes_for([1, 1]) == [1]
    assert sizes_for([3, 2]) == [1, 2, 3]


def test_each_of_the_halved_sizes_takes_half_of_the_next() -> None:
    assert halved([32, 32], 5) == [2, 4, 8, 16, 32]
    assert halved([3, 3], 5) == [1, 3]


def test_each_class_gives_as_many_pictures_as_the_size_says_or_all_it_has() -> None:
    uneven = dataset_with({"ant": 12, "bee": 3, "cow": 1})
    units = {record.sha256: number for number, record in enumerate(uneven.records)}
    parts = nested(uneven, units, [1, 2, 5, 12], [0, 0])
    assert {size: counts(part) for size, part in parts.items()} == {
        1: [1, 1, 1],
        2: [2, 2, 1],
        5: [5, 3, 1],
        12: [12, 3, 1],
    }


@pytest.mark.parametrize("units", [ALONE, IN_THREES], ids=["alone", "in threes"])
@pytest.mark.parametrize("draw", range(3))
def test_a_larger_part_holds_the_smaller(units: dict[str, int], draw: int) -> None:
    one, two, five, twelve = nested(EVEN, units, [1, 2, 5, 12], [0, draw]).values()
    assert contents(one) < contents(five)
    assert contents(one) <= contents(two) <= contents(five) < contents(twelve) == contents(EVEN)


def test_no_unit_is_cut_and_a_class_gets_less_than_a_unit_too_many() -> None:
    for size, part in nested(EVEN, IN_THREES, [1, 2, 4, 7], [0, 0]).items():
        taken = {IN_THREES[content] for content in contents(part)}
        assert contents(part) == {content for content, unit in IN_THREES.items() if unit in taken}
        assert counts(part) == [-(-size // 3) * 3] * 3


def test_units_of_several_classes_are_not_cut_either() -> None:
    mixed = {sha(f"{label} {i}"): i // 2 for label in EVEN.classes for i in range(12)}
    parts = nested(EVEN, mixed, [1, 3], [0, 0])
    assert counts(parts[1]) == [2, 2, 2]
    assert counts(parts[3]) == [4, 4, 4]


def test_the_seed_and_the_contents_decide_and_no_name() -> None:
    renamed = replace(EVEN, records=tuple(replace(r, path=f"{r.label}/new {r.sha256}.png") for r in EVEN.records))
    first, again, other = (
        contents(nested(dataset, ALONE, [2], seed)[2])
        for dataset, seed in ((EVEN, [0, 1]), (renamed, [0, 1]), (EVEN, [0, 2]))
    )
    assert first == again
    assert first != other


def test_pictures_stay_in_the_order_they_came_in() -> None:
    (part,) = nested(EVEN, ALONE, [4], [3, 0]).values()
    assert list(part.records) == [record for record in EVEN.records if record.sha256 in contents(part)]
