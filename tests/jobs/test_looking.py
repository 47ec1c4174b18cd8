"""A model that looks at squares: the same answers as when it predicts from files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from eyes import red_eye, red_quarters
from headstart.features.engine import Pixels, Vector
from headstart.jobs.classifier import load
from headstart.jobs.comparing.squares import squares_of
from headstart.jobs.looking import Looking, looking_through, outputs
from headstart.learn.heads import softmax
from headstart.networks.converted import without_files
from headstart.progress import silent
from models import Trained, inspected_in


def test_a_model_says_of_squares_what_it_says_of_files(trained: Trained) -> None:
    bundle = trained.bundle
    dataset = inspected_in(trained.data).dataset
    records = dataset.records[::7]

    found = squares_of(dataset, records, bundle.recipe)
    looking, squares = looking_through(bundle, silent), [squares for _, squares in found]
    proba = softmax(looking.scores(squares))

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

    four_looks = [(32, True), (32, False), (16, True), (16, False)]

    looking = Looking(bundle, (without_files(bundle.backbone, "avg_pool"),), "watching")
    looking.__dict__["engines"] = {32: Watching(), 16: Watching()}
    looking.scores([found[1]])

    assert dataset.records[1].path == "red/bottom left.png"
    assert seen == four_looks
    list(looking.probabilities([found[1]]))
    assert seen == four_looks * 2


def test_vectors_come_in_the_order_of_the_squares_whichever_is_done_first() -> None:
    class Backwards:
        """An engine that is done with the last first."""

        name, parallel = "backwards", 1

        def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
            for key, pixels in list(pictures)[::-1]:
                yield key, np.array([pixels.max()], np.float32)

    squares = [np.full((8, 8, 3), value, np.uint8) for value in (5, 9, 7)]
    assert outputs(Backwards(), squares).tolist() == [[5], [9], [7]]


def test_each_probability_belongs_to_its_picture_whichever_is_done_first(tmp_path: Path) -> None:
    dataset = red_quarters(tmp_path)
    bundle = red_eye(sizes=(32, 16), flip=True)
    squares = [own for _, own in squares_of(dataset, dataset.records, bundle.recipe)]
    looking = Looking(bundle, (without_files(bundle.backbone, "avg_pool"),), "backwards")

    class Backwards:
        """An engine that is done with the last first, and counts the red."""

        name, parallel = "backwards", 1

        def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
            for key, pixels in list(pictures)[::-1]:
                yield key, np.array([pixels[..., 0].mean() / 255], np.float32)

    looking.__dict__["engines"] = {32: Backwards(), 16: Backwards()}
    found = list(looking.probabilities(squares))

    assert [position for position, _ in found] == list(range(len(squares)))[::-1]
    together = softmax(looking.scores(squares))
    assert [row for _, row in found[::-1]] == [pytest.approx(own, abs=1e-6) for own in together]
