"""A finding: what it is as a document, and the sentences that are made for one thing and for several."""

from __future__ import annotations

import json

import numpy as np
import pytest

from headstart.data.audit.finding import (
    ERROR,
    NOTE,
    WARNING,
    Finding,
    counted,
    numbered,
    of_groups,
    of_pictures,
)
from made_up import audited, named

FLAT = ["ant/1.png", "ant/2.png", "bee/1.png"]


def test_a_finding_is_a_document_of_plain_values() -> None:
    finding = Finding("duplicate", WARNING, "What.", ("a.png", ["b.png", "c.png"]), "Advice.")
    assert json.loads(json.dumps(finding.document())) == {
        "code": "duplicate",
        "severity": "warning",
        "count": 2,
        "what": "What.",
        "items": ["a.png", ["b.png", "c.png"]],
        "advice": "Advice.",
    }


@pytest.mark.parametrize(
    ("flags", "what", "items"),
    [
        ([False, True, False], "1 picture is dark.", ("ant/2.png",)),
        ([True, False, True], "2 pictures are dark.", ("ant/1.png", "bee/1.png")),
    ],
)
def test_flagged_pictures_are_counted_and_named(flags: list[bool], what: str, items: tuple[str, ...]) -> None:
    (finding,) = of_pictures(audited(named(*FLAT)), np.array(flags), "x", NOTE, what="[is|are] dark", advice="Go.")
    assert finding == Finding("x", NOTE, what, items, "Go.")


def test_without_a_flagged_picture_nothing_is_found() -> None:
    assert of_pictures(audited(named(*FLAT)), np.zeros(3, np.bool_), "x", NOTE, what="", advice="") == []


@pytest.mark.parametrize(
    ("groups", "what", "items"),
    [
        ([[0, 2]], "1 picture stands twice.", (["ant/1.png", "bee/1.png"],)),
        ([[0, 2], [1, 0]], "2 pictures stand twice.", (["ant/1.png", "bee/1.png"], ["ant/2.png", "ant/1.png"])),
    ],
)
def test_groups_are_counted_and_named(groups: list[list[int]], what: str, items: tuple[list[str], ...]) -> None:
    said = "{n} [picture stands|pictures stand] twice."
    (finding,) = of_groups(audited(named(*FLAT)), groups, "x", ERROR, what=said, advice="Go.")
    assert finding == Finding("x", ERROR, what, items, "Go.")


def test_without_groups_nothing_is_found() -> None:
    assert of_groups(audited(named(*FLAT)), [], "x", ERROR, what="", advice="") == []


@pytest.mark.parametrize(("n", "text"), [(0, "0 pictures"), (1, "1 picture"), (2, "2 pictures")])
def test_a_noun_is_counted(n: int, text: str) -> None:
    assert counted("picture", n) == text


@pytest.mark.parametrize(
    ("text", "one", "several"),
    [
        ("[is|are] [a|] link[|s]", "is a link", "are  links"),
        ("hold[s|] it", "holds it", "hold it"),
        ("no choice [here]", "no choice [here]", "no choice [here]"),
    ],
)
def test_the_form_for_the_number_is_taken(text: str, one: str, several: str) -> None:
    assert (numbered(text, 1), numbered(text, 2), numbered(text, 0)) == (one, several, several)
