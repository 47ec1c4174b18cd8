"""Numbers as the page writes them."""

from __future__ import annotations

from headstart.report.figures.wording import brief, chance_of, ends, share, short, signed


def test_figures_have_three_decimals_and_a_real_minus() -> None:
    assert [share(value) for value in (0.96, -0.5, None)] == ["0.960", "−0.500", "–"]
    assert [signed(value) for value in (0.02, -0.02, -0.0001, None)] == ["+0.020", "−0.020", "+0.000", "–"]


def test_the_smallest_p_values_are_a_bound() -> None:
    assert [chance_of(value) for value in (0.00099, 0.001, 0.5, None)] == ["< 0.001", "0.001", "0.500", "–"]


def test_an_interval_has_both_ends_or_is_empty() -> None:
    assert ends({"value": 1, "low": 0.9, "high": 1.0}) == "0.900 … 1.000"
    assert ends({"value": 1, "low": -0.1, "high": 0.1}, signs=True) == "−0.100 … +0.100"
    assert ends({"value": 1, "low": None, "high": None}) == ""
    assert ends(None) == ""


def test_ticks_are_short() -> None:
    assert [short(value) for value in (0.2, -0.5, 1.0)] == ["0.2", "−0.5", "1"]


def test_a_long_name_is_brief_and_keeps_both_ends() -> None:
    assert brief("abcdefgh", 4) == "ab…gh"
    assert brief("abcd", 4) == "abcd"
