"""Sizes as people write them, read and told."""

from __future__ import annotations

import pytest

from headstart.errors import UserError
from headstart.sizes import bytes_of, in_words


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("64", 64),
        ("64B", 64),
        ("1k", 1000),
        ("1 KB", 1000),
        ("500MB", 500_000_000),
        (" 2gb ", 2_000_000_000),
        ("2.5T", 2_500_000_000_000),
        ("0.1k", 100),
        ("0.0015k", 1),
    ],
)
def test_a_size_is_read_as_people_write_it(text: str, size: int) -> None:
    assert bytes_of(text, "--map-budget") == size


@pytest.mark.parametrize("text", ["", "B", "-1", "much", "1 XB", "1KiB", "1e3", "1.MB", ".5MB", "1 000", "inf", "٣x"])
def test_what_is_no_size_is_refused_under_the_name_of_its_option(text: str) -> None:
    with pytest.raises(UserError) as refused:
        bytes_of(text, "--map-budget")
    assert str(refused.value) == f"--map-budget {text}: write a size as in 500MB or 2GB."


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 kB"),
        (999, "0 kB"),
        (1000, "1 kB"),
        (999_999, "999 kB"),
        (1_000_000, "1.0 MB"),
        (3_449_999, "3.4 MB"),
        (999_000_000, "999.0 MB"),
        (2_000_000_000, "2.0 GB"),
        (1_234_000_000_000, "1234.0 GB"),
    ],
)
def test_a_size_is_told_as_people_read_it(size: int, words: str) -> None:
    assert in_words(size) == words
