"""``headstart tune`` in a shell: what it prints, and what a kill leaves."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from headstart.ship.bundle import read_bundle
from models import HEADSTART, names, write_alike
from processes import eventually

OPTIONS = ("--approach", "handcrafted+tree", "--budget", "5m")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_alike(tmp_path / "data", {"ant": 10, "bee": 10})


def test_a_search_prints_what_it_won_what_mattered_and_how_to_repeat_it(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["tune", str(data), "--out", str(tmp_path / "my search"), *OPTIONS]) == 0
    printed, said = capsys.readouterr()
    assert "handcrafted+tree on 4 val pictures" in printed
    assert "the fixed rule" in printed
    assert (
        "3 trials were completed, 0 ended early, 0 failed. The val figures of the best trial are flattered" in printed
    )
    assert "handcrafted+tree on 4 held-out pictures" in printed
    assert "What mattered can't be told: too few trials were completed" in printed
    assert "Again:  headstart train" in printed
    assert f"headstart predict '{tmp_path}/my search/model' IMAGE..." in printed
    assert "Searching fit (3 combinations)" in said


def test_the_command_line_that_is_printed_trains_the_same_model(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["tune", str(data), "--out", str(tmp_path / "out"), *OPTIONS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    before = (tmp_path / "out" / "model" / "weights.safetensors").read_bytes()
    _, command, *rest = shlex.split(found["command"])

    assert exit_code([command, "--json", *rest]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results["approaches"][0]["val"] == found["model"]["val"]
    assert results["split"]["test_opened"] == 2
    assert (tmp_path / "out" / "model" / "weights.safetensors").read_bytes() == before


def test_a_search_that_is_killed_leaves_its_best_and_goes_on(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [HEADSTART, "tune", str(data), "--out", str(out), *OPTIONS]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        assert eventually((out / "best.json").exists, seconds=60)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    best = json.loads((out / "best.json").read_text(encoding="utf-8"))
    assert best["command"].startswith("headstart train")
    assert "model" not in names(out)

    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert "The search goes on after" in done.stderr
    found = json.loads(done.stdout)
    assert found["trials"]["complete"] == 3
    assert found["val"]["log_loss"] <= best["val"]["log_loss"]
    assert read_bundle(out / "model").classes == ("ant", "bee")


def test_without_optuna_one_sentence_says_what_to_install(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert exit_code(["tune", str(data), "--out", str(tmp_path / "out"), *OPTIONS]) == 3
    said = "headstart: tune needs Optuna, which isn't installed: pip install 'headstart[tune]'.\n"
    assert capsys.readouterr().err == said
    assert names(tmp_path) == ["data"]
