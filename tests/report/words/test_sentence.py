"""Lists of names in a sentence."""

from __future__ import annotations

import pytest

from headstart.report.words.sentence import listed


@pytest.mark.parametrize(
    ("count", "en", "zh"),
    [
        (0, "", ""),
        (1, "a", "a"),
        (2, "a and b", "a 和 b"),
        (3, "a, b and c", "a、b 和 c"),
        (4, "a, b, c and 1 more", "a、b、c 等 4 个"),
        (26, "a, b, c and 23 more", "a、b、c 等 26 个"),
    ],
)
def test_the_first_three_names_are_told_and_the_rest_is_counted(count: int, en: str, zh: str) -> None:
    names = list("abcdefghijklmnopqrstuvwxyz"[:count])

    assert listed(names, "en") == en
    assert listed(names, "zh") == zh
