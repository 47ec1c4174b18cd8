"""``headstart train`` in a shell: what it prints, and what is left when it is stopped or the disk is full."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from headstart.ship.bundle import read_bundle
from models import HEADSTART, contents, names, write_alike


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_alike(tmp_path / "data", {"ant": 3, "bee": 3})


def test_training_prints_figures_with_intervals_and_how_to_go_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["train", str(data), "--out", str(tmp_path / "my model")]) == 0
    output = capsys.readouterr()
    assert "frozen+logistic@efficientnet_lite0 on 2 held-out pictures of 2 classes" in output.out
    assert "95 % interval" in output.out
    assert f"headstart predict '{tmp_path}/my model' IMAGE..." in output.out
    assert "Warning: Only 2 pictures were judged" in output.err


def test_training_with_json_prints_one_document_the_results(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"

    assert exit_code(["train", str(data), "--out", str(out), "--seed", "7", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((out / "run" / "results.json").read_text(encoding="utf-8"))
    assert document["settings"]["seed"] == document["split"]["seed"] == 7


@pytest.mark.parametrize("name", ['it\'s "quoted"', "ants 🐜 größe", "--json", "[bold]x;*"])
def test_folders_may_be_called_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_alike(Path(name), {f"{name} 1": 3, f"{name} 2": 3})

    assert exit_code(["train", f"--out=out {name}", "--", name]) == 0
    assert f"out {name}" in capsys.readouterr().out.replace("'\"'\"'", "'")
    assert read_bundle(Path(f"out {name}")).classes == (f"{name} 1", f"{name} 2")
    assert names(tmp_path) == sorted([name, f"out {name}"])


def assert_told_of_the_disk(stderr: str) -> None:
    [*_, sentence] = stderr.splitlines()
    assert sentence.startswith("headstart: ")
    assert "No space left" in sentence or "too large" in sentence
    assert "Traceback" not in stderr
    assert stderr.count("headstart: ") == 1


def test_a_full_disk_for_the_model_is_exit_code_3_and_leaves_nothing_half_written(
    data: Path, full_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["train", str(data), "--out", str(full_disk / "model")]) == 3
    assert_told_of_the_disk(capsys.readouterr().err)
    assert names(full_disk) == []


def test_a_full_disk_for_the_cache_is_exit_code_3_and_leaves_nothing_half_written(
    data: Path, full_disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(full_disk / "cache"))

    assert exit_code(["train", str(data), "--out", str(data.parent / "model")]) == 3
    assert_told_of_the_disk(capsys.readouterr().err)
    assert names(data.parent) == ["data", "disk"]
    assert not [file for file in contents(full_disk) if "network" in file or "weights" in file]


def started(data: Path, *options: str) -> subprocess.Popen[str]:
    """Start a training in a process of its own."""
    command = [HEADSTART, "train", str(data), "--out", str(data.parent / "model"), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_an_interrupt_while_a_network_is_prepared_is_exit_code_130_and_leaves_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = data.parent / "cache"
    monkeypatch.setenv("HEADSTART_CACHE", str(cache))
    with started(data, "--weights", "none") as process:
        assert process.stderr is not None
        assert "Checked 6 pictures" in process.stderr.readline()
        assert "efficientnet_lite0 is random" in process.stderr.readline()
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGINT)
        rest = process.stderr.read()

    assert process.returncode == 130
    assert rest == "headstart: interrupted; no result was written, and what the cache holds is kept.\n"
    assert names(data.parent) == ["cache", "data"]
    assert not [file for file in contents(cache) if not file.startswith(("keras/", "features/"))]


def test_an_interrupt_while_features_are_computed_is_exit_code_130_and_leaves_nothing(tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 100, "bee": 100})
    with started(data, "--cache", str(tmp_path / "cache")) as process:
        assert process.stderr is not None
        assert "Checked 200 pictures" in process.stderr.readline()
        time.sleep(1)
        os.kill(process.pid, signal.SIGINT)
        said = process.stderr.read()

    assert said == "headstart: interrupted; no result was written, and what the cache holds is kept.\n"
    assert process.returncode == 130
    assert names(tmp_path) == ["cache", "data"]


def test_folds_are_summed_up_in_a_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["train", str(data), "--out", str(data.parent / "model"), "--folds", "3"]) == 0
    assert "3 folds, each judged by a head that was fitted without it: mean accuracy" in capsys.readouterr().out
