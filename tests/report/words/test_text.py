"""What the report in text says beside what the page says."""

from __future__ import annotations

import pytest

from headstart.report.words import said
from headstart.report.words.text import SENTENCES


@pytest.mark.parametrize("key", SENTENCES)
def test_it_is_told_apart_from_what_the_page_says(key: str) -> None:
    assert key.startswith("text.")


def test_large_numbers_are_told_with_separators() -> None:
    assert said("en", "text.exploratory", {"count": 4950}).endswith(": 4,950.")
