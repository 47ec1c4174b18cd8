"""``headstart predict`` in a shell."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from headstart.cli.main import exit_code
from models import HEADSTART, Trained
from processes import eventually


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


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_rows_on_stdout_are_those_of_a_file(here: Path, capfdbinary: pytest.CaptureFixture[bytes], form: str) -> None:
    shutil.copy("größe 🐜.png", os.fsdecode(b"\xff\n.png"))
    images = ["größe 🐜.png", os.fsdecode(b"\xff\n.png"), "note.txt"]
    assert exit_code(["predict", "my 'model' 🐝", *images, "--out", f"rows.{form}", "--top", "2"]) == 0
    assert capfdbinary.readouterr().out == f"3 rows: rows.{form}\n".encode()
    assert exit_code(["predict", "my 'model' 🐝", *images, "--format", form, "--top", "2"]) == 0
    assert capfdbinary.readouterr().out == (here / f"rows.{form}").read_bytes()


def test_a_name_can_not_break_a_line_of_the_table(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("größe 🐜.png", "two\n\x1b[1mlines.png")
    assert exit_code(["predict", "my 'model' 🐝", "two\n\x1b[1mlines.png", "größe 🐜.png"]) == 0
    _, first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("two��[1mlines.png  ")
    assert second.startswith("größe 🐜.png       ")


@pytest.mark.parametrize("options", [["--out", "r.csv"], ["--format", "csv"]])
def test_one_json_list_and_rows_are_two_things(
    here: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert exit_code(["predict", "my 'model' 🐝", "note.txt", "--json", *options]) == 2
    assert "--json prints one list on stdout" in capsys.readouterr().err
    assert not (here / "r.csv").exists()


def test_the_file_that_is_called_dash_comes_after_two_dashes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("größe 🐜.png", "-")
    assert exit_code(["predict", "my 'model' 🐝", "--format", "csv", "--top", "1", "--", "-"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("-,")


@contextmanager
def predicting(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run predict in a process of its own that is given names of pictures."""
    command = [HEADSTART, "predict", "my 'model' 🐝", "-", *options]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        yield process
        process.kill()


def put(process: subprocess.Popen[bytes], *paths: Path) -> None:
    assert process.stdin
    process.stdin.write(b"".join(os.fsencode(path) + b"\n" for path in paths))
    process.stdin.flush()


def test_answers_come_out_while_names_still_come_in(trained: Trained, here: Path) -> None:
    files = sorted(trained.data.rglob("*.png"))
    with predicting("--format", "csv", "--top", "1") as process:
        assert process.stdout
        put(process, *files[:2])
        assert process.stdout.readline() == b"path,class,probability,error\r\n"
        first = [process.stdout.readline().split(b",")[0] for _ in range(2)]
        put(process, *files[2:])
        rest, said = process.communicate(timeout=60)

    assert [*first, *(line.split(b",")[0] for line in rest.splitlines())] == [os.fsencode(file) for file in files]
    assert (process.returncode, said) == (0, b"")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_killed_run_is_finished_by_the_next_and_nobody_sees_a_difference(
    trained: Trained, here: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = here / f"rows.{form}"
    files = sorted(trained.data.rglob("*.png"))
    with predicting("--out", out.name) as process:
        put(process, *files[:7])
        assert eventually(lambda: out.exists() and b"06.png" in out.read_bytes(), seconds=60)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert (here / f"rows.{form}.headstart.json").exists()

    assert exit_code(["predict", "my 'model' 🐝", str(trained.data), "--out", out.name]) == 0
    assert f"7 rows are in {out}" in capsys.readouterr().err
    assert exit_code(["predict", "my 'model' 🐝", str(trained.data), "--out", f"whole.{form}"]) == 0
    assert out.read_bytes() == (here / f"whole.{form}").read_bytes()
    assert not (here / f"rows.{form}.headstart.json").exists()


def test_whoever_interrupts_it_is_told_how_to_go_on(trained: Trained, here: Path) -> None:
    with predicting("--out", "rows.csv") as process:
        put(process, trained.data / "ant" / "00.png")
        assert eventually(lambda: Path("rows.csv").exists() and b"00.png" in Path("rows.csv").read_bytes(), seconds=60)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)

    assert (process.returncode, printed) == (130, b"")
    assert said == b"headstart: interrupted; what is known is in rows.csv, and the same command goes on from there.\n"


def test_whoever_stops_reading_ends_it_in_silence(trained: Trained, here: Path) -> None:
    with predicting("--format", "jsonl") as process:
        assert process.stdout
        assert process.stderr
        put(process, trained.data / "ant" / "00.png")
        process.stdout.readline()
        process.stdout.close()
        put(process, trained.data / "ant" / "01.png")
        assert (process.wait(timeout=60), process.stderr.read()) == (0, b"")


def test_standard_input_without_a_name_is_exit_code_2(here: Path) -> None:
    with predicting("--out", "rows.csv") as process:
        _, said = process.communicate(b"\n", timeout=60)
    assert (process.returncode, said.splitlines()) == (
        2,
        [b"headstart: Standard input names no picture; write one path a line there."],
    )
    assert not (here / "rows.csv").exists()
