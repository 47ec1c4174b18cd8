"""The audit as a whole: every check runs, errors come first, and what is found reads as sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from headstart.data.audit import CHECKS, Audited, Finding, audit
from headstart.data.audit.finding import SEVERITIES
from headstart.data.split import new_split
from headstart.data.together import together
from made_up import audited, dataset_with, read_anew, record
from pictures import encoded, picture, write_classes

LEAKY = [
    record("ant", "x", "train", group="p"),
    record("bee", "x", "test", group="p"),
    record("bee", "y", "train"),
    record("ant", "z", "test"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_check_finds_nothing_in_no_pictures(check: Callable[[Audited], list[Finding]]) -> None:
    assert check(audited()) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_check_finds_nothing_in_good_pictures(check: Callable[[Audited], list[Finding]]) -> None:
    assert check(audited(dataset_with({"ant": 20, "bee": 20}).records)) == []


def test_errors_come_first_then_warnings_then_notes() -> None:
    severities = [finding.severity for finding in audit(audited(LEAKY, facts={"bright": 0, "width": 20}))]
    assert sorted(severities, key=SEVERITIES.index) == severities
    assert set(severities) == set(SEVERITIES)


def test_what_makes_figures_wrong_is_an_error() -> None:
    found = audit(audited(LEAKY, near=[(2, 3), (0, 2)], facts={"bright": 0}))
    assert [finding.code for finding in found if finding.severity == "error"] == [
        "duplicate-across-splits",
        "group-across-splits",
        "near-duplicate-across-splits",
        "duplicate-across-classes",
    ]


@pytest.fixture
def messy(tmp_path: Path) -> Audited:
    """Pictures with nearly everything wrong that can be."""
    root = write_classes(tmp_path / "data", {"Ant": 12, "ant": 3, "bee": 3, "cow": 50})
    (root / "dog").mkdir()
    (root / "bee" / "same.png").write_bytes((root / "cow" / "00.png").read_bytes())
    (root / "cow" / "same.png").write_bytes((root / "cow" / "01.png").read_bytes())
    (root / "cow" / "near.png").write_bytes((root / "cow" / "02.png").read_bytes() + b"more")
    (root / "bee" / "page.png").write_text("<html>", encoding="utf-8")
    (root / "bee" / "empty.png").touch()
    (root / "cow" / "dark.png").write_bytes(encoded(Image.new("RGB", (99, 99))))
    (root / "cow" / "bright.png").write_bytes(encoded(Image.new("RGB", (99, 99), "white")))
    (root / "cow" / "one colour.png").write_bytes(encoded(Image.new("RGB", (99, 99), "grey")))
    (root / "cow" / "long.png").write_bytes(encoded(picture((9, 99, 199), seed=7, size=(400, 80))))
    whole = encoded(picture((9, 99, 199), seed=8), "JPEG")
    (root / "cow" / "damaged.jpg").write_bytes(whole[:-9] + b"\xff\xd0" * 4 + whole[-9:])
    pictures = read_anew(root)
    changed = replace(pictures.dataset, records=pictures.dataset.records[1:])
    split, _ = new_split(changed, seed=0)
    return Audited(pictures, together(pictures.dataset, pictures.facts["thumb"]), split=split)


def test_nearly_everything_is_found_in_a_messy_folder(messy: Audited) -> None:
    assert {finding.code for finding in audit(messy)} == {
        "duplicate-across-classes",
        "changed-since-split",
        "not-a-picture",
        "empty-file",
        "damaged",
        "duplicate",
        "near-duplicate",
        "few-pictures",
        "imbalance",
        "similar-class-names",
        "too-dark",
        "too-bright",
        "blurred",
        "tiny",
        "odd-aspect",
    }


def test_every_finding_is_made_of_sentences_and_names_something(messy: Audited) -> None:
    for finding in audit(messy):
        assert finding.count > 0
        assert finding.severity in SEVERITIES
        assert finding.what.endswith(".")
        assert finding.advice.endswith(".")
        assert not set("[]{}|") & set(finding.what)
