"""Small pictures for pages: of files, of archives, of object storage, and never of what can't be read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from headstart.addresses import Address
from headstart.data.records import Dataset
from headstart.jobs.pictures import pictures_of
from headstart.jobs.thumbnails import thumbnails_of
from headstart.progress import silent
from made_up import read_anew
from object_storage import ObjectStorage
from pictures import encoded, picture, write_classes

PATHS = ["bee/01.png", "ant/00.png"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_classes(tmp_path / "data", {"ant": 2, "bee": 2})


def sizes(dataset: Dataset, paths: list[str]) -> dict[str, tuple[str | None, tuple[int, int]]]:
    """Return format and size of each thumbnail, which are 24 pixels long."""
    images = {path: Image.open(io.BytesIO(jpeg)) for path, jpeg in thumbnails_of(dataset, paths, 24)}
    return {path: (image.format, image.size) for path, image in images.items()}


def test_they_are_jpegs_of_the_asked_length_in_the_asked_order(data: Path) -> None:
    found = sizes(read_anew(data).dataset, PATHS)
    assert list(found) == PATHS
    assert set(found.values()) == {("JPEG", (24, 20))}


def test_what_is_broken_changed_gone_or_unknown_is_left_out(data: Path) -> None:
    dataset = read_anew(data).dataset
    (data / "ant" / "00.png").write_bytes(b"broken")
    (data / "ant" / "01.png").write_bytes(encoded(picture((9, 9, 9), 1)))
    (data / "bee" / "00.png").unlink()
    wanted = ["ant/00.png", "ant/01.png", "bee/00.png", "cow/00.png", "bee/01.png"]
    assert list(sizes(dataset, wanted)) == ["bee/01.png"]


def test_pictures_in_an_archive_are_shown_too(data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for file in data.rglob("*.png"):
            archive.write(file, file.relative_to(data))
    with pictures_of(tmp_path / "data.zip", silent) as pictures:
        assert list(sizes(pictures.dataset, PATHS)) == PATHS


def test_pictures_in_object_storage_are_shown_too(data: Path, storage: ObjectStorage) -> None:
    with pictures_of(Address(storage.put_folder(data, "thumbnails")), silent) as pictures:
        assert list(sizes(pictures.dataset, PATHS)) == PATHS
