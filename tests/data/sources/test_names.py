"""Names: the natural order, parts of a split in any case, hidden files, and spellings of one class."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.sources.names import composed, is_hidden, natural_key, part_named, path_key


@pytest.mark.parametrize(("first", "second"), [("2", "10"), ("a2b", "a10a"), ("9", "a"), ("a", "a1"), ("A", "a")])
def test_the_natural_order_puts_one_name_before_the_other(first: str, second: str) -> None:
    assert natural_key(first) < natural_key(second)


@pytest.mark.parametrize(("first", "second"), [("01", "1"), ("a007", "a7")])
def test_names_that_differ_only_in_leading_zeros_have_a_fixed_order(first: str, second: str) -> None:
    assert natural_key(first) != natural_key(second)


@pytest.mark.parametrize("name", ["", "²", "½", "٣", "Ⅷ", "1.5e3", "-4", "\udce9", "9" * 5000])
def test_any_name_has_a_place_in_the_natural_order(name: str) -> None:
    assert natural_key(name) == natural_key(name)
    assert isinstance(natural_key(name) < natural_key("a1"), bool)


@given(st.lists(st.text(), max_size=5))
def test_any_names_can_be_put_in_order(names: list[str]) -> None:
    assert sorted(sorted(names), key=natural_key) == sorted(sorted(names, reverse=True), key=natural_key)


def test_the_files_of_a_folder_come_before_its_sub_folders() -> None:
    paths = ["b/1.png", "a/sub/0.png", "a/z.png", "a/10.png", "a/9.png", "top.png"]
    assert sorted(paths, key=path_key) == ["top.png", "a/9.png", "a/10.png", "a/z.png", "a/sub/0.png", "b/1.png"]


@pytest.mark.parametrize(
    ("name", "part"),
    [("train", "train"), ("Training", "train"), ("VALID", "val"), ("validation", "val"), ("Testing", "test")],
)
def test_a_part_is_known_by_any_usual_name_in_any_case(name: str, part: str) -> None:
    assert part_named(name) == part


@pytest.mark.parametrize("name", ["", "tram", "train1", "vals"])
def test_any_other_name_is_no_part(name: str) -> None:
    assert part_named(name) is None


@pytest.mark.parametrize("name", [".DS_Store", "._00.png", ".git", "__MACOSX"])
def test_what_systems_leave_in_folders_is_hidden(name: str) -> None:
    assert is_hidden(name)


@pytest.mark.parametrize("name", ["a.png", "_.png", "__pycache__"])
def test_what_users_name_is_not_hidden(name: str) -> None:
    assert not is_hidden(name)


def test_two_spellings_of_an_accent_are_one_name() -> None:
    assert composed(unicodedata.normalize("NFD", "Käfer")) == composed(unicodedata.normalize("NFC", "Käfer"))
