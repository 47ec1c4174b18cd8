"""The cleaned copy: what is in it, what was left out and why, and that the original is as it was."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from headstart.errors import UserError
from headstart.jobs.check import run_check
from headstart.jobs.fix import run_fix
from headstart.progress import Event, silent
from headstart.settings import CheckSettings, FixSettings
from models import contents, names, sentences
from pictures import encoded, picture, write_classes


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two classes with a copy, a copy under another label and an empty file."""
    root = write_classes(tmp_path / "data", {"ant": 4, "bee": 4})
    shutil.copy(root / "ant" / "00.png", root / "ant" / "copy.png")
    shutil.copy(root / "ant" / "01.png", root / "bee" / "moved.png")
    (root / "bee" / "zero.jpg").touch()
    return root


def test_copies_and_unreadable_files_are_left_out_and_the_rest_is_the_same_bytes(data: Path, tmp_path: Path) -> None:
    run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    clean = contents(tmp_path / "clean")
    del clean["headstart-fix.json"]
    assert sorted(clean) == ["ant/00.png", "ant/02.png", "ant/03.png", *(f"bee/0{i}.png" for i in range(4))]
    assert all(contents(data)[path] == content for path, content in clean.items())


def test_a_picture_with_two_labels_is_left_out_under_both_and_listed_for_a_decision(data: Path, tmp_path: Path) -> None:
    document = run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    assert document["to_decide"] == [["ant/01.png", "bee/moved.png"]]
    assert {"path": "ant/copy.png", "same_as": "ant/00.png"} in document["left_out"]
    assert json.loads((tmp_path / "clean" / "headstart-fix.json").read_bytes()) == document


def test_the_original_is_never_touched(data: Path, tmp_path: Path) -> None:
    before = contents(data)
    times = {file: file.stat().st_mtime_ns for file in data.rglob("*")}
    run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    assert contents(data) == before
    assert {file: file.stat().st_mtime_ns for file in data.rglob("*")} == times


def test_the_copies_are_files_of_their_own(data: Path, tmp_path: Path) -> None:
    run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    assert not (tmp_path / "clean" / "ant" / "00.png").samefile(data / "ant" / "00.png")
    assert (data / "ant" / "00.png").stat().st_nlink == 1


def test_the_cleaned_copy_has_no_such_errors_and_its_report_is_no_finding(data: Path, tmp_path: Path) -> None:
    run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    document = run_check(CheckSettings(tmp_path / "clean"), silent)
    assert not {"duplicate", "duplicate-across-classes", "empty-file"} & {f["code"] for f in document["findings"]}
    assert document["skipped"] == []


def test_of_copies_across_ready_made_parts_the_one_in_train_is_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_classes(data / "Testing", {"ant": 3, "bee": 3}, seed=1)
    write_classes(data / "Training", {"ant": 3, "bee": 3}, seed=2)
    shutil.copy(data / "Testing" / "ant" / "00.png", data / "Training" / "ant" / "again.png")
    document = run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    assert document["left_out"] == [{"path": "Testing/ant/00.png", "same_as": "Training/ant/again.png"}]
    assert names(tmp_path / "clean") == ["Testing", "Training", "headstart-fix.json"]


def test_a_list_becomes_a_list_that_can_be_read_again_whatever_its_labels(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"x": 4, "y": 4})
    lines = [
        f"data/{p.parent.name}/{p.name},{'../evil' if p.parent.name == 'x' else 'CON'}" for p in root.rglob("*.png")
    ]
    (tmp_path / "list.csv").write_text("path,label\n" + "\n".join(sorted(lines)) + "\n")
    said: list[Event] = []
    run_fix(FixSettings(tmp_path / "list.csv", out=tmp_path / "clean"), said.append)
    assert names(tmp_path / "clean") == ["headstart-fix.json", "pictures", "pictures.csv"]
    assert any("pictures.csv" in text for text in sentences(said))
    again = run_check(CheckSettings(tmp_path / "clean" / "pictures.csv"), silent)
    assert again["classes"] == {"../evil": 4, "CON": 4}


def test_a_class_can_be_left_out(data: Path, tmp_path: Path) -> None:
    run_fix(FixSettings(data, out=tmp_path / "clean", exclude=("bee",)), silent)
    assert names(tmp_path / "clean") == ["ant", "headstart-fix.json"]


def test_damaged_pictures_that_decode_are_kept_and_that_is_said(data: Path, tmp_path: Path) -> None:
    spoilt = bytearray(encoded(picture((99, 99, 99), 1), "PNG"))
    spoilt[-14] ^= 1  # the checksum of the last chunk of pixels
    (data / "ant" / "spoilt.png").write_bytes(spoilt)
    said: list[Event] = []
    run_fix(FixSettings(data, out=tmp_path / "clean"), said.append)
    assert any("1 damaged" in text for text in sentences(said))
    assert (tmp_path / "clean" / "ant" / "spoilt.png").exists()


@pytest.mark.parametrize("place", ["data/inside", "."])
def test_a_place_inside_or_around_the_data_is_refused(data: Path, tmp_path: Path, place: str) -> None:
    before = contents(tmp_path)
    with pytest.raises(UserError, match="--out"):
        run_fix(FixSettings(data, out=tmp_path / place), silent)
    assert contents(tmp_path) == before


def test_an_earlier_copy_is_never_replaced(data: Path, tmp_path: Path) -> None:
    run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    before = contents(tmp_path / "clean")
    with pytest.raises(UserError, match="holds files"):
        run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    assert contents(tmp_path / "clean") == before


def test_an_interrupt_leaves_nothing_half_written(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headstart.jobs.fix.write_document", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_fix(FixSettings(data, out=tmp_path / "clean"), silent)
    assert names(tmp_path) == ["data"]


def test_a_picture_that_changes_meanwhile_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(event: Event) -> None:
        if getattr(event, "stage", "") == "copying pictures":
            (data / "bee" / "03.png").write_bytes(encoded(picture((1, 2, 3), seed=9)))

    with pytest.raises(UserError, match=r"bee/03\.png changed while it was copied"):
        run_fix(FixSettings(data, out=tmp_path / "clean"), change)
    assert names(tmp_path) == ["data"]


def test_nothing_left_is_refused(tmp_path: Path) -> None:
    same = encoded(picture((9, 9, 9), 1))
    for name in ("ant", "bee"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "1.png").write_bytes(same)
    with pytest.raises(UserError, match="no picture would be left"):
        run_fix(FixSettings(tmp_path / "data", out=tmp_path / "clean"), silent)


def test_names_that_are_no_unicode_are_kept(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 3, "bee": 3})
    odd = os.fsdecode(b"caf\xe9.png")
    (root / "ant" / "00.png").rename(root / "ant" / odd)
    run_fix(FixSettings(root, out=tmp_path / "clean"), silent)
    assert (tmp_path / "clean" / "ant" / odd).exists()
