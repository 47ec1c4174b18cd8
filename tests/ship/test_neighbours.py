"""Training pictures that a model carries: read back as they were written, compared by what they show, or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from headstart.errors import UserError
from headstart.manifests import MODEL, write_manifest
from headstart.ship.neighbours import (
    MOST_BYTES,
    MOST_PICTURES,
    NEIGHBOURS,
    Neighbours,
    carries_sentence,
    most_for,
    neighbours_of,
    read_neighbours,
    similar_to,
    write_neighbours,
)
from models import sign

JPEG = b"\xff\xd8\xff"
VECTORS = np.array([[10, 1, 0], [10, -1, 0], [10, 0, 1], [10, 0, -1]], np.float32)


def carried() -> Neighbours:
    return neighbours_of(VECTORS, np.array([0, 0, 1, 1]), [JPEG + bytes([i]) * i for i in range(4)])


def written(folder: Path) -> Path:
    folder.mkdir()
    write_neighbours(carried(), folder)
    write_manifest(folder, MODEL, {}, (NEIGHBOURS,))
    return folder


def put(folder: Path, data: bytes) -> None:
    """Write ``data`` in its place and sign the manifest anew, as only someone who wants to deceive would."""
    (folder / NEIGHBOURS).write_bytes(data)
    sign(folder, files={NEIGHBOURS: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}})


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    found = read_neighbours(written(tmp_path / "model"), 3, 2)
    assert found
    assert found.thumbnails == carried().thumbnails
    for name in ("center", "directions", "labels"):
        expected = getattr(carried(), name)
        assert np.array_equal(getattr(found, name), expected)
        assert getattr(found, name).dtype == expected.dtype


def test_a_model_that_carries_none_has_none(tmp_path: Path) -> None:
    write_manifest(tmp_path, MODEL, {}, ())
    assert read_neighbours(tmp_path, 3, 2) is None


def test_the_most_alike_come_first_whatever_all_have_in_common() -> None:
    found = similar_to(np.array([10, 3, 1], np.float32), carried(), 3)
    assert [(own.label, own.thumbnail) for own in found] == [(0, JPEG), (1, JPEG + b"\2\2"), (1, JPEG + b"\3\3\3")]
    assert [own.cosine for own in found] == pytest.approx([3 / 10**0.5, 1 / 10**0.5, -1 / 10**0.5], abs=1e-3)


def test_a_picture_is_most_like_itself() -> None:
    vectors = np.random.default_rng(0).normal(3, 1, (50, 40)).astype(np.float32) * 1e5
    neighbours = neighbours_of(vectors, np.arange(50), [JPEG] * 50)
    assert [similar_to(own, neighbours, 1)[0].label for own in vectors] == list(range(50))
    assert similar_to(vectors[7], neighbours, 1)[0].cosine == pytest.approx(1, abs=1e-3)


def test_a_vector_in_the_middle_of_all_is_like_nothing() -> None:
    assert [own.cosine for own in similar_to(carried().center, carried(), 4)] == [0, 0, 0, 0]


@pytest.mark.parametrize(("dimension", "most"), [(1280, 2000), (25088, 2000), (100_000, 1010)])
def test_so_many_are_carried_as_may_be_read(dimension: int, most: int) -> None:
    assert most_for(dimension) == most
    assert most * (2 * dimension + 2**16) <= MOST_BYTES


@pytest.mark.parametrize(
    ("pictures", "copies"), [(1, "a small copy of 1 training picture"), (1234, "of 1,234 training")]
)
def test_it_is_said_what_it_means_that_pictures_are_carried(pictures: int, copies: str) -> None:
    assert copies in carries_sentence(pictures)
    assert carries_sentence(pictures).endswith("whoever has the model has them.")


def tensors_with(**changes: Any) -> Callable[[Path], None]:
    def spoil(model: Path) -> None:
        tensors = {k: v for k, v in (load_file(model / NEIGHBOURS) | changes).items() if v is not None}
        save_file(tensors, model / NEIGHBOURS)
        put(model, (model / NEIGHBOURS).read_bytes())

    return spoil


def with_header(**entries: Any) -> Callable[[Path], None]:
    header = json.dumps(entries).encode()
    return lambda model: put(model, len(header).to_bytes(8, "little") + header)


def offsets(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def directions(value: float) -> NDArray[np.float16]:
    return np.full((4, 3), value, np.float16)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "missing": lambda model: (model / NEIGHBOURS).unlink(),
    "altered": lambda model: (model / NEIGHBOURS).write_bytes((model / NEIGHBOURS).read_bytes()[:-1] + b"x"),
    "half": lambda model: put(model, (model / NEIGHBOURS).read_bytes()[:100]),
    "empty": lambda model: put(model, b""),
    "a pickle": lambda model: put(model, b"\x80\x04N."),
    "a huge header": lambda model: put(model, (2**62).to_bytes(8, "little") + b"{}"),
    "a huge array": with_header(labels={"dtype": "I32", "shape": [2**40], "data_offsets": [0, 2**42]}),
    "no arrays": with_header(),
    "an array more": tensors_with(more=np.zeros(1, np.float32)),
    "no labels": tensors_with(labels=None),
    "labels of no dimension": tensors_with(labels=np.array(1, np.int32)),
    "one label too few": tensors_with(labels=np.zeros(3, np.int32)),
    "labels of 64 bits": tensors_with(labels=np.zeros(4, np.int64)),
    "a class that there isn't": tensors_with(labels=np.array([0, 1, 2, 0], np.int32)),
    "a negative class": tensors_with(labels=np.array([0, 1, -1, 0], np.int32)),
    "directions of 32 bits": tensors_with(directions=np.zeros((4, 3), np.float32)),
    "directions of other vectors": tensors_with(directions=np.zeros((4, 5), np.float16)),
    "directions that are no numbers": tensors_with(directions=directions(np.nan)),
    "infinite directions": tensors_with(directions=directions(np.inf)),
    "directions of any length": tensors_with(directions=directions(3)),
    "a center that is no number": tensors_with(center=np.array([0, np.nan, 0], np.float32)),
    "thumbnails that overlap": tensors_with(offsets=offsets(0, 3, 2, 9, 18)),
    "thumbnails before the first": tensors_with(offsets=offsets(-5, 3, 7, 12, 18)),
    "thumbnails beyond the last": tensors_with(offsets=offsets(0, 3, 7, 12, 2**62)),
    "offsets that overflow": tensors_with(offsets=offsets(0, -(2**63), 2**63 - 1, 12, 18)),
    "an empty thumbnail": tensors_with(offsets=offsets(0, 3, 3, 12, 18)),
    "thumbnails that are no JPEG files": tensors_with(thumbnails=np.zeros(18, np.uint8)),
    "a thumbnail that is a poster": tensors_with(
        thumbnails=np.concatenate([np.frombuffer(JPEG * 3, np.uint8), np.full(2**17, 255, np.uint8)]),
        offsets=offsets(0, 3, 6, 7, 2**17 + 9),
    ),
    "too many pictures": tensors_with(
        labels=np.zeros(MOST_PICTURES + 1, np.int32),
        directions=np.zeros((MOST_PICTURES + 1, 3), np.float16),
        thumbnails=np.frombuffer(JPEG * (MOST_PICTURES + 1), np.uint8),
        offsets=np.arange(MOST_PICTURES + 2, dtype=np.int64) * 3,
    ),
}


@pytest.mark.parametrize("spoil", HOSTILE.values(), ids=HOSTILE)
def test_what_isnt_what_it_should_be_is_refused_in_a_sentence(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    model = written(tmp_path / "model")
    spoil(model)
    with pytest.raises(UserError) as refused:
        read_neighbours(model, 3, 2)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"{model} is refused: ")
    assert NEIGHBOURS in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_file_that_has_grown_is_refused_before_it_is_read(tmp_path: Path) -> None:
    model = written(tmp_path / "model")
    with (model / NEIGHBOURS).open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(UserError, match="isn't the file that the manifest lists"):
        read_neighbours(model, 3, 2)


def test_more_than_is_ever_written_is_refused_before_it_is_read(tmp_path: Path) -> None:
    model = written(tmp_path / "model")
    sign(model, files={NEIGHBOURS: {"bytes": MOST_BYTES + 1, "sha256": "0" * 64}})
    with pytest.raises(UserError, match="is said to have"):
        read_neighbours(model, 3, 2)
