"""What the first layers make of a picture: sheets of maps, true to the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyes import red_eye, red_quarters
from headstart.data.records import Dataset
from headstart.jobs.comparing.layers import layers_of, sheet_of
from headstart.networks.backbones import HANDCRAFTED
from headstart.progress import Entered, Event, silent
from models import contents


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return red_quarters(tmp_path_factory.mktemp("red"))


def test_a_sheet_shows_what_the_channel_answers_to(tmp_path: Path, red: Dataset) -> None:
    record = red.records[1]  # red at the bottom left
    found = layers_of(red_eye(), red, record, tmp_path, silent)

    assert found == {
        "of": "small_vgg1x1",
        "path": "red/bottom left.png",
        "picture": "pictures/layers.jpg",
        "items": [{"layer": "block1_pool", "shape": [16, 16, 1], "pictures": ["pictures/layer-01.jpg"]}],
    }
    sheet = np.asarray(Image.open(tmp_path / "pictures" / "layer-01.jpg"), np.float64)
    assert sheet.shape == (112, 112)
    quarters = [sheet[:50, :50], sheet[:50, 62:], sheet[62:, :50], sheet[62:, 62:]]
    assert [round(quarter.mean() / 255, 1) for quarter in quarters] == [0, 0, 1, 0]


def test_the_networks_are_kept_for_the_next_time(tmp_path: Path, red: Dataset) -> None:
    layers_of(red_eye(), red, red.records[1], tmp_path, silent)
    before = contents(tmp_path)
    events: list[Event] = []

    layers_of(red_eye(), red, red.records[1], tmp_path, events.append)

    assert [event.stage for event in events if isinstance(event, Entered)] == ["looking into the first layers"]
    assert contents(tmp_path) == before


def test_hand_crafted_features_have_no_layers(tmp_path: Path, red: Dataset) -> None:
    assert layers_of(replace(red_eye(), backbone=HANDCRAFTED), red, red.records[0], tmp_path, silent) is None


def test_a_picture_that_is_gone_has_none_either(tmp_path: Path) -> None:
    dataset = red_quarters(tmp_path / "data")
    (tmp_path / "data" / dataset.records[0].path).unlink()
    assert layers_of(red_eye(), dataset, dataset.records[0], tmp_path, silent) is None


def test_a_sheet_has_the_twelve_channels_that_differ_most_the_most_differing_first() -> None:
    maps = np.zeros((4, 4, 20), np.float32)
    maps[..., 7] = 5  # the same everywhere
    maps[0, 0, :] = np.arange(20)
    maps[0, 0, 7] = 5

    sheet = sheet_of(maps)

    assert sheet.shape == (3 * 112 + 2 * 4, 4 * 112 + 3 * 4)
    assert (sheet[:28, :28] == 255).all()
    assert (sheet[:28, 28:112] == 0).all()
    assert (sheet[112:116] == 255).all()


def test_the_order_of_channels_is_that_of_their_variance() -> None:
    maps = np.zeros((2, 2, 3), np.float32)
    maps[0, 0, 0], maps[0, 1, 1], maps[1, 0, 2] = 1, 3, 2

    sheet = sheet_of(maps)

    first, second, third = (sheet[:, left : left + 112] for left in (0, 116, 232))
    assert sheet.shape == (112, 344)
    assert (first[0, 111], second[111, 0], third[0, 0]) == (255, 255, 255)
    assert (first[0, 0], second[0, 0], third[111, 0]) == (0, 0, 0)


def test_a_channel_that_is_the_same_everywhere_is_black() -> None:
    assert (sheet_of(np.full((8, 8, 1), 3, np.float32)) == 0).all()


def test_a_map_that_is_larger_than_its_tile_is_averaged() -> None:
    maps = np.zeros((224, 224, 1), np.float32)
    maps[::2, ::2] = 1
    assert np.unique(sheet_of(maps)).tolist() == [64]
