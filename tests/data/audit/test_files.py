"""Files that can't be used are found by their reason, in correct English; damaged ones are found and used."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.data.audit import Audited
from headstart.data.audit.files import damaged, skipped
from headstart.data.records import Skipped
from headstart.data.together import together
from made_up import audited, named, read_anew
from pictures import COLOURS, encoded, picture, write_classes


@pytest.mark.parametrize(
    ("reason", "severity", "one", "two"),
    [
        ("unreadable", "warning", "can't be read, or not to its end", "can't be read, or not to their end"),
        ("empty-file", "warning", "is empty", "are empty"),
        (
            "not-a-picture",
            "warning",
            "is no picture, whatever its name says",
            "are no pictures, whatever their names say",
        ),
        (
            "too-many-pixels",
            "warning",
            "would unfold to more pixels than is safe",
            "would unfold to more pixels than is safe",
        ),
        ("too-large", "warning", "is larger than any picture here may be", "are larger than any picture here may be"),
        ("too-slow", "warning", "took too long to decode", "took too long to decode"),
        ("crashes-decoder", "warning", "made the decoder crash", "made the decoder crash"),
        (
            "unsupported-mode",
            "warning",
            "holds values that can't be made colours faithfully",
            "hold values that can't be made colours faithfully",
        ),
        ("changed", "warning", "changed while it was read", "changed while they were read"),
        ("missing-file", "warning", "is listed but not there", "are listed but not there"),
        ("no-label", "warning", "is listed without a label", "are listed without a label"),
        ("broken-link", "warning", "is a link that leads nowhere", "are links that lead nowhere"),
        (
            "link-in-archive",
            "warning",
            "is a link in an archive, where none is followed",
            "are links in an archive, where none is followed",
        ),
        ("outside-archive", "warning", "would lie outside the archive", "would lie outside the archive"),
        ("not-a-file", "note", "is neither file nor folder", "are neither file nor folder"),
        (
            "link-loop",
            "note",
            "leads to a folder that was read already",
            "lead to a folder that was read already",
        ),
        ("listed-twice", "note", "is listed more than once", "are listed more than once"),
        ("hidden", "note", "is hidden", "are hidden"),
        ("outside-class-folders", "note", "lies outside the class folders", "lie outside the class folders"),
        ("some-day", "note", "was skipped", "were skipped"),
    ],
)
def test_skipped_files_are_found_by_their_reason(reason: str, severity: str, one: str, two: str) -> None:
    (single,) = skipped(audited(skipped=[Skipped("a.png", reason)]))
    (several,) = skipped(audited(skipped=[Skipped("a.png", reason), Skipped("b.png", reason)]))
    assert (single.code, single.severity, single.items) == (reason, severity, ("a.png",))
    assert single.what == f"1 file {one}."
    assert (several.what, several.items) == (f"2 files {two}.", ("a.png", "b.png"))


def test_each_reason_is_a_finding_of_its_own() -> None:
    found = skipped(audited(skipped=[Skipped("a", "hidden"), Skipped("b", "empty-file"), Skipped("c", "hidden")]))
    assert [(finding.code, finding.count) for finding in found] == [("hidden", 2), ("empty-file", 1)]


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (
            [True, False],
            "1 picture can be decoded, but its file is damaged: part of what is seen may be missing or wrong.",
        ),
        (
            [True, True],
            "2 pictures can be decoded, but their files are damaged: part of what is seen may be missing or wrong.",
        ),
    ],
)
def test_damaged_pictures_are_found(flags: list[bool], what: str) -> None:
    (finding,) = damaged(audited(named("ant/1.png", "ant/2.png"), facts={"damaged": flags}))
    assert (finding.code, finding.severity, finding.what) == ("damaged", "warning", what)


def test_real_files_are_found_damaged_unreadable_empty_or_no_pictures(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 2, "bee": 2})
    whole = encoded(picture(COLOURS["ant"], seed=50), "JPEG", quality=95)
    middle = len(whole) // 2
    (root / "ant" / "damaged.jpg").write_bytes(whole[:middle] + b"\xff\xd0" * 4 + whole[middle:])
    (root / "ant" / "cut.jpg").write_bytes(whole[:middle])
    (root / "ant" / "empty.png").touch()
    (root / "bee" / "page.png").write_text("<!DOCTYPE html>", encoding="utf-8")
    pictures = read_anew(root)
    looked_at = Audited(pictures, together(pictures.dataset, pictures.facts["thumb"]))
    assert {finding.code: finding.items for finding in [*damaged(looked_at), *skipped(looked_at)]} == {
        "damaged": ("ant/damaged.jpg",),
        "unreadable": ("ant/cut.jpg",),
        "empty-file": ("ant/empty.png",),
        "not-a-picture": ("bee/page.png",),
    }
