"""Recipes: what a vector is made of, row by row, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageOps

from headstart.data.decode import Geometry
from headstart.data.views import MIRRORED, WHOLE
from headstart.features.recipe import Matrix, Recipe, brought_together
from headstart.jobs.features import extract_features
from models import write_alike
from pictures import encoded, picture

PARTS = (3, 4)


def recipe(sizes: Sequence[int] = (32,), **options: Any) -> Recipe:
    return Recipe("a+b", "squash", tuple(sizes), **options)


def rows_for(wish: Recipe, n: int = 5, view: str = WHOLE, seed: int = 0) -> dict[Geometry, Matrix]:
    """Return a network's random vectors for each look."""
    random = np.random.default_rng(seed)
    return {look: random.normal(size=(n, sum(PARTS))).astype(np.float32) for look in wish.looks(view)}


def lengths(matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.norm(matrix.astype(np.float64), axis=1), np.float32)


# --- looks ----------------------------------------------------------------------------------------------------


def test_a_plain_recipe_looks_once() -> None:
    assert recipe().looks() == (Geometry(32, "squash"),)
    assert recipe().looks("drawn-3") == (Geometry(32, "squash", "drawn-3"),)


def test_sizes_and_mirror_images_are_looks_of_their_own() -> None:
    assert recipe((32, 64), flip=True).looks() == (
        Geometry(32, "squash"),
        Geometry(32, "squash", MIRRORED),
        Geometry(64, "squash"),
        Geometry(64, "squash", MIRRORED),
    )


@pytest.mark.parametrize(
    ("options", "dimension"),
    [
        ({}, 7),
        ({"sizes": (32, 64)}, 14),
        ({"sizes": (32, 64), "combine": "average"}, 7),
        ({"flip": True, "l2": True}, 7),
    ],
)
def test_the_dimension_is_that_of_the_vectors(options: dict[str, Any], dimension: int) -> None:
    wish = recipe(**options)
    assert wish.dimension(PARTS) == dimension
    assert brought_together(wish, rows_for(wish), PARTS, WHOLE).shape == (5, dimension)


def test_the_document_is_plain_json_with_every_field() -> None:
    document = recipe((32, 64), flip=True).document()
    assert json.loads(json.dumps(document)) == document
    assert Recipe(**document | {"sizes": tuple(document["sizes"])}) == recipe((32, 64), flip=True)


# --- brought together -----------------------------------------------------------------------------------------


def test_one_look_is_taken_as_it_is() -> None:
    rows = rows_for(recipe())
    assert brought_together(recipe(), rows, PARTS, WHOLE).tobytes() == rows[Geometry(32)].tobytes()


def test_flip_is_the_mean_of_the_picture_and_its_mirror_image() -> None:
    wish = recipe(flip=True)
    whole, mirror = rows_for(wish).values()
    found = brought_together(wish, rows_for(wish), PARTS, WHOLE)
    np.testing.assert_array_equal(found, (whole + mirror) / np.float32(2))
    assert found.dtype == np.float32


def test_sizes_stand_side_by_side_in_their_order() -> None:
    wish = recipe((64, 32))
    rows = rows_for(wish)
    expected = np.hstack([rows[Geometry(64)], rows[Geometry(32)]])
    np.testing.assert_array_equal(brought_together(wish, rows, PARTS, WHOLE), expected)


def test_sizes_are_averaged() -> None:
    wish = recipe((64, 32, 96), combine="average")
    rows = rows_for(wish)
    expected = np.mean([rows[Geometry(side)] for side in (64, 32, 96)], axis=0, dtype=np.float64)
    np.testing.assert_allclose(brought_together(wish, rows, PARTS, WHOLE), expected, rtol=1e-6, atol=1e-7)


def test_flip_and_sizes_go_together() -> None:
    wish = recipe((64, 32), flip=True)
    a, b, c, d = rows_for(wish).values()
    expected = np.hstack([(a + b) / np.float32(2), (c + d) / np.float32(2)])
    np.testing.assert_array_equal(brought_together(wish, rows_for(wish), PARTS, WHOLE), expected)


def test_a_view_is_taken_for_the_picture() -> None:
    rows = rows_for(recipe(), view="drawn-2")
    assert (
        brought_together(recipe(), rows, PARTS, "drawn-2").tobytes()
        == rows[Geometry(32, "squash", "drawn-2")].tobytes()
    )


def test_what_comes_in_stays_as_it_was() -> None:
    wish = recipe((64, 32), flip=True, combine="average", l2=True)
    rows = rows_for(wish)
    brought_together(wish, rows, PARTS, WHOLE)
    assert {look: each.tobytes() for look, each in rows.items()} == {
        look: each.tobytes() for look, each in rows_for(wish).items()
    }


def test_float16_maps_are_taken_bit_for_bit() -> None:
    rows: Any = {Geometry(32): np.arange(8, dtype=np.float16).reshape(2, 4)}
    found = brought_together(recipe(), rows, (4,), WHOLE)
    assert (found.dtype, found.tobytes()) == (np.dtype(np.float16), rows[Geometry(32)].tobytes())


# --- length 1 -------------------------------------------------------------------------------------------------


def test_l2_brings_the_vector_and_each_layers_part_to_the_same_share() -> None:
    wish = recipe(l2=True)
    found = brought_together(wish, rows_for(wish), PARTS, WHOLE)
    np.testing.assert_allclose(lengths(found), 1, rtol=1e-6)
    np.testing.assert_allclose(lengths(found[:, :3]), np.sqrt(0.5), rtol=1e-6)
    np.testing.assert_allclose(lengths(found[:, 3:]), np.sqrt(0.5), rtol=1e-6)


def test_l2_leaves_the_direction_of_each_part() -> None:
    wish = recipe(l2=True)
    (rows,) = rows_for(wish).values()
    found = brought_together(wish, rows_for(wish), PARTS, WHOLE)
    ratios = found[:, :3] / rows[:, :3]
    np.testing.assert_allclose(ratios, np.repeat(ratios[:, :1], 3, axis=1), rtol=1e-5)


def test_l2_of_several_sizes_gives_each_part_of_each_size_the_same_share() -> None:
    wish = recipe((64, 32), l2=True)
    found = brought_together(wish, rows_for(wish), PARTS, WHOLE)
    shares = [lengths(part) for part in np.split(found, [3, 7, 10], axis=1)]
    np.testing.assert_allclose(shares, 0.5, rtol=1e-6)


def test_l2_of_averaged_sizes_has_length_one() -> None:
    wish = recipe((64, 32), l2=True, combine="average", flip=True)
    np.testing.assert_allclose(lengths(brought_together(wish, rows_for(wish), PARTS, WHOLE)), 1, rtol=1e-6)


def test_zeros_stay_zeros() -> None:
    wish = recipe((64, 32), l2=True, flip=True)
    rows = {look: np.zeros((2, 7), np.float32) for look in wish.looks()}
    rows[Geometry(64)][1, :3] = 1
    found = brought_together(wish, rows, PARTS, WHOLE)
    np.testing.assert_array_equal(found[0], 0)
    np.testing.assert_array_equal(found[1, 3:], 0)
    np.testing.assert_allclose(lengths(found[1:]), 1, rtol=1e-6)


# --- rows -----------------------------------------------------------------------------------------------------


@given(
    n=st.integers(1, 40),
    dimensions=st.lists(st.sampled_from([1, 2, 7, 64, 129, 1280]), min_size=1, max_size=3),
    flip=st.booleans(),
    combine=st.sampled_from(["stack", "average"]),
    l2=st.booleans(),
)
def test_a_row_does_not_depend_on_its_neighbours_to_the_last_bit(
    n: int, dimensions: list[int], flip: bool, combine: str, l2: bool
) -> None:
    wish = recipe((64, 32), flip=flip, combine=combine, l2=l2)
    random = np.random.default_rng(n)
    rows = {look: random.normal(size=(n, sum(dimensions))).astype(np.float32) for look in wish.looks()}
    together = brought_together(wish, rows, dimensions, WHOLE)
    alone = [
        # As prediction does it: one vector, given a first axis.
        brought_together(wish, {look: each[i][np.newaxis] for look, each in rows.items()}, dimensions, WHOLE)
        for i in range(n)
    ]
    assert together.tobytes() == np.concatenate(alone).tobytes()


# --- a genuine network ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture beside its mirror image, larger than what the network sees, and another one."""
    root = write_alike(tmp_path_factory.mktemp("recipe") / "data", {"ant": 1})
    for number, seed in enumerate((1, 2)):
        image = picture((200, 90, 40), seed, size=(30, 20)).resize((301, 202))
        (root / "ant" / f"{number}.png").write_bytes(encoded(image))
    image = picture((200, 90, 40), 1, size=(30, 20)).resize((301, 202))
    (root / "ant" / "mirror.png").write_bytes(encoded(ImageOps.mirror(image)))
    (root / "ant" / "00.png").unlink()
    return root


def distance(a: Matrix, b: Matrix) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def test_averaged_with_its_mirror_image_a_picture_has_the_vector_of_its_mirror_image(twins: Path) -> None:
    first, second, mirror = extract_features(twins, flip=True)
    assert distance(first, mirror) < 1e-3
    plain, _, plain_mirror = extract_features(twins)
    assert distance(plain, plain_mirror) > 20 * distance(first, mirror)
    assert distance(first, second) > 0.1


def test_the_vector_is_the_mean_of_the_pictures_and_the_mirror_images(twins: Path) -> None:
    plain, _, plain_mirror = extract_features(twins)
    np.testing.assert_allclose(extract_features(twins, flip=True)[0], (plain + plain_mirror) / 2, atol=0.02)


def test_with_l2_genuine_vectors_have_length_one(twins: Path) -> None:
    features = extract_features(twins, flip=True, l2=True)
    np.testing.assert_allclose(lengths(features), 1, rtol=1e-6)
    plain = extract_features(twins, flip=True)
    np.testing.assert_allclose(features, plain / lengths(plain)[:, np.newaxis], rtol=1e-5, atol=1e-7)
