"""The small pictures in the folder of a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from headstart.jobs.comparing.thumbnails import write_thumbnails
from made_up import read_anew
from models import names
from pictures import encoded, picture, write_classes


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_classes(tmp_path / "data", {"ant": 2, "bee & <b>": 2})


def test_they_are_numbered_in_the_asked_order_whatever_the_pictures_are_called(data: Path, tmp_path: Path) -> None:
    wanted = ["bee & <b>/01.png", "ant/00.png", "bee & <b>/01.png"]
    written = write_thumbnails(read_anew(data).dataset, wanted, tmp_path)
    assert written == {"bee & <b>/01.png": "pictures/0001.jpg", "ant/00.png": "pictures/0002.jpg"}
    assert names(tmp_path / "pictures") == ["0001.jpg", "0002.jpg"]


def test_the_longer_side_is_160_pixels(data: Path, tmp_path: Path) -> None:
    (data / "ant" / "large.png").write_bytes(encoded(picture((9, 9, 9), 1, (500, 1000))))
    write_thumbnails(read_anew(data).dataset, ["ant/large.png"], tmp_path)
    with Image.open(tmp_path / "pictures" / "0001.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (80, 160))


def test_what_can_not_be_read_leaves_no_gap(data: Path, tmp_path: Path) -> None:
    dataset = read_anew(data).dataset
    (data / "ant" / "00.png").unlink()
    assert write_thumbnails(dataset, ["ant/00.png", "ant/01.png"], tmp_path) == {"ant/01.png": "pictures/0001.jpg"}


def test_none_are_written_where_none_are_wanted(data: Path, tmp_path: Path) -> None:
    assert write_thumbnails(read_anew(data).dataset, [], tmp_path) == {}
