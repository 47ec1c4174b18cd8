"""The squares that a model sees: the same pixels, and the same answers, as when it predicts from files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyes import red_eye, red_quarters
from headstart.features.engine import Pixels, Vector
from headstart.features.recipe import Recipe
from headstart.jobs.classifier import load
from headstart.jobs.comparing.squares import Looking, looking_through, outputs, resized, squares_of, write_jpeg
from headstart.learn.heads import softmax
from headstart.networks.converted import without_files
from headstart.progress import silent
from models import Trained, inspected_in


def test_a_model_says_of_squares_what_it_says_of_files(trained: Trained) -> None:
    bundle = trained.bundle
    dataset = inspected_in(trained.data).dataset
    records = dataset.records[::7]

    found = squares_of(dataset, records, bundle.recipe)
    proba = softmax(looking_through(bundle, silent).scores([squares for _, squares in found]))

    answers = load(trained.model).predict([trained.data / record.path for record in records])
    said = [dict(answer.top) for answer in answers]
    expected = np.array([[own[name] for name in bundle.classes] for own in said])
    assert [record for record, _ in found] == list(records)
    assert proba == pytest.approx(expected, abs=1e-6)


def test_every_size_and_the_mirror_image_are_looked_at(tmp_path: Path) -> None:
    dataset = red_quarters(tmp_path)
    bundle = red_eye(sizes=(32, 16), flip=True)
    (found,) = squares_of(dataset, dataset.records[1:2], bundle.recipe)
    seen: list[tuple[int, bool]] = []

    class Watching:
        """An engine that notes the size of what it is shown, and whether the red is on the left."""

        name, parallel = "watching", 1

        def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
            for key, pixels in pictures:
                seen.append((len(pixels), bool(pixels[-1, 0, 0] > 127)))
                yield key, np.zeros(1, np.float32)

    looking = Looking(bundle, (without_files(bundle.backbone, "avg_pool"),), "watching")
    looking.__dict__["engines"] = {32: Watching(), 16: Watching()}
    looking.scores([found[1]])

    assert dataset.records[1].path == "red/bottom left.png"
    assert seen == [(32, True), (32, False), (16, True), (16, False)]


def test_vectors_come_in_the_order_of_the_squares_whichever_is_done_first() -> None:
    class Backwards:
        """An engine that is done with the last first."""

        name, parallel = "backwards", 1

        def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
            for key, pixels in list(pictures)[::-1]:
                yield key, np.array([pixels.max()], np.float32)

    squares = [np.full((8, 8, 3), value, np.uint8) for value in (5, 9, 7)]
    assert outputs(Backwards(), squares).tolist() == [[5], [9], [7]]


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
