"""Words that errors share: the nearest name, the first three of many, what the system refused."""

from __future__ import annotations

import errno

import pytest

from headstart.errors import UserError, check_choice, first_three, nearest, refusal


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), (["a", "b", "c", "d"], "a, b, c, …")]
)
def test_three_items_are_named_and_more_are_hinted_at(items: list[str], text: str) -> None:
    assert first_three(items) == text
    assert first_three(items, "; ") == text.replace(",", ";")


def test_a_near_name_is_asked_for_and_a_far_one_is_not() -> None:
    assert nearest("vgg61", ["vgg16", "xception"]) == " Did you mean vgg16?"
    assert nearest("zzz", ["vgg16", "xception"]) == ""


def test_a_choice_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    check_choice("--fit", "pad", ("crop", "pad"))
    with pytest.raises(UserError, match=r"^--fit pat: choose from crop, pad\. Did you mean pad\?$"):
        check_choice("--fit", "pat", ("crop", "pad"))


def test_what_the_system_refused_is_named() -> None:
    assert refusal(OSError(errno.ENOSPC, "No space left on device", "out")) == (
        "the system refuses out: No space left on device; nothing was lost."
    )
