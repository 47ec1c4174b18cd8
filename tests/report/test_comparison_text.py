"""report.md: the verdict first, then what it rests on, for names of any kind."""

from __future__ import annotations

import re
from typing import Any

import pytest

from comparisons import contender, fine_tuned, handcrafted, results, right, scratch
from headstart.report.comparison_text import comparison_text
from headstart.report.words import LANGUAGES, sentence_of

GOOD = contender("frozen+svm@efficientnet_lite0", right(140))
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "a|b",
    "a\\|b",
    "`code`",
    "two\nlines\n# and a heading",
    "[click](javascript:alert(1))",
    "猫 & 狗",
    "photo\u202egpj.exe",
    "bytes\udcff.jpg",
    "W" * 255,
]


def compared(**changes: Any) -> dict[str, Any]:
    starved = scratch(right(60), converged=False, budget_seconds=60.0)
    return results(GOOD, handcrafted(right(100)), starved, fine_tuned(right(139)), **changes)


def sections(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("|")]


def test_the_verdict_comes_first_sentence_by_sentence() -> None:
    document = compared()
    text = comparison_text(document, "en")

    assert sections(text)[0] == "The verdict"
    verdict = text.split("## The verdict\n\n")[1].split("\n\n")[0]
    told = sentence_of(document["verdict"]["statements"], "en")
    assert " ".join(line.removeprefix("- ") for line in verdict.splitlines()) == told


def test_every_approach_is_in_the_table_the_winner_first() -> None:
    table = rows(comparison_text(compared(), "en"))

    assert table[0] == [
        *("Approach", "Val accuracy", "Accuracy", "95% interval", "Balanced", "F1", "MCC", "Log loss", "ECE"),
        *("Seconds", "converged"),
    ]
    assert table[2] == [
        *("frozen+svm@efficientnet_lite0", "0.933", "0.933", "0.883 … 0.983", "0.500", "0.500", "0.500", "0.500"),
        *("0.500", "10.0", "–"),
    ]
    assert [(row[0], row[-1]) for row in table[3:6]] == [
        ("fine-tune@lite0", "converged"),
        ("handcrafted+svm", "–"),
        ("scratch", "not converged"),
    ]


def test_the_pairs_of_which_something_is_claimed_are_in_a_table_and_the_others_are_counted() -> None:
    text = comparison_text(compared(), "en")

    pairs = [row for row in rows(text) if " against " in row[0]]
    assert [row[0] for row in pairs] == [
        "frozen+svm@efficientnet_lite0 against fine-tune@lite0",
        "frozen+svm@efficientnet_lite0 against handcrafted+svm",
        "frozen+svm@efficientnet_lite0 against scratch",
    ]
    assert pairs[1][1] == "+0.267"
    assert pairs[1][4] == "< 0.001"
    assert "Exploratory pairs, without a correction, that stand in results.json: 3." in text


def test_it_is_told_how_often_the_test_part_was_opened_and_what_chance_is() -> None:
    text = comparison_text(compared(), "en")

    assert "is 0.200. Times that the test part was opened: 1." in text


def test_warnings_findings_and_what_was_not_run_are_told() -> None:
    finding = {"code": "duplicate", "severity": "warning", "count": 2, "what": "2 copies.", "advice": "Look."}
    document = compared(
        warnings=["Only 150 pictures."], not_run=[{"id": "frozen+mlp@x", "reason": "missing", "why": "No backend."}]
    )
    document["dataset"] |= {"findings": [finding], "skipped": [{"path": "x.jpg", "reason": "empty-file"}]}

    text = comparison_text(document, "en")

    assert "- Only 150 pictures." in text
    assert "- **Warning** duplicate: 2 copies. Look." in text
    assert "Files that were skipped: 1" in text
    assert "- **frozen+mlp@x** (not installed): No backend." in text


def test_suspects_are_counted_and_not_listed() -> None:
    suspects = {"on": "lite0", "folds": 5, "checked": 600, "found": 31, "items": [{"path": "ant/1.jpg"}]}
    document = compared(seeing={"suspects": suspects | {"test": [], "test_count": 4}})

    text = comparison_text(document, "en")

    assert "31 of 600 pictures in train and val may carry the wrong label" in text
    assert "Pictures of the test part that look odd too: 4" in text
    assert "ant/1.jpg" not in text


def test_no_suspect_is_told_too() -> None:
    suspects = {"on": "lite0", "folds": 5, "checked": 600, "found": 0, "items": [], "test": [], "test_count": 0}

    assert "None of 600 pictures" in comparison_text(compared(seeing={"suspects": suspects}), "en")


def test_a_curve_is_told_in_its_sentences() -> None:
    told = [{"key": "seconds", "values": {"id": "curve", "seconds": 3.0}}]
    curve = {"draws": 3, "per_class": [1, 2], "of": [], "statements": told}

    assert "- curve took 3.0 s in all." in comparison_text(compared(curve=curve), "en")


def test_repetitions_are_told_with_their_range() -> None:
    each = {"scratch": {"mean": 0.5, "low": 0.4, "high": 0.6, "each": [0.4, 0.5, 0.5, 0.5, 0.6]}}

    text = comparison_text(compared(repeats={"seeds": [0, 1, 2, 3, 4], "accuracy": each}), "en")

    assert ["scratch", "0.500", "0.400 … 0.600"] in rows(text)


def test_a_source_is_told() -> None:
    source = {"name": "cifar", "pictures": 9, "seconds": 1.0, "sentence": "9 pictures of a source."}

    assert "9 pictures of a source." in comparison_text(compared(source=source), "en")


def test_the_command_and_the_versions_to_do_it_again_are_told() -> None:
    text = comparison_text(compared(), "en")

    assert "```sh\nheadstart compare insects --out run\n```" in text
    assert "headstart 0.1.0, Python 3.11.7, openvino" in text
    assert "numpy 2.4" in text
    assert "3" * 64 in text


def test_without_a_single_approach_it_is_told_that_nothing_can_be_said() -> None:
    document = results(not_run=[{"id": "scratch", "reason": "failed", "why": "It broke."}])

    text = comparison_text(document, "en")

    assert "No approach came to its end" in text
    assert "- **scratch** (failed): It broke." in text
    assert rows(text) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_is_written_in_every_language(lang: str) -> None:
    document = compared()

    first = sentence_of(document["verdict"]["statements"][:1], lang)
    assert first in comparison_text(document, lang)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_wherever_it_stands(name: str) -> None:
    document = results(
        contender(f"frozen+svm@{name}", right(140)),
        handcrafted(right(100)),
        classes=[name, "bee"],
        warnings=[f"The class {name} is small."],
        not_run=[{"id": f"frozen+knn@{name}", "reason": "failed", "why": f"{name} broke."}],
        command=f"headstart compare '{name}'",
    )
    document["dataset"]["name"] = name
    document["dataset"]["findings"] = [
        {"code": "x", "severity": "note", "count": 1, "what": f"{name} is odd.", "advice": "Look."}
    ]
    document["verdict"]["statements"].append({"key": "classes_of_one_picture", "values": {"names": [name]}})

    text = comparison_text(document, "en")

    assert text.encode("utf-8")
    outside = re.sub(r"^(`{3,})sh\n.*\n\1$", "", text, flags=re.MULTILINE)
    assert not re.search(r"<[A-Za-z/!]|(?<!\\)`|(?<!\\)\]\(|\u202e", outside)
    assert sections(text) == [
        "The verdict",
        "All approaches",
        "What can be told apart",
        "Warnings",
        "What the data is like",
        "What wasn't run",
        "How to reproduce",
    ]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")}
    assert widths == {12, 6}
