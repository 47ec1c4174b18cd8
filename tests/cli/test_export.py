"""``headstart export`` in a shell, and the example that it leaves, used as its first lines say."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from headstart.cli.export import _found
from headstart.cli.main import exit_code
from headstart.jobs.classifier import load
from models import Trained, names, train, watched, write_alike

EXACT = {"pictures": 100, "same_class": 100, "largest_difference": 3.21e-7, "ties": 0, "edges": 0}
ACCURACY = {
    "model": {"value": 0.97, "low": 0.9, "high": 0.99},
    "export": {"value": 0.95, "low": 0.88, "high": 0.98},
    "p_value": 0.5,
}


@pytest.fixture(scope="module")
def printed(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the shared model was exported to, and what was printed."""
    out = tmp_path_factory.mktemp("exports") / "my export"
    with redirect_stdout(io.StringIO()) as text:
        assert exit_code(["export", str(trained.model), "--format", "openvino", "--out", str(out)]) == 0
    return out, text.getvalue()


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program with this Python."""
    arguments = [sys.executable, *map(str, command)]
    return subprocess.run(arguments, cwd=folder, env={}, capture_output=True, text=True, check=False)


def test_what_was_found_where_it_lies_and_what_comes_next(trained: Trained, printed: tuple[Path, str]) -> None:
    out, text = printed
    found, *_, export, following = text.splitlines()
    pictures = len(trained.tested)
    assert re.fullmatch(
        rf"It agrees with the model on {pictures} test pictures: the same class on all, probabilities within \de-0\d\.",
        found,
    )
    assert re.fullmatch(rf"Export: {out} \(openvino in f32, \d+\.\d MB\)", export)
    assert following == f"Next:   python '{out}/example.py' IMAGE..."


def test_the_example_names_the_classes_of_pictures(trained: Trained, printed: tuple[Path, str], tmp_path: Path) -> None:
    shutil.copy(trained.data / "ant" / "00.png", tmp_path / "-odd name.png")
    done = run(printed[0] / "example.py", "--", "-odd name.png", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    top = load(trained.model).predict([tmp_path / "-odd name.png"])[0].top
    assert done.stdout == f"-odd name.png: {', '.join(f'{name} {share:.3f}' for name, share in top)}\n"


def test_the_example_tells_what_it_can_not_read_and_goes_on(
    trained: Trained, printed: tuple[Path, str], tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("no picture", encoding="utf-8")
    done = run(printed[0] / "example.py", "note.txt", trained.data / "ant" / "00.png", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("note.txt: can't be read (UnidentifiedImageError: ")
    assert len(done.stdout.splitlines()) == 1


def test_the_example_without_a_picture_says_how_it_is_used(printed: tuple[Path, str], tmp_path: Path) -> None:
    done = run(printed[0] / "example.py", folder=tmp_path)
    assert done.returncode == 2
    assert "usage: example.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_reaches_for_no_network_and_writes_nothing(
    trained: Trained, printed: tuple[Path, str], tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    command: list[str | Path] = [sys.executable, printed[0] / "example.py", trained.data / "ant" / "00.png"]
    done = watched(command, tmp_path / "empty", HOME=str(tmp_path / "home"), TMPDIR=str(tmp_path / "home"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.connections == []
    assert done.written_outside(["/proc", "/sys", "/dev"]) == []
    assert names(tmp_path / "home") == []


def test_names_of_strangers_are_text_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    classes = {"b&<i>ee\n\x1b[31m": 6, "größe 🐜": 6, "\udce9mu": 6}
    model = train(write_alike(tmp_path / "data", classes), tmp_path / "model")
    assert exit_code(["export", str(model.model), "--format", "onnx", "--out", str(tmp_path / "out"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["classes"] == sorted(classes)
    path = str(tmp_path / "out" / "example.py")
    done = run(path, model.data / "größe 🐜" / "00.png", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "b&<i>ee��[31m" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_json_is_the_manifest_and_what_was_found(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["export", str(trained.model), "--format", "openvino", "--out", str(tmp_path / "out"), "--json"]
    assert exit_code([*command, "--data", str(trained.data)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["to"] == "openvino"
    assert document["agreement"]["pictures"] == len(trained.tested)


def test_a_typo_in_the_format_is_one_sentence(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["export", str(trained.model), "--format", "tflite", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == (
        "headstart: --format tflite: choose from onnx, openvino, litert, saved-model, keras. Did you mean litert?\n"
    )


def words(precision: str, **figures: Any) -> list[str]:
    return _found(EXACT | {"accuracy": ACCURACY} | figures, precision).splitlines()


def test_ties_and_edges_are_counted_in_words() -> None:
    assert words("f32", same_class=98, ties=2, edges=3) == [
        "It agrees with the model on 100 test pictures: another class on 2, probabilities within 3e-07.",
        "2 of them are ties, where either class may come first.",
        "3 of them are on an edge, where the model's own answer jumps by a rounding.",
    ]


def test_one_picture_is_one_picture() -> None:
    assert words("f32", pictures=1, same_class=1)[0].startswith("It agrees with the model on 1 test picture: the same")


def test_less_than_f32_is_told_by_accuracy() -> None:
    assert words("int8", same_class=97, largest_difference=0.2) == [
        "In int8 it says another class on 3 of 100 test pictures, probabilities within 0.2.",
        "Accuracy on them: 0.970 before, 0.950 after (0.880 – 0.980); p = 0.5.",
    ]


def test_the_models_own_precision_is_told() -> None:
    own = {"precision": "bf16", "pictures": 100, "same_class": 99, "largest_difference": 0.01}
    assert words("f32", own_precision=own)[1:] == [
        "The model itself runs in bf16: beside that, another class on 1, probabilities within 0.01.",
    ]
