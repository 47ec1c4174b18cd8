"""``headstart pretrain``, and networks in training, in a shell: killed, interrupted, with little time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from headstart.cli.main import exit_code
from headstart.networks.backbone_folder import backbone_from
from headstart.ship.bundle import read_bundle
from models import HEADSTART, contents, names
from pictures import write_classes
from processes import eventually


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classes(tmp_path_factory.mktemp("pretrain") / "data", {"dog": 20, "emu": 20, "fox": 20})


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start the command in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [HEADSTART, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def checkpoints(cache: Path) -> list[Path]:
    return sorted((cache / "checkpoints").glob("*/state.json"))


def epochs_in(checkpoint: Path) -> int:
    return len(json.loads(checkpoint.read_text(encoding="utf-8"))["reached"]["history"])


def test_it_prints_what_was_learnt_and_how_to_go_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my backbone"
    assert exit_code(["pretrain", str(data), "--out", str(out), "--epochs", "1", "--width", "4"]) == 0
    printed = capsys.readouterr().out
    assert "small_vgg3x4 at 32 pixels, trained on 48 pictures of 3 classes: accuracy " in printed
    assert f"headstart train DATA --backbone '{out}' --out MODEL" in printed


@pytest.fixture(scope="module")
def killed(data: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A pretraining that was killed once its checkpoint was written, and then run again; and one that wasn't."""
    place = tmp_path_factory.mktemp("killed")
    options = ["--epochs", "300", "--json"]  # far longer than the 10 s after which there is a checkpoint
    process = started("pretrain", data, "--out", place / "killed", *options)
    assert eventually(lambda: checkpoints(cache), seconds=120)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (checkpoint,) = checkpoints(cache)
    epochs, left = epochs_in(checkpoint), names(place)
    again = started("pretrain", data, "--out", place / "killed", *options)
    document, said = again.communicate(timeout=300)
    whole = started("pretrain", data, "--out", place / "whole", *options)
    uninterrupted, _ = whole.communicate(timeout=300)
    return {
        "place": place,
        "epochs": epochs,
        "left": left,
        "document": json.loads(document),
        "said": said,
        "whole": json.loads(uninterrupted),
        "checkpoints": checkpoints(cache),
    }


def test_a_killed_training_leaves_nothing_half_written(killed: dict[str, Any]) -> None:
    assert killed["left"] == []


def test_a_killed_training_goes_on_where_it_was_and_says_so(killed: dict[str, Any]) -> None:
    assert f"training goes on after epoch {killed['epochs']}, from its checkpoint." in killed["said"]
    assert killed["document"]["training"]["resumed_from"] == killed["epochs"]


def test_a_killed_training_ends_with_the_same_numbers_as_an_uninterrupted_one(killed: dict[str, Any]) -> None:
    def figures(document: dict[str, Any]) -> list[list[Any]]:
        return [[row[name] for name in ("epoch", "loss", "val_loss", "accuracy")] for row in history(document)]

    def history(document: dict[str, Any]) -> list[dict[str, Any]]:
        return list(document["training"]["history"])

    assert figures(killed["document"]) == figures(killed["whole"])
    weights = [contents(killed["place"] / name)["weights.safetensors"] for name in ("killed", "whole")]
    assert weights[0] == weights[1]


def test_a_training_that_has_ended_leaves_no_checkpoint(killed: dict[str, Any]) -> None:
    assert killed["checkpoints"] == []


def test_ctrl_c_keeps_the_best_so_far(data: Path, cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    process = started(
        "train", data, "--out", out, "--approach", "scratch", "--epochs", "5000", "--width", "8", "--json"
    )
    assert eventually(lambda: checkpoints(cache), seconds=120)
    os.killpg(process.pid, signal.SIGINT)
    document, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    training = json.loads(document)["approaches"][0]["training"]
    assert (training["stopped"], training["converged"]) == ("interrupted", False)
    assert "training was interrupted after" in said
    assert read_bundle(out).backbone.name == "small_vgg3x8"


def test_a_budget_is_told_at_the_start_and_kept(data: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    process = started(
        "pretrain", data, "--out", tmp_path / "bb", "--epochs", "100000", "--width", "8", "--budget", "40s"
    )
    _, said = process.communicate(timeout=120)
    spent = time.monotonic() - begun
    assert process.returncode == 0, said
    assert "of 100000 epochs fit" in said
    assert spent < 44
    assert backbone_from(str(tmp_path / "bb"))[0].name == "small_vgg3x8"


def test_a_budget_too_small_for_a_step_is_refused_with_what_is_needed(data: Path, tmp_path: Path) -> None:
    process = started("pretrain", data, "--out", tmp_path / "bb", "--budget", "1s")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "is too small" in said
    assert names(tmp_path) == []
