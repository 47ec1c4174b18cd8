"""``headstart demo`` in a shell: what a newcomer reads."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from headstart.cli import demo
from headstart.cli.main import exit_code
from headstart.report import words
from models import Shown, names, shown_once


@pytest.fixture(scope="module")
def shown(cache: object, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return shown_once(tmp_path_factory.getbasetemp())


def test_the_text_begins_with_the_question_and_what_was_compared(shown: Shown) -> None:
    assert shown.printed.startswith(
        "How much is a head start worth? 3 photos, 2 training patches each from the left half,\n"
        "12 test patches from the right half, every approach on the same ones:\n"
    )


def test_every_row_of_both_tables_is_printed_with_its_interval_and_chance_below(shown: Shown) -> None:
    compared = {entry["id"]: entry["test"]["accuracy"] for entry in shown.document["photos"]["approaches"]}
    rows = compared | {row["name"]: row["accuracy"] for row in shown.document["digits"]["rows"]}
    expected = [f"{each['value']:.3f}  {each['low']:.3f} – {each['high']:.3f}" for each in rows.values()]

    assert [text for text in expected if text not in shown.printed] == []
    assert [name for name in rows if name not in shown.printed] == []
    assert shown.printed.count("\nchance ") == shown.printed.count("95 % interval") == 2


def test_every_sentence_is_printed(shown: Shown) -> None:
    statements = shown.document["photos"]["verdict"]["statements"]
    said = [words.said("en", each["key"], each["values"]) for each in statements] + shown.document["digits"][
        "sentences"
    ]

    assert [text for text in said if f"\n{text}\n" not in shown.printed] == []


def test_the_text_says_how_far_its_figures_reach(shown: Shown) -> None:
    assert "Twenty patches of one photo are not twenty photos" in shown.printed
    assert "the digits 0-4 (901 pictures)" in shown.printed
    assert "from 10 pictures each; 846 test pictures:" in shown.printed


def test_the_commands_to_go_on_with_can_be_pasted(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    [predict] = [line for line in shown.printed.splitlines() if line.startswith("  headstart predict ")]
    [picture] = [word for word in shlex.split(predict) if word.endswith("00.png")]

    assert exit_code(shlex.split(predict)[1:]) == 0
    assert Path(picture).is_file()
    assert "coffee" in capsys.readouterr().out


def test_the_text_goes_to_stdout_and_no_warning_of_the_training_to_stderr(shown: Shown) -> None:
    assert shown.said == ""


def test_the_folder_holds_the_pictures_the_model_and_the_document(shown: Shown) -> None:
    assert names(shown.out) == ["demo.json", "photos", "run"]
    assert len(list((shown.out / "photos").rglob("*.png"))) == 3 * 7


def test_without_a_training_backend_only_the_first_half_is_printed(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document = shown.document | {"digits": None}
    monkeypatch.setattr("headstart.jobs.demo.run.run_demo", lambda *_: document)
    demo.demo()

    printed = capsys.readouterr().out
    assert "How much is a head start worth?" in printed
    assert "digits" not in printed
