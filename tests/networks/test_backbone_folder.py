"""A network of the user's own as a folder: written whole, read back, refused when it isn't what it was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.networks.backbone_folder import FILES, backbone_from, pictures_in, write_backbone
from headstart.networks.backbones import backbone, small_vgg_record
from headstart.networks.cuts import sized
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import arrays_of

RECORD = sized(small_vgg_record(2, 4), 16, "avg_pool")
SEEN = ["b" * 64, "a" * 64, "a" * 64]


@pytest.fixture(scope="module")
def arrays(cache: Path) -> dict[str, np.ndarray]:
    import_keras()
    from headstart.networks.classifier import whole_network

    return arrays_of(whole_network(RECORD, include_top=False))


@pytest.fixture
def folder(arrays: dict[str, np.ndarray], tmp_path: Path) -> Path:
    write_backbone(tmp_path / "new" / "bb", RECORD, arrays, SEEN, {"classes": ["ant", "bee"]})
    return tmp_path / "new" / "bb"


def test_a_folder_gives_the_network_in_the_size_it_was_trained_in(folder: Path) -> None:
    assert backbone_from(str(folder)) == (RECORD, str(folder))


def test_a_name_of_the_table_is_that_network_even_if_a_folder_is_called_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(folder.with_name("vgg16"))
    monkeypatch.chdir(folder.parent)
    assert backbone_from("vgg16") == (backbone("vgg16"), None)


def test_a_folder_in_the_current_one_is_found_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert backbone_from("bb") == (RECORD, "bb")


def test_it_holds_data_alone_and_the_pictures_it_has_seen_once_each(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert pictures_in(folder) == {"a" * 64, "b" * 64}


@pytest.mark.parametrize("name", ["weights.safetensors", "source.json"])
def test_an_altered_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(UserError, match=f"is refused: {name} isn't the file that the manifest lists"):
        backbone_from(str(folder))


@pytest.mark.parametrize("name", ["weights.safetensors", "source.json"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UserError, match=f"is refused: {name} is missing; pretrain again"):
        backbone_from(str(folder))


def test_an_altered_manifest_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text()) | {"image_size": 32}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="was altered after it was written; pretrain again"):
        backbone_from(str(folder))


def test_a_folder_that_is_not_there_is_refused_with_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"doesn't exist; name a backbone folder that `headstart pretrain` wrote"):
        backbone_from(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["small_vgg0x32", "small_vgg8x32", "small_vgg4x0", "small_vgg7x999", "small_vgg", ""])
def test_a_small_network_that_no_memory_holds_or_without_its_numbers_is_no_backbone(name: str) -> None:
    with pytest.raises(UserError, match="No backbone is called"):
        backbone(name)
