"""Pixels in a file, for a training that reads them epoch after epoch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headstart.data.decode import Geometry, pixels_from
from headstart.data.records import Dataset
from headstart.jobs.pixels import pixels_in_file
from headstart.progress import silent
from models import inspected_in, write_alike

GEOMETRY = Geometry(24)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return inspected_in(write_alike(tmp_path / "data", {"ant": 9, "bee": 3})).dataset


def test_the_file_has_each_pictures_pixels_in_the_order_of_the_data(dataset: Dataset, tmp_path: Path) -> None:
    left = pixels_in_file(dataset, GEOMETRY, tmp_path / "pixels.npy", silent)
    pixels = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    assert left == dataset
    assert (pixels.shape, pixels.dtype) == ((12, 24, 24, 3), np.uint8)
    for row, record in zip(pixels, dataset.records, strict=True):
        np.testing.assert_array_equal(row, pixels_from((dataset.folder / record.path).read_bytes(), GEOMETRY))


def test_a_picture_that_changed_is_left_out_of_the_file_and_told(dataset: Dataset, tmp_path: Path) -> None:
    changed = dataset.records[2]
    (dataset.folder / changed.path).write_bytes(b"something else")
    left = pixels_in_file(dataset, GEOMETRY, tmp_path / "pixels.npy", silent)
    pixels = np.load(tmp_path / "pixels.npy")
    assert [each.path for each in left.skipped] == [changed.path]
    assert len(pixels) == len(left.records) == 11
    last = left.records[-1]
    np.testing.assert_array_equal(pixels[-1], pixels_from((left.folder / last.path).read_bytes(), GEOMETRY))


def test_stacked_there_is_room_for_views(dataset: Dataset, tmp_path: Path) -> None:
    pixels_in_file(dataset, GEOMETRY, tmp_path / "pixels.npy", silent, stacked=True)
    assert np.load(tmp_path / "pixels.npy").shape == (12, 1, 24, 24, 3)
