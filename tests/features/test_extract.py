"""Features of a data set: every row belongs to its picture, whatever the order and whatever can't be read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.decode import Geometry, pixels_from
from headstart.data.records import Dataset, Skipped
from headstart.data.workers import Task, end_workers
from headstart.features import extract
from headstart.features.engine import OpenVINOEngine, Pixels, Vector
from headstart.features.extract import computed, extract_chunk, vectors_of
from headstart.networks.backbones import backbone
from headstart.networks.converted import network_from
from headstart.networks.weights import find_weights
from headstart.progress import Advanced, Event, silent
from models import features_of, inspected_in
from pictures import encoded, picture, write_classes

SMALL = Geometry(8)


class Backwards:
    """An engine that needs no network: the vector is the mean colour, and of five pictures the last is done first."""

    name = "backwards"
    parallel = 2

    def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        """Yield keys and mean colours, the last of five pictures first."""
        waiting: list[tuple[int, Vector]] = []
        for key, pixels in pictures:
            waiting.append((key, pixels.mean(axis=(0, 1)).astype(np.float32)))
            if len(waiting) == 5:
                yield from reversed(waiting)
                waiting = []
        yield from reversed(waiting)


def mean_colours(dataset: Dataset) -> list[Vector]:
    """Return what `Backwards` should give, picture by picture."""
    decoded = [pixels_from((dataset.folder / record.path).read_bytes(), SMALL) for record in dataset.records]
    return [pixels.mean(axis=(0, 1)).astype(np.float32) for pixels in decoded]


def with_content(dataset: Dataset, path: str, content: bytes) -> Dataset:
    """Return ``dataset`` with another content of one picture: as if it had been listed with that."""
    (dataset.folder / path).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return replace(dataset, records=tuple(replace(r, sha256=digest) if r.path == path else r for r in dataset.records))


@pytest.fixture(scope="module", autouse=True)
def no_worker_is_left() -> Iterator[None]:
    yield
    end_workers()


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return inspected_in(write_classes(tmp_path / "data", {"ant": 6, "bee": 7})).dataset


@pytest.fixture
def damaged(dataset: Dataset) -> Dataset:
    """Return a data set in which four pictures can't be had, each for a reason of its own."""
    whole = encoded(picture((9, 9, 9), 1))
    dataset = with_content(dataset, "ant/00.png", b"no picture")
    dataset = with_content(dataset, "bee/03.png", whole[: len(whole) // 2])
    (dataset.folder / "ant/04.png").write_bytes(whole)
    (dataset.folder / "bee/06.png").unlink()
    return dataset


@pytest.fixture(scope="module")
def openvino_engine(cache: Path) -> OpenVINOEngine:
    record = backbone("efficientnet_lite0")
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    return OpenVINOEngine(network_from(record, "avg_pool", origin, silent))


def test_every_row_belongs_to_its_picture(dataset: Dataset) -> None:
    readable, features = features_of(dataset, Backwards(), SMALL, silent)
    assert readable == dataset
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, mean_colours(dataset))


def test_a_picture_has_the_same_vector_in_any_order(dataset: Dataset, openvino_engine: OpenVINOEngine) -> None:
    order = np.random.default_rng(0).permutation(len(dataset.records))
    shuffled = replace(dataset, records=tuple(dataset.records[i] for i in order))
    _, features = features_of(dataset, openvino_engine, Geometry(224), silent)
    _, others = features_of(shuffled, openvino_engine, Geometry(224), silent)
    np.testing.assert_array_equal(others, features[order])
    assert len(np.unique(features, axis=0)) == len(features)


def test_pictures_that_cannot_be_had_move_to_the_skipped_with_a_reason(damaged: Dataset) -> None:
    readable, _ = features_of(damaged, Backwards(), SMALL, silent)
    assert readable.skipped == (
        Skipped("ant/00.png", "not-a-picture"),
        Skipped("ant/04.png", "changed"),
        Skipped("bee/03.png", "unreadable"),
        Skipped("bee/06.png", "unreadable"),
    )


def test_what_was_skipped_before_stays_skipped(damaged: Dataset) -> None:
    before = replace(damaged, skipped=(Skipped("notes.txt", "outside-class-folders"),))
    readable, _ = features_of(before, Backwards(), SMALL, silent)
    assert readable.skipped[0] == before.skipped[0]
    assert len(readable.skipped) == 5


def test_the_rows_that_are_left_belong_to_their_pictures(damaged: Dataset) -> None:
    readable, features = features_of(damaged, Backwards(), SMALL, silent)
    assert [record.path for record in readable.records] == [
        *(f"ant/{i:02}.png" for i in (1, 2, 3, 5)),
        *(f"bee/{i:02}.png" for i in (0, 1, 2, 4, 5)),
    ]
    np.testing.assert_array_equal(features, mean_colours(readable))


def test_progress_counts_every_picture_once(damaged: Dataset) -> None:
    events: list[Event] = []
    features_of(damaged, Backwards(), SMALL, events.append)
    assert events == [Advanced()] * 13


def test_a_data_set_of_which_nothing_can_be_read_has_no_rows(dataset: Dataset) -> None:
    spoilt = replace(dataset, records=tuple(replace(record, sha256="0" * 64) for record in dataset.records))
    readable, features = features_of(spoilt, Backwards(), SMALL, silent)
    assert features.shape == (0, 0)
    assert features.dtype == np.float32
    assert readable.records == ()
    assert [s.reason for s in readable.skipped] == ["changed"] * 13


def test_without_a_digest_any_content_is_taken(damaged: Dataset) -> None:
    path = damaged.folder / "ant/04.png"
    rows, failed = vectors_of([path], [None], Backwards(), SMALL, silent)
    np.testing.assert_array_equal(rows[0], pixels_from(path.read_bytes(), SMALL).mean(axis=(0, 1)).astype(np.float32))
    assert failed == {}


def test_positions_tell_which_paths_failed(damaged: Dataset) -> None:
    paths = [damaged.root / name for name in ("bee/00.png", "missing.png", "ant/00.png", "ant")]
    rows, failed = vectors_of(paths, [None] * 4, Backwards(), SMALL, silent)
    assert list(rows) == [0]
    assert failed == {1: "unreadable", 2: "not-a-picture", 3: "not-a-file"}


def test_every_position_comes_once_with_its_vector_or_its_reason(damaged: Dataset) -> None:
    paths = [damaged.file(record) for record in damaged.records]
    made = list(computed(paths, [None] * len(paths), Backwards(), SMALL, silent))
    assert sorted(key for key, _ in made) == list(range(13))
    assert {key: reason for key, reason in made if isinstance(reason, str)} == {
        0: "not-a-picture",
        9: "unreadable",
        12: "unreadable",
    }


def test_the_rows_of_a_chunk_stand_in_order_with_the_content_that_was_seen(damaged: Dataset) -> None:
    files = [damaged.file(record) for record in damaged.records]
    rows = extract_chunk(files, Backwards(), SMALL)
    reasons = {0: "not-a-picture", 9: "unreadable", 12: "unreadable"}
    assert {key: row.reason for key, row in enumerate(rows) if row.reason} == reasons
    for key, (file, row) in enumerate(zip(files, rows, strict=True)):
        if key in reasons:
            assert (row.sha256, row.vector) == ("", None)
        else:
            assert row.sha256 == hashlib.sha256(Path(str(file)).read_bytes()).hexdigest()
            seen = pixels_from(Path(str(file)).read_bytes(), SMALL).mean(axis=(0, 1)).astype(np.float32)
            np.testing.assert_array_equal(row.vector, seen)


def test_pictures_of_which_none_can_be_read_all_have_their_reason(tmp_path: Path) -> None:
    rows, failed = vectors_of([tmp_path] * 20, [None] * 20, Backwards(), SMALL, silent)
    assert rows == {}
    assert failed == dict.fromkeys(range(20), "not-a-file")


def test_a_path_given_twice_has_two_rows(dataset: Dataset) -> None:
    path = dataset.root / "ant/00.png"
    rows, _ = vectors_of([path, path], [None, None], Backwards(), SMALL, silent)
    np.testing.assert_array_equal(rows[0], rows[1])


def test_decoding_is_never_far_ahead_of_the_engine(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    when_first_wanted: list[int] = []

    class Late(Backwards):
        def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
            waiting = iter(pictures)
            first = next(waiting)
            time.sleep(0.3)  # for the workers to go as far as they would
            when_first_wanted.append(len(asked))
            yield from super().vectors([first, *waiting])

    def noted(path: Path, *rest: Any) -> Task:
        asked.append(path)
        return Task(path, *rest)

    monkeypatch.setattr(extract, "Task", noted)
    paths = [dataset.file(record) for record in dataset.records] * 100
    vectors_of(paths, [None] * 1300, Late(), SMALL, silent)
    assert when_first_wanted[0] <= 8 * (len(os.sched_getaffinity(0)) + 1)
    assert len(asked) == 1300


def test_an_engine_that_fails_leaves_the_workers_usable(dataset: Dataset) -> None:
    class Failing(Backwards):
        def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
            next(iter(pictures))
            raise RuntimeError("out of order")

    paths = [dataset.file(record) for record in dataset.records] * 100
    with pytest.raises(RuntimeError, match="out of order"):
        vectors_of(paths, [None] * 1300, Failing(), SMALL, silent)
    _, features = features_of(dataset, Backwards(), SMALL, silent)
    np.testing.assert_array_equal(features, mean_colours(dataset))
