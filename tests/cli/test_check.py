"""The audit as a user sees it in a terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from models import HEADSTART
from pictures import write_classes


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with five copies of a picture under DATA."""
    data = write_classes(tmp_path / "DATA", {"ant": 4, "bee": 4})
    for number in range(5):
        shutil.copy(data / "ant" / "00.png", data / "ant" / f"copy{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_findings_are_printed_with_what_to_do_and_a_verdict(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["check", "DATA"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("13 pictures of 2 classes in DATA\n")
    assert "WARNING duplicate: 1 picture stands in the same class more than once." in printed
    assert "ant/00.png = ant/copy0.png = ant/copy1.png" in printed
    assert "→ Keep one of each" in printed


def test_json_is_one_document_and_nothing_else_on_stdout(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["check", "DATA", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == 13


def test_the_page_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["check", "DATA", "--out", "OUT"]) == 0
    assert capsys.readouterr().out.endswith("Page: OUT/check.html\n")
    assert (here / "OUT" / "check.html").is_file()


@pytest.mark.parametrize(("options", "said"), [([], "caf\N{REPLACEMENT CHARACTER}"), (["--json"], r"caf\udce9/00.png")])
def test_names_that_are_no_unicode_can_be_printed(here: Path, options: list[str], said: str) -> None:
    odd = os.fsdecode(b"caf\xe9")
    shutil.copytree(here / "DATA" / "ant", here / "DATA" / odd)
    done = subprocess.run([HEADSTART, "check", "DATA", *options], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout.decode()


def test_names_can_not_steer_the_terminal(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "DATA" / "ant").rename(here / "DATA" / "\x1b[31mant")
    assert exit_code(["check", "DATA"]) == 0
    assert "\x1b" not in capsys.readouterr().out
