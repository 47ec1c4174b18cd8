"""Nothing is called an export before it ran by itself and agreed; and what goes wrong leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.cli.main import exit_code
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.jobs import export as job
from headstart.jobs.classifier import load
from headstart.jobs.export import run_export
from headstart.progress import Advanced, Event
from headstart.settings import ExportSettings
from headstart.ship.exports.folder import AGREEMENT, read_export
from headstart.ship.exports.formats import FORMATS, Format
from headstart.ship.exports.write import write_graph
from models import Trained, contents, copied, names, sentences, sign, train, write_alike

LABELS = ["ant", "bee", "cow"]


@dataclass(frozen=True)
class Exported:
    """A finished export: where, what was returned, and what was said."""

    folder: Path
    document: dict[str, Any]
    said: tuple[str, ...]


def export(model: Path, out: Path, form: str = "openvino", **options: Any) -> Exported:
    """Export in this process, but for what always runs in one of its own."""
    events: list[Event] = []
    document = run_export(ExportSettings(model, format=form, out=out, **options), events.append)
    return Exported(out, document, sentences(events))


@pytest.fixture(scope="module")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Exported]:
    """The shared model in any format, each written once."""
    place, done = tmp_path_factory.mktemp("exports"), dict[str, Exported]()

    def in_format(name: str) -> Exported:
        if name not in done:
            done[name] = export(trained.model, place / name, name)
        return done[name]

    return in_format


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_agrees_with_the_model(exported: Callable[[str], Exported], trained: Trained, name: str) -> None:
    found = exported(name).document["agreement"]
    assert (found["pictures"], found["edges"]) == (len(trained.tested), 0)
    assert found["same_class"] + found["ties"] >= found["pictures"]
    assert 0 < found["largest_difference"] < 1e-5
    assert found["accuracy"]["model"]["value"] == pytest.approx(trained.entry["test"]["accuracy"]["value"])
    assert exported(name).said == ()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_says_what_was_returned(
    exported: Callable[[str], Exported], trained: Trained, name: str
) -> None:
    folder, document = exported(name).folder, exported(name).document
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest | {"agreement": json.loads((folder / AGREEMENT).read_text(encoding="utf-8"))} == document
    assert (manifest["to"], manifest["precision"], manifest["classes"]) == (name, "f32", LABELS)
    assert manifest["inputs"] == [{"name": "pixels_224", "size": 224, "fit": "squash"}]
    made_of = json.loads((trained.model / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["model"] == {
        "approach": "frozen+logistic",
        "backbone": "efficientnet_lite0",
        "head": "dense",
        "precision": "f32",
        **{name: made_of["test"][name] for name in ("accuracy", "pictures", "chance")},
        "headstart": made_of["headstart"],
        "manifest_sha256": made_of["manifest_sha256"],
    }
    assert (folder / "labels.txt").read_text(encoding="utf-8").splitlines() == LABELS
    assert read_export(folder).graph.exists()


def test_no_path_of_this_machine_is_in_an_export(exported: Callable[[str], Exported], trained: Trained) -> None:
    written = contents(exported("openvino").folder) | contents(exported("onnx").folder)
    places = [str(trained.data.parent).encode(), str(exported("openvino").folder.parent).encode(), b"/tmp", b"/home"]
    assert [(name, place) for name, data in written.items() for place in places if place in data] == []


def test_an_export_works_wherever_it_is_taken(
    exported: Callable[[str], Exported], trained: Trained, tmp_path: Path
) -> None:
    taken = shutil.copytree(exported("onnx").folder, tmp_path / "taken")
    picture = trained.data / trained.tested[0].path
    (tmp_path / "note.txt").write_text("no picture", encoding="utf-8")
    command = [sys.executable, "-I", str(taken / "example.py"), "--json", "note.txt", str(picture)]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    refused, answer = (json.loads(line) for line in done.stdout.splitlines())
    assert (done.returncode, refused["path"]) == (1, "note.txt")
    assert "UnidentifiedImageError" in refused["error"]
    said = dict(load(trained.model).predict([picture])[0].top)
    assert dict(zip(LABELS, answer["probabilities"], strict=True)) == pytest.approx(said, abs=1e-5)


def test_the_same_export_takes_the_place_of_an_older_one(
    exported: Callable[[str], Exported], trained: Trained, tmp_path: Path
) -> None:
    shutil.copytree(exported("onnx").folder, tmp_path / "out")
    export(trained.model, tmp_path / "out")
    assert read_export(tmp_path / "out").to == "openvino"
    assert "model.onnx" not in names(tmp_path / "out")


# --- refused at once ------------------------------------------------------------------------------------------


@pytest.fixture
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where nothing may appear; whoever begins to write a graph fails."""
    monkeypatch.setattr(job, "write_graph", None)
    monkeypatch.setattr(job, "opened", None)
    return tmp_path / "out"


def test_a_format_that_is_not_known_is_refused_with_the_nearest(trained: Trained, untouched: Path) -> None:
    with pytest.raises(UserError, match=r"--format onx: choose from onnx, openvino, .* Did you mean onnx\?"):
        export(trained.model, untouched, "onx")


def test_a_precision_that_the_format_lacks_is_refused(trained: Trained, untouched: Path) -> None:
    with pytest.raises(UserError, match="--precision int8: choose from f32"):
        export(trained.model, untouched, "saved-model", precision="int8")


def test_what_is_not_installed_is_missing_with_the_command_that_brings_it(
    trained: Trained, untouched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headstart.ship.exports import write

    monkeypatch.setattr(write, "find_spec", lambda name: None if name == "onnxruntime" else True)
    with pytest.raises(MissingError, match=r"onnxruntime, which isn't installed: pip install 'headstart\[export\]'"):
        export(trained.model, untouched, "onnx")


def test_a_hand_crafted_model_is_refused(trained: Trained, untouched: Path, tmp_path: Path) -> None:
    other = train(trained.data, tmp_path / "model", approach="handcrafted+logistic")
    with pytest.raises(UserError, match="hand-crafted features can't be exported"):
        export(other.model, untouched)


def test_keras_holds_no_neighbours(trained: Trained, untouched: Path, tmp_path: Path) -> None:
    other = train(trained.data, tmp_path / "model", approach="frozen+knn")
    with pytest.raises(UserError, match="--format keras holds standard layers alone"):
        export(other.model, untouched, "keras")


def test_a_folder_with_other_files_is_not_written_to(trained: Trained, untouched: Path) -> None:
    untouched.mkdir()
    (untouched / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds files that headstart didn't write \(thesis.tex\)"):
        export(trained.model, untouched)
    assert (untouched / "thesis.tex").read_text(encoding="utf-8") == "years of work"


def test_an_export_to_which_something_was_added_is_not_replaced(
    exported: Callable[[str], Exported], trained: Trained, untouched: Path
) -> None:
    shutil.copytree(exported("openvino").folder, untouched)
    (untouched / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds files that headstart didn't write \(thesis.tex\)"):
        export(trained.model, untouched)


def test_the_model_itself_is_not_written_over(trained: Trained, untouched: Path, tmp_path: Path) -> None:
    model = copied(trained, tmp_path / "model")
    with pytest.raises(UserError, match="holds files that headstart didn't write"):
        export(model, model)


def test_an_export_is_not_written_into_the_data(trained: Trained, untouched: Path) -> None:
    with pytest.raises(UserError, match="lies inside the data folder"):
        export(trained.model, trained.data / "out")


def test_a_model_that_does_not_say_how_it_was_judged_is_refused(
    trained: Trained, untouched: Path, tmp_path: Path
) -> None:
    model = copied(trained, tmp_path / "model")
    sign(model, test={})
    with pytest.raises(UserError, match="its manifest lacks or spoils 'accuracy'"):
        export(model, untouched)


def test_data_that_was_moved_away_must_be_named(
    trained: Trained, untouched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UserError, match="name them with --data DATA"):
        export(trained.model, untouched)


# --- refused at the end ---------------------------------------------------------------------------------------


def test_a_graph_whose_weights_were_changed_after_writing_is_no_export(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(model: Path, form: Format, precision: str, folder: Path, *rest: Any) -> None:
        write_graph(model, form, precision, folder, *rest)
        weights = bytearray((folder / "model.bin").read_bytes())
        numbers = np.frombuffer(weights, np.float32)[-len(weights) // 8 :]  # the last half of the network, and the head
        numbers *= np.where(np.abs(numbers) < 100, np.float32(1.01), np.float32(1))
        (folder / "model.bin").write_bytes(weights)

    monkeypatch.setattr(job, "write_graph", spoil)
    with pytest.raises(HeadstartError, match=r"doesn't say what the model says: on \d+ of \d+ test pictures"):
        export(trained.model, tmp_path / "out")
    assert names(tmp_path) == []


def test_a_head_of_another_model_is_no_export(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = train(write_alike(tmp_path / "data", {"ant": 8, "bee": 8, "cow": 8}, seed=7), tmp_path / "other")
    monkeypatch.setattr(job, "write_graph", lambda model, *rest: write_graph(other.model, *rest))
    with pytest.raises(HeadstartError, match="doesn't say what the model says"):
        export(trained.model, tmp_path / "out")
    assert names(tmp_path) == ["data", "other"]


def test_what_was_there_stays_if_the_new_export_is_none(
    exported: Callable[[str], Exported], trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(Path(shutil.copytree(exported("openvino").folder, tmp_path / "out")))

    def write_nonsense(model: Path, form: Format, precision: str, folder: Path, *rest: object) -> None:
        (folder / "model.xml").write_text("<net/>", encoding="utf-8")

    monkeypatch.setattr(job, "write_graph", write_nonsense)
    with pytest.raises(HeadstartError, match="The example of the export to openvino doesn't work here"):
        export(trained.model, tmp_path / "out")
    assert contents(tmp_path / "out") == before
    assert names(tmp_path) == ["out"]


def test_a_full_disk_leaves_nothing(trained: Trained, full_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export", str(trained.model), "--format", "openvino", "--out", str(full_disk / "out")]
    assert exit_code(command) == 3
    assert "Traceback" not in capsys.readouterr().err
    assert names(full_disk) == []


@pytest.mark.parametrize("number", range(3))
def test_an_interrupt_leaves_nothing(trained: Trained, tmp_path: Path, cache: Path, number: int) -> None:
    stages = [0]

    def interrupt(event: Event) -> None:
        stages[0] += isinstance(event, Advanced)
        if stages[0] > number * len(trained.tested):  # while pictures are read, seen by the model, and by the export
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_export(ExportSettings(trained.model, format="openvino", out=tmp_path / "out"), interrupt)
    assert names(tmp_path) == []
    assert names(cache / "tmp") == []


# --- int8, and heads with steps -------------------------------------------------------------------------------


def test_int8_is_judged_by_accuracy(trained: Trained, tmp_path: Path) -> None:
    done = export(trained.model, tmp_path / "out", precision="int8")
    found = done.document["agreement"]
    assert (done.document["precision"], found["precision"]) == ("int8", "int8")
    assert found["largest_difference"] > 1e-4
    assert any("too few to tell whether int8 costs accuracy" in sentence for sentence in done.said)


@pytest.mark.parametrize("approach", ["frozen+forest", "frozen+knn"])
def test_a_head_with_steps_agrees_too(trained: Trained, tmp_path: Path, approach: str) -> None:
    other = train(trained.data, tmp_path / "model", approach=approach)
    found = export(other.model, tmp_path / "out", "onnx").document["agreement"]
    assert found["pictures"] == len(other.tested)
    assert found["edges"] < found["pictures"]
