"""The squares that a model sees of pictures, as files: what is left out, and how it is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from eyes import red_quarters
from headstart.features.recipe import Recipe
from headstart.jobs.comparing.squares import resized, squares_of, write_jpeg


def test_a_picture_that_cannot_be_read_or_has_changed_is_left_out(tmp_path: Path) -> None:
    dataset = red_quarters(tmp_path)
    gone, changed, *left = dataset.records
    (tmp_path / gone.path).unlink()
    (tmp_path / changed.path).write_bytes((tmp_path / left[0].path).read_bytes())

    found = squares_of(dataset, dataset.records, Recipe("avg_pool", "squash", (32, 64)))

    assert [record for record, _ in found] == left
    assert [{size: pixels.shape for size, pixels in own.items()} for _, own in found] == [
        {32: (32, 32, 3), 64: (64, 64, 3)}
    ] * 3


def test_a_jpeg_is_named_as_the_report_finds_it(tmp_path: Path) -> None:
    name = write_jpeg(resized(np.zeros((32, 32, 3), np.uint8)), tmp_path, "attention-01.jpg")
    with Image.open(tmp_path / name) as image:
        assert (name, image.format, image.size) == ("pictures/attention-01.jpg", "JPEG", (224, 224))
