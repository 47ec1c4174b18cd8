"""Durations as people write them, read and told."""

from __future__ import annotations

import pytest

from headstart.durations import in_time, seconds_of
from headstart.errors import UserError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60", 60), ("60s", 60), ("5m", 300), (" 5 min ", 300), ("1h30m", 5400), ("2H", 7200), ("1m30s", 90)],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert seconds_of(text, "--budget") == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-5m", "soon", "5x", "1.5h", "s", "5m1h", "inf", "1e3"])
def test_what_is_no_duration_is_refused_under_the_name_of_its_option(text: str) -> None:
    with pytest.raises(UserError) as refused:
        seconds_of(text, "--budget")
    assert str(refused.value) == f"--budget {text}: write a duration as in 90s, 5m or 1h30m."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (45, "45 s"), (180, "3 min"), (3600, "1 h"), (5400, "1 h 30 min")],
)
def test_a_duration_is_told_as_people_read_it(seconds: float, words: str) -> None:
    assert in_time(seconds) == words
