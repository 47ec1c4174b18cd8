"""``headstart predict`` in a shell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from models import Trained


@pytest.fixture
def here(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a model and pictures under odd names."""
    shutil.copytree(trained.model, tmp_path / "my 'model' 🐝")
    for name in ("[red]a b.png", "-top.png", "größe 🐜.png"):
        shutil.copy(trained.data / "ant" / "00.png", tmp_path / name)
    (tmp_path / "note.txt").write_text("not a picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_line_per_picture_names_its_classes_most_likely_first(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["predict", "my 'model' 🐝", "größe 🐜.png", "note.txt", "--top", "2"]) == 0
    _, first, second = capsys.readouterr().out.splitlines()
    name, likely, next_likely = first.split("  ")
    assert name.startswith("größe 🐜.png")
    assert float(likely.split()[-1]) >= float(next_likely.split()[-1])
    assert second.split() == ["note.txt", "not-a-picture"]


def test_json_is_one_list_with_a_document_per_picture_in_order(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["größe 🐜.png", "note.txt", "[red]a b.png"]

    assert exit_code(["predict", "my 'model' 🐝", *names, "--json"]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [document["path"] for document in documents] == names
    assert ["error" in document for document in documents] == [False, True, False]
    assert len(documents[0]["top"]) == 3
    assert documents[0]["top"] == documents[2]["top"]


def test_names_are_printed_as_they_are_and_never_as_markup(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["predict", "my 'model' 🐝", "[red]a b.png"]) == 0
    assert "[red]a b.png" in capsys.readouterr().out


def test_a_picture_whose_name_begins_with_a_dash_comes_after_two_dashes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["predict", "--json", "my 'model' 🐝", "--", "-top.png"]) == 0
    [document] = json.loads(capsys.readouterr().out)
    assert document["path"] == "-top.png"
    assert document["class"] in ("ant", "bee", "cow")


def test_pictures_of_which_none_can_be_used_are_exit_code_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["predict", "my 'model' 🐝", "note.txt", "nowhere.png", "--json"]) == 2
    output = capsys.readouterr()
    assert output.err == "headstart: None of the 2 pictures can be used (first: note.txt: not-a-picture).\n"
    assert output.out == ""
