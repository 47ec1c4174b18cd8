"""The cleaned copy as a user asks for it in a terminal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from pictures import write_classes


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a copy and a picture of two classes under DATA."""
    data = write_classes(tmp_path / "DATA", {"ant": 4, "bee": 4})
    shutil.copy(data / "ant" / "00.png", data / "ant" / "copy.png")
    shutil.copy(data / "ant" / "01.png", data / "bee" / "moved.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_kept_left_out_and_must_be_decided_is_printed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["fix", "DATA", "--out", "CLEAN"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Kept 7 pictures; left out 3 copies and 0 files that can't be used.")
    assert "ant/01.png = bee/moved.png" in printed
    assert (here / "CLEAN" / "ant" / "00.png").is_file()


def test_json_is_one_document_and_nothing_else_on_stdout(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["fix", "DATA", "--out", "CLEAN", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kept"] == 7
