"""Every command: exit codes, one sentence for what goes wrong, one document for --json."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from headstart import __version__
from headstart.cli.main import exit_code
from headstart.networks.backbones import BACKBONES
from models import HEADSTART, Trained, names


def assert_one_sentence(stderr: str) -> None:
    """Assert that the user was told in one line what is wrong, and nothing else."""
    assert stderr.startswith("headstart: ")
    assert stderr.count("\n") == 1
    assert 30 < len(stderr) < 600


@pytest.fixture
def here(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the shared DATA and MODEL in it."""
    (tmp_path / "DATA").symlink_to(trained.data)
    (tmp_path / "MODEL").symlink_to(trained.model)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian", "DATA"], "trian"),
        (["train"], "data"),
        (["train", "DATA"], "--out"),
        (["train", "DATA", "--out", "OUT", "--sede", "3"], "--sede"),
        (["train", "DATA", "--out", "OUT", "--seed", "three"], "three"),
        (["train", "DATA", "--out", "OUT", "--no-json"], "--no-json"),
        (["train", "nowhere", "--out", "OUT"], "nowhere doesn't exist"),
        (["train", "DATA", "--out", "OUT", "--backbone", "mobilnet"], "Did you mean mobilenet?"),
        (["train", "DATA", "--out", "OUT", "--approach", "frozen"], "Choose from: frozen+logistic"),
        (["train", "DATA", "--out", "OUT", "--weights", "no.h5"], "--weights no.h5: there is no such file"),
        (["train", "DATA", "--out", "OUT", "--split", "no.json"], "no.json doesn't exist"),
        (["train", "DATA", "--out", "DATA"], "--out DATA lies inside the data folder"),
        (["train", "DATA", "--out", "OUT", "--fit", "squish"], "--fit squish: choose from squash, crop, pad."),
        (["train", "DATA", "--out", "OUT", "--folds", "2"], "--folds 2: at least 3"),
        (["train", "DATA", "--out", "OUT", "--group-by", "("], "--group-by '(' is no regular expression"),
        (["train", "DATA", "--out", "OUT", "--exclude", "be"], "no class is called so. Did you mean bee?"),
        (["check"], "data"),
        (["check", "nowhere"], "nowhere doesn't exist"),
        (["check", "DATA", "--out", "DATA"], "--out DATA lies inside the data folder"),
        (["fix", "DATA"], "--out"),
        (["fix", "DATA", "--out", "MODEL"], "holds files that headstart didn't write"),
        (["predict"], "MODEL"),
        (["predict", "MODEL"], "at least one picture file"),
        (["predict", "nowhere", "DATA/ant/00.png"], "nowhere doesn't exist; name a model folder"),
        (["predict", "DATA", "DATA/ant/00.png"], "DATA is not a model folder"),
        (["predict", "MODEL", "DATA/ant/00.png", "--top", "0"], "--top 0: name at least 1 class"),
        (["predict", "MODEL", "DATA/ant/00.png", "--top", "many"], "many"),
        (["evaluate", "MODEL", "nowhere"], "nowhere doesn't exist"),
        (["evaluate", "nowhere", "DATA"], "nowhere doesn't exist; name a model folder"),
        (["backbones", "--jason"], "--jason"),
        (["demo", "--out", "DATA"], "holds files that headstart didn't write"),
    ],
    ids=str,
)
def test_a_mistake_of_the_user_is_exit_code_2_and_one_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert exit_code(arguments) == 2
    output = capsys.readouterr()
    assert_one_sentence(output.err)
    assert said in output.err
    assert output.out == ""
    assert names(here) == ["DATA", "MODEL"]


def test_weights_that_are_missing_are_exit_code_3_and_the_sentence_names_the_file_and_the_way_out(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--backbone", "vgg16", "--weights", "imagenet", "--offline"]

    assert exit_code(["train", str(trained.data), "--out", str(tmp_path / "model"), *options]) == 3
    stderr = capsys.readouterr().err
    assert_one_sentence(stderr)
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in stderr
    assert "--offline forbids the download" in stderr
    assert "give it with --weights FILE" in stderr
    assert names(tmp_path) == []


def test_a_backend_that_is_missing_is_exit_code_3_before_the_data_is_even_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("headstart.networks.keras_backend.training_backend", lambda: None)

    assert exit_code(["train", "nowhere", "--out", str(tmp_path / "model"), "--approach", "frozen+mlp"]) == 3
    stderr = capsys.readouterr().err
    assert_one_sentence(stderr)
    assert "pip install 'headstart[train]'" in stderr


def test_an_interrupt_is_exit_code_130_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headstart.jobs.backbones.backbones", interrupted)

    assert exit_code(["backbones"]) == 130
    said = "headstart: interrupted; no result was written, and what the cache holds is kept.\n"
    assert capsys.readouterr().err == said


def test_a_permission_that_is_missing_is_exit_code_3_and_names_the_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise PermissionError(13, "Permission denied", "/locked/away")

    monkeypatch.setattr("headstart.jobs.backbones.backbones", refused)

    assert exit_code(["backbones"]) == 3
    stderr = capsys.readouterr().err
    assert_one_sentence(stderr)
    assert "the system refuses /locked/away: Permission denied" in stderr


def test_a_mistake_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("headstart.jobs.backbones.backbones", broken)

    with pytest.raises(ZeroDivisionError):
        exit_code(["backbones"])


@pytest.mark.parametrize("command", ["train", "predict", "evaluate", "backbones", "demo"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code([command, "--help"]) == 0
    assert f"Usage: headstart {command}" in capsys.readouterr().out


def test_the_help_lists_every_command_and_the_version_is_that_of_the_package(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("train", "predict", "evaluate", "backbones", "demo"))
    assert exit_code(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_backbones_are_printed_as_a_table_with_all_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["backbones"]) == 0
    assert {line.split(" ")[0] for line in capsys.readouterr().out.splitlines()} >= set(BACKBONES)


def test_backbones_as_json_are_one_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["backbones", "--json"]) == 0
    output = capsys.readouterr()
    assert [document["name"] for document in json.loads(output.out)] == list(BACKBONES)
    assert output.err == ""


def test_evaluate_prints_figures_with_intervals_and_as_json_one_document(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ant", "cow"):
        shutil.copytree(trained.data / name, tmp_path / name, ignore=shutil.ignore_patterns("0[1-9].png"))

    assert exit_code(["evaluate", str(trained.model), str(tmp_path)]) == 0
    table = capsys.readouterr().out
    assert exit_code(["evaluate", str(trained.model), str(tmp_path), "--json"]) == 0
    output = capsys.readouterr()
    document = json.loads(output.out)
    accuracy = document["figures"]["accuracy"]
    shown = f"accuracy {accuracy['value']:.3f} {accuracy['low']:.3f} – {accuracy['high']:.3f}"
    assert shown in [" ".join(line.split()) for line in table.splitlines()]
    assert "on 2 pictures" in table
    warned = [line for line in output.err.splitlines() if line.startswith("Warning: ")]
    assert warned == [f"Warning: {warning}" for warning in document["warnings"]]


@pytest.mark.parametrize("arguments", [["backbones"], ["backbones", "--json"], ["--help"]], ids=" ".join)
def test_a_reader_that_goes_away_is_nothing_to_talk_about(arguments: list[str]) -> None:
    with subprocess.Popen(
        [HEADSTART, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == ""


def test_the_installed_command_gives_the_exit_code_to_the_shell() -> None:
    done = subprocess.run([HEADSTART, "predict", "nowhere", "1.png"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert_one_sentence(done.stderr)
    assert done.stdout == ""
