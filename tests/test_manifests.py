"""Manifests: what a folder is, told from other folders and from spoilt ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.errors import UserError
from headstart.manifests import BACKBONE, MODEL, Kind, checked_file, read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.bin").write_bytes(b"data")
    write_manifest(tmp_path, MODEL, {"classes": ["ant"]}, ("data.bin",))
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    manifest = read_manifest(folder, MODEL)
    assert (manifest["kind"], manifest["classes"]) == ("classifier", ["ant"])
    assert checked_file(folder, "data.bin", manifest) == b"data"


def test_a_folder_of_another_kind_is_refused_with_what_it_is(folder: Path) -> None:
    with pytest.raises(UserError, match=r"is no backbone folder \(its kind is 'classifier'\)"):
        read_manifest(folder, BACKBONE)


@pytest.mark.parametrize("kind", [MODEL, BACKBONE])
def test_a_folder_without_manifest_is_refused_with_the_command_that_writes_one(kind: Kind, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"is not a {kind.noun} .*`headstart {kind.command}` wrote"):
        read_manifest(tmp_path, kind)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\ud800"])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, errors="surrogatepass")
    with pytest.raises(UserError, match=r"can't be read as JSON|isn't a manifest"):
        read_manifest(folder, MODEL)


def test_a_file_with_another_content_is_refused(folder: Path) -> None:
    manifest = read_manifest(folder, MODEL)
    (folder / "data.bin").write_bytes(b"date")
    with pytest.raises(UserError, match=r"data\.bin isn't the file that the manifest lists"):
        checked_file(folder, "data.bin", manifest)
