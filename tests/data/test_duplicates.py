"""Copies are found by content, near copies by looks: saved anew, scaled, brighter, grey, mirrored, and no others."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from headstart.data.duplicates import components, copies, near_duplicates
from made_up import record, thumbs_of
from pictures import encoded, picture

BLOTCHES = np.random.default_rng(0).integers(20, 200, (6, 8, 3), np.uint8)
PICTURE = Image.fromarray(BLOTCHES).resize((160, 120), Image.Resampling.BICUBIC)

VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again as JPEG of quality 30": lambda image: Image.open(io.BytesIO(encoded(image, "JPEG", quality=30))),
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "of more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "grey": lambda image: image.convert("L"),
    "mirrored": ImageOps.mirror,
}


def found(thumbs: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    return [tuple(pair) for pair in near_duplicates(thumbs).tolist()]


def different(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return thumbnails of noise, none like another."""
    return np.random.default_rng(seed).integers(0, 256, (n, 16, 16), np.uint8)


# --- copies ---------------------------------------------------------------------------------------------------


def test_copies_are_the_positions_of_each_content_that_occurs_twice_or_more() -> None:
    records = [record("ant", content) for content in ("x", "y", "x", "z", "y", "x")]
    assert copies(records) == [[0, 2, 5], [1, 4]]


def test_copies_are_found_in_other_classes_and_parts() -> None:
    assert copies([record("ant", "x", "train"), record("bee", "x", "test")]) == [[0, 1]]


def test_different_contents_are_no_copies() -> None:
    assert copies([record("ant", "x"), record("ant", "y", name="x")]) == []


# --- near duplicates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_picture_changed_is_like_itself_and_unlike_another(variant: str) -> None:
    other = picture((200, 40, 40), seed=1)
    assert found(thumbs_of(PICTURE, other, VARIANTS[variant](PICTURE))) == [(0, 2)]


def test_a_picture_upside_down_or_inverted_is_another() -> None:
    assert found(thumbs_of(PICTURE, ImageOps.flip(PICTURE), ImageOps.invert(PICTURE))) == []


def test_a_picture_with_another_in_its_finest_detail_is_another() -> None:
    checks = 60 * (np.indices((16, 16)).sum(axis=0) % 2)
    (thumb,) = thumbs_of(PICTURE.point(lambda value: value * 3 // 4))
    assert found(np.stack([thumb, thumb + checks.astype(np.uint8)])) == []


def test_pictures_of_nothing_are_not_alike() -> None:
    grey, noise = Image.new("RGB", (40, 40), (90, 90, 90)), picture((90, 90, 90), seed=0, size=(400, 400))
    assert found(thumbs_of(grey, grey, noise, noise)) == []


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_pictures_have_no_pair(n: int) -> None:
    assert near_duplicates(different(n)).shape == (0, 2)


def test_pairs_are_found_however_far_apart_and_the_smaller_position_is_first() -> None:
    thumbs = different(3000)
    thumbs[2999], thumbs[1500], thumbs[1023] = thumbs[0], thumbs[1499], thumbs[1024, :, ::-1]
    assert sorted(found(thumbs)) == [(0, 2999), (1023, 1024), (1499, 1500)]


def test_of_many_that_look_alike_all_are_connected_by_few_pairs() -> None:
    noise = np.random.default_rng(0).normal(0, 3, (2500, 16, 16))
    scenes = np.repeat(different(2).astype(float), 1250, axis=0)
    pairs = near_duplicates(np.clip(scenes + noise, 0, 255).astype(np.uint8))
    assert components(2500, pairs.tolist()).tolist() == [0] * 1250 + [1] * 1250
    assert len(pairs) < 3 * 2500


def test_of_frames_that_fade_into_each_other_all_are_connected_by_few_pairs() -> None:
    first, last = different(2).astype(float)
    frames = np.stack([first + share * (last - first) for share in np.linspace(0, 1, 1000)]).astype(np.uint8)
    pairs = near_duplicates(frames[np.random.default_rng(0).permutation(1000)])
    assert set(components(1000, pairs.tolist()).tolist()) == {0}
    assert len(pairs) < 1.5 * 1000


def test_a_chain_of_pictures_each_like_the_next_is_connected_in_any_order() -> None:
    first, last = different(2).astype(float)
    chain = np.stack([first + share * (last - first) for share in np.linspace(0, 1, 60)]).astype(np.uint8)
    order = np.random.default_rng(0).permutation(60)
    assert len(found(chain[[0, -1]])) == 0
    assert set(components(60, near_duplicates(chain[order]).tolist()).tolist()) == {0}


# --- real pictures --------------------------------------------------------------------------------------------


@cache
def unpacked(archive: Path, every: int) -> list[Image.Image]:
    """Return every so-manieth picture of an archive, by name."""
    with tarfile.open(archive) as tar:
        members = sorted((m for m in tar.getmembers() if m.isfile()), key=lambda member: member.name)[::every]
        streams = [tar.extractfile(member) for member in members]
        return [Image.open(io.BytesIO(stream.read())).convert("RGB") for stream in streams if stream]


@pytest.mark.parametrize("variant", VARIANTS)
def test_of_real_pictures_95_of_100_changed_ones_are_found(shared_data: Path, variant: str) -> None:
    originals = unpacked(shared_data / "caltech101_40.tar", every=20)
    thumbs = thumbs_of(*originals, *map(VARIANTS[variant], originals))
    clusters = components(200, near_duplicates(thumbs).tolist())
    assert len(originals) == 100
    assert (clusters[:100] == clusters[100:]).sum() >= 95


def test_of_400_different_real_pictures_none_are_alike(shared_data: Path) -> None:
    originals = unpacked(shared_data / "cats_dogs.tar", every=3)
    assert len(originals) == 400
    assert found(thumbs_of(*originals)) == []


# --- components -----------------------------------------------------------------------------------------------


def test_what_is_linked_has_one_number_and_what_is_not_another() -> None:
    assert components(6, [[4, 1], [1, 5, 4]]).tolist() == [0, 1, 2, 3, 1, 1]


def test_numbers_do_not_depend_on_the_order_of_links() -> None:
    assert components(5, [[3, 2], [0, 4]]).tolist() == components(5, [[4, 0], [2, 3]]).tolist() == [0, 1, 2, 2, 0]


@pytest.mark.parametrize("n", [0, 3])
def test_without_links_everything_is_alone(n: int) -> None:
    assert components(n, []).tolist() == list(range(n))
