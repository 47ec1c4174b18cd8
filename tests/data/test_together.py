"""What must not be separated: copies, near copies, groups, and whatever these connect; and groups from names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.data.records import Dataset
from headstart.data.together import Together, grouped_by, together
from headstart.errors import UserError
from made_up import dataset_of, dataset_with, named, read_anew, record
from pictures import write_classes


def different(n: int) -> NDArray[np.uint8]:
    """Return thumbnails of noise, none like another."""
    return np.random.default_rng(0).integers(0, 256, (n, 16, 16), np.uint8)


def thumbs_with(n: int, *alike: Sequence[int]) -> NDArray[np.uint8]:
    """Return ``n`` thumbnails, of which those at the positions in each of ``alike`` look the same."""
    thumbs = different(n)
    for own in alike:
        thumbs[list(own)] = thumbs[own[0]]
    return thumbs


def clusters(units: NDArray[np.intp]) -> list[list[int]]:
    """Return the positions that share a number with others."""
    return [own for number in np.unique(units) if len(own := np.flatnonzero(units == number).tolist()) > 1]


# --- units ----------------------------------------------------------------------------------------------------


def test_different_pictures_are_units_of_their_own() -> None:
    belonging = together(dataset_with({"ant": 5, "bee": 4}), different(9))
    assert len(np.unique(belonging.units)) == 9
    assert (belonging.near, belonging.too_large) == ((), ())


def test_copies_are_one_unit_even_in_two_classes_and_no_cluster_of_near_duplicates() -> None:
    dataset = dataset_of([record("ant", "x"), record("ant", "y"), record("bee", "x")])
    belonging = together(dataset, thumbs_with(3, [0, 2]))
    assert clusters(belonging.units) == [[0, 2]]
    assert belonging.near == ()


def test_near_duplicates_are_one_unit_and_a_cluster() -> None:
    belonging = together(dataset_with({"ant": 20, "bee": 20}), thumbs_with(40, [3, 8], [1, 25]))
    assert clusters(belonging.units) == [[1, 25], [3, 8]]
    assert belonging.near == ((1, 25), (3, 8))


def test_a_cluster_of_near_duplicates_holds_their_copies() -> None:
    records = [*dataset_with({"ant": 20}).records, record("ant", "ant 3", name="copy")]
    belonging = together(dataset_of(records), thumbs_with(21, [3, 8, 20]))
    assert belonging.near == ((3, 8, 20),)


def test_the_pictures_of_a_group_are_one_unit_whatever_their_class_and_look() -> None:
    records = [record(label, f"{label} {i}", group=f"p{i}") for label in ("ant", "bee") for i in range(2)]
    assert clusters(together(dataset_of(records), different(4)).units) == [[0, 2], [1, 3]]


def test_pictures_without_a_group_are_not_a_group() -> None:
    records = [record("ant", "x"), record("ant", "y"), record("ant", "z", group="p"), record("ant", "q", group="p")]
    assert clusters(together(dataset_of(records), different(4)).units) == [[2, 3]]


def test_a_copy_a_near_duplicate_and_a_group_connect_to_one_unit() -> None:
    own = [record("ant", "x"), record("ant", "x", name="copy"), record("ant", "y"), record("ant", "z", group="p")]
    records = [*own[:2], record("ant", "y", group="p"), own[3], *dataset_with({"bee": 20, "ant": 40}).records]
    belonging = together(dataset_of(records), thumbs_with(64, [0, 1, 2]))
    assert clusters(belonging.units) == [[0, 1, 2, 3]]


def test_units_are_counted_among_some_positions() -> None:
    belonging = Together(np.array([0, 1, 0, 2]))
    assert belonging.of([0, 2]) == 1
    assert belonging.of(np.arange(4)) == 3


def test_no_pictures_have_no_units() -> None:
    belonging = together(dataset_of([]), different(0))
    assert belonging.units.tolist() == []


# --- clusters too large ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "in_class", "enforced"),
    [
        (4, 8, True),  # small ones are enforced whatever their share
        (5, 50, True),
        (5, 49, False),
        (11, 110, True),
        (12, 110, False),
    ],
)
def test_a_cluster_of_more_than_4_pictures_and_a_tenth_of_its_class_is_told_and_not_enforced(
    size: int, in_class: int, enforced: bool
) -> None:
    dataset = dataset_with({"ant": in_class, "bee": 200})
    belonging = together(dataset, thumbs_with(in_class + 200, range(size)))
    assert belonging.near == (tuple(range(size)),)
    assert clusters(belonging.units) == ([list(range(size))] if enforced else [])
    assert belonging.too_large == (() if enforced else (tuple(range(size)),))


def test_a_cluster_may_be_large_in_a_small_class_alone() -> None:
    dataset = dataset_with({"ant": 10, "bee": 200})
    belonging = together(dataset, thumbs_with(210, [0, 1, 2, 3, 4, 100, 101]))
    assert belonging.too_large == ((0, 1, 2, 3, 4, 100, 101),)


def test_copies_in_a_cluster_that_is_too_large_stay_together() -> None:
    records = [*dataset_with({"ant": 9}).records, record("ant", "ant 1", name="copy")]
    belonging = together(dataset_of(records), thumbs_with(10, range(10)))
    assert belonging.too_large == (tuple(range(10)),)
    assert clusters(belonging.units) == [[1, 9]]


def test_a_group_in_a_cluster_that_is_too_large_stays_together() -> None:
    records = [record("ant", f"{i}", group=f"p{i // 5}") for i in range(10)]
    belonging = together(dataset_of(records), thumbs_with(10, range(10)))
    assert clusters(belonging.units) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


# --- real pictures --------------------------------------------------------------------------------------------


def test_a_picture_saved_again_is_kept_together_with_the_original(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 3, "bee": 3})
    (root / "bee" / "10.png").write_bytes((root / "ant" / "01.png").read_bytes() + b"more at the end")
    pictures = read_anew(root)
    belonging = together(pictures.dataset, pictures.facts["thumb"])
    assert [r.path for r in pictures.dataset.records][1::5] == ["ant/01.png", "bee/10.png"]
    assert belonging.near == ((1, 6),)
    assert clusters(belonging.units) == [[1, 6]]


# --- groups from names ----------------------------------------------------------------------------------------


def groups_by(pattern: str, *paths: str) -> tuple[list[str | None], int]:
    dataset, without = grouped_by(dataset_of(named(*paths)), pattern)
    return [r.group for r in dataset.records], without


def test_without_capturing_groups_the_whole_match_is_the_group() -> None:
    assert groups_by(r"p\d+", "ant/p1_0.png", "ant/p1_1.png", "bee/p22_0.png") == (["p1", "p1", "p22"], 0)


def test_a_capturing_group_is_the_group() -> None:
    assert groups_by(r"p(\d+)_", "ant/p1_0.png", "ant/q_p1_1.png", "bee/p22_0.png") == (["1", "1", "22"], 0)


def test_several_capturing_groups_are_one_group_where_all_are_the_same() -> None:
    groups, _ = groups_by(r"/(\w+?)-(\w+)\.", "ant/a-bc.png", "ant/ab-c.png", "ant/a-b.png", "bee/a-bc.jpg")
    assert len(set(groups)) == 3
    assert groups[0] == groups[3]


def test_a_capturing_group_that_took_no_part_is_empty() -> None:
    groups, _ = groups_by(r"(p\d)(_x)?", "ant/p1_x.png", "ant/p1.png", "ant/p1_y.png")
    assert groups[0] != groups[1] == groups[2]


def test_a_picture_that_does_not_match_has_no_group() -> None:
    assert groups_by(r"p(\d)", "ant/p1.png", "ant/q1.png") == (["1", None], 1)


@pytest.mark.parametrize("pattern", [r"p(\d)?", r"p(\d*)", r"(x)?p(\d)?"])
def test_an_empty_find_is_no_group(pattern: str) -> None:
    groups, without = groups_by(pattern, "ant/p1.png", "ant/p.png", "bee/p.png")
    assert groups[0] is not None
    assert groups[1:] == [None, None]
    assert without == 2


def test_folders_can_be_matched_with_forward_slashes() -> None:
    assert groups_by(r"^[^/]+/(.+)/", "ant/may/1.png", "bee/may/2.png") == (["may", "may"], 0)


@pytest.mark.parametrize("pattern", ["(", "[", "a{99999999999}", "(" * 5000 + ")" * 5000, "*"])
def test_what_is_no_regular_expression_is_refused(pattern: str) -> None:
    with pytest.raises(UserError, match=r"^--group-by '.*' is no regular expression \(.+\)\.$"):
        groups_by(pattern, "ant/1.png")


@pytest.mark.parametrize("pattern", ["cow", "x*", "(x)?"])
def test_an_expression_that_finds_nothing_anywhere_is_refused_with_a_path_to_try_it_on(pattern: str) -> None:
    with pytest.raises(UserError) as refused:
        groups_by(pattern, "ant/1.png", "bee/1.png")
    assert str(refused.value) == (
        f"--group-by '{pattern}' finds nothing in the paths of the pictures; the first is ant/1.png."
    )


def test_no_pictures_at_all_are_refused_without_a_path() -> None:
    with pytest.raises(UserError, match=r"finds nothing in the paths of the pictures\.$"):
        groups_by("x")


def test_groups_from_names_and_from_a_column_exclude_each_other() -> None:
    dataset = Dataset(Path("folder/list"), ("ant",), (record("ant", "x", group="p"),))
    with pytest.raises(UserError, match=r"^folder/list has a group column already; leave --group-by out\.$"):
        grouped_by(dataset, "x")


def test_grouping_changes_nothing_but_groups() -> None:
    dataset = dataset_of(named("ant/p1.png", "bee/p1.png"))
    again, _ = grouped_by(dataset, r"p\d")
    assert [(r.path, r.label, r.sha256) for r in again.records] == [
        (r.path, r.label, r.sha256) for r in dataset.records
    ]
    assert (again.root, again.classes, again.skipped) == (dataset.root, dataset.classes, dataset.skipped)
