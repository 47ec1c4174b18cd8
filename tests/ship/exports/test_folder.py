"""An export folder is read whole and unaltered, or refused in one sentence."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import UserError
from headstart.manifests import MANIFEST
from headstart.ship.exports.folder import (
    AGREEMENT,
    EXAMPLE,
    LABELS,
    Export,
    files_in,
    files_written,
    inputs_of,
    read_export,
    seal,
    write_beside_graph,
)
from models import names, sign

CLASSES = ("ant", "b&<e>e", "co\nw\r\nx", "d\u2028og", "\udce9mu")
FACTS = {"approach": "frozen+logistic", "backbone": "efficientnet_lite0"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export to OpenVINO whose graph is no graph."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "model.xml").write_text("<net/>", encoding="utf-8")
    (folder / "model.bin").write_bytes(bytes(64))
    export = Export(folder, "openvino", "f32", CLASSES, inputs_of((224, 96), "crop"), FACTS)
    write_beside_graph(export, "pillow-bicubic-2")
    seal(export, "pillow-bicubic-2", {"format": 1, "pictures": 3})
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(written, tmp_path / "export"))


def put(folder: Path, entries: dict[str, Any], without: str = "") -> None:
    """Put entries into a manifest, take one out, and sign it anew, as only someone who wants to deceive would."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8")) | entries
    manifest.pop(without, None)
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    sign(folder)


def refusal_of(folder: Path) -> str:
    """Return the sentence in which ``folder`` is refused."""
    with pytest.raises(UserError) as refused:
        read_export(folder)
    assert "\n" not in str(refused.value)
    assert str(folder) in str(refused.value)
    return str(refused.value)


def test_what_is_written_is_read(written: Path) -> None:
    export = read_export(written)
    assert (export.to, export.precision, export.classes, export.facts) == ("openvino", "f32", CLASSES, FACTS)
    assert [(each.name, each.size, each.fit) for each in export.inputs] == [
        ("pixels_224", 224, "crop"),
        ("pixels_96", 96, "crop"),
    ]
    assert export.graph == written / "model.xml"


def test_it_consists_of_these_files(written: Path) -> None:
    assert names(written) == [AGREEMENT, EXAMPLE, LABELS, MANIFEST, "model.bin", "model.xml"]
    listed = json.loads((written / MANIFEST).read_text(encoding="utf-8"))["files"]
    assert sorted(listed) == files_in(written) == [AGREEMENT, EXAMPLE, LABELS, "model.bin", "model.xml"]
    assert set(files_written(written)) == {MANIFEST, *listed}


def test_a_class_is_one_line_whatever_its_name(written: Path) -> None:
    lines = (written / LABELS).read_bytes().decode("utf-8").splitlines()
    assert lines == ["ant", "b&<e>e", "co w x", "d og", r"\udce9mu"]


@pytest.mark.parametrize("name", [AGREEMENT, EXAMPLE, LABELS, "model.bin", "model.xml"])
def test_an_altered_file_is_refused(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert f"{name} isn't the file that the manifest lists" in refusal_of(folder)


@pytest.mark.parametrize("name", [AGREEMENT, EXAMPLE, LABELS, "model.bin", "model.xml"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name} is missing" in refusal_of(folder)


def test_a_link_in_the_place_of_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "model.bin").rename(tmp_path / "elsewhere")
    (folder / "model.bin").symlink_to(tmp_path / "elsewhere")
    assert "model.bin is missing" in refusal_of(folder)


def test_a_pipe_in_the_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "model.bin").unlink()
    os.mkfifo(folder / "model.bin")
    assert "model.bin is missing" in refusal_of(folder)


def test_a_model_folder_is_none(folder: Path) -> None:
    sign(folder, kind="classifier")
    assert "is no export folder" in refusal_of(folder)


def test_a_folder_of_something_else_is_none(tmp_path: Path) -> None:
    assert "is not an export folder" in refusal_of(tmp_path).replace("a export", "an export")
    assert files_written(tmp_path) == ()


INPUT = {"name": "pixels_224", "size": 224, "fit": "squash"}
LIES: dict[str, dict[str, Any]] = {
    "an unknown format": {"to": "pickle"},
    "a format that is no name": {"to": ["onnx"]},
    "an unknown precision": {"precision": "int4"},
    "another output": {"output": "logits"},
    "no classes": {"classes": []},
    "classes that are numbers": {"classes": [1, 2]},
    "classes in one text": {"classes": "ab"},
    "no inputs": {"inputs": []},
    "inputs that are none": {"inputs": [7]},
    "an input with more to it": {"inputs": [INPUT | {"more": 1}]},
    "an input with less to it": {"inputs": [{"name": "pixels_224", "size": 224}]},
    "an unknown fit": {"inputs": [INPUT | {"fit": "stretch"}]},
    "a fit that is no text": {"inputs": [INPUT | {"fit": ["squash"]}]},
    "a size of nothing": {"inputs": [INPUT | {"size": 0, "name": "pixels_0"}]},
    "a size that is true": {"inputs": [INPUT | {"size": True, "name": "pixels_True"}]},
    "a size that is huge": {"inputs": [INPUT | {"size": 10**9, "name": "pixels_1000000000"}]},
    "a name of another size": {"inputs": [INPUT | {"size": 96}]},
    "two inputs of one name": {"inputs": [INPUT, INPUT]},
    "no facts": {"model": None},
    "no files": {"files": {}},
    "a file without a digest": {"files": {"model.xml": {"bytes": 6}}},
    "a file outside": {"files": {"../model.xml": {"bytes": 6, "sha256": hashlib.sha256(b"<net/>").hexdigest()}}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_lies_is_refused(folder: Path, lie: str) -> None:
    put(folder, LIES[lie])
    assert re.search("refused|doesn't know", refusal_of(folder))


@pytest.mark.parametrize("name", ["to", "precision", "classes", "inputs", "output", "model", "files"])
def test_a_manifest_that_lacks_something_is_refused(folder: Path, name: str) -> None:
    put(folder, {}, without=name)
    assert "refused" in refusal_of(folder)
