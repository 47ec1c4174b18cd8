"""Hand-crafted features: grey values, colour, edges and texture of a picture, each where it belongs in the vector."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import MissingError
from headstart.features.handcrafted import SIDE, handcrafted_parts, handcrafted_vector
from headstart.networks.backbones import HANDCRAFTED
from pictures import picture

Pixels = NDArray[np.uint8]


def noise(colour: tuple[int, int, int] = (200, 40, 40), seed: int = 0, side: int = SIDE) -> Pixels:
    return np.asarray(picture(colour, seed, (side, side)))


def stripes(*, across: bool) -> Pixels:
    """Return grey stripes of four pixels, from top to bottom or ``across``."""
    row = np.where(np.arange(SIDE) // 4 % 2, 200, 60).astype(np.uint8)
    grey = np.tile(row, (SIDE, 1)).T if across else np.tile(row, (SIDE, 1))
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def step(left: int, right: int) -> Pixels:
    """Return a picture of two grey values, one beside the other."""
    row = np.repeat(np.array([left, right], np.uint8), SIDE // 2)
    return np.repeat(np.tile(row, (SIDE, 1))[..., np.newaxis], 3, axis=2)


def coloured_squares() -> Pixels:
    """Return squares of 16 pixels a side that differ in red, green and blue."""
    y, x = np.mgrid[:SIDE, :SIDE] // 16
    return np.stack([30 * x, 30 * y, 20 * (x ^ y)], axis=-1).astype(np.uint8)


def flat(value: int) -> Pixels:
    return np.full((SIDE, SIDE, 3), value, np.uint8)


def shuffled(pixels: Pixels) -> Pixels:
    return np.random.default_rng(0).permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)


EVERYTHING = {
    "noise": noise(),
    "stripes": stripes(across=True),
    "step": step(0, 255),
    "black": flat(0),
    "grey": flat(128),
    "white": flat(255),
    "small": noise(side=20),
    "odd": noise(side=101),
    "rounded": np.full((101, 101, 3), 165, np.uint8),  # the mean of its squares is less than the square of its mean
}


def squares(part: NDArray[np.float32], kinds: int) -> NDArray[np.float64]:
    """Return the sum of squares of each histogram of so many ``kinds``."""
    return np.asarray(np.square(part.astype(np.float64)).reshape(-1, kinds).sum(axis=1))


def coarse_edges(pixels: Pixels) -> NDArray[np.float32]:
    """Return 18 directions, 9 without a sign and 4 strengths of each of 4 x 4 cells."""
    return handcrafted_parts(pixels)["edges"][: 4 * 4 * 31].reshape(4, 4, 31)


def fine_edges(pixels: Pixels) -> NDArray[np.float32]:
    """Return 9 directions of each of 8 x 8 cells."""
    return handcrafted_parts(pixels)["edges"][4 * 4 * 31 :].reshape(8, 8, 9)


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_picture_is_as_many_finite_numbers_as_the_record_says(name: str) -> None:
    vector = handcrafted_vector(EVERYTHING[name])
    assert vector.shape == (HANDCRAFTED.layer("avg_pool").dimension,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()


def test_the_vector_is_its_parts_side_by_side() -> None:
    parts = handcrafted_parts(noise())
    assert {name: len(part) for name, part in parts.items()} == {
        "whole": 192 + 2 * 31 + 3 * 10,
        "grey": 64,
        "colour": 4 * 72 + 2 * 48,
        "edges": 16 * 31 + 64 * 9,
        "texture": 3 * (4 * 59 + 16 * 10),
    }
    np.testing.assert_array_equal(handcrafted_vector(noise()), np.concatenate(list(parts.values())))


def test_the_same_picture_has_the_same_vector() -> None:
    np.testing.assert_array_equal(handcrafted_vector(noise(seed=3)), handcrafted_vector(noise(seed=3)))


def test_the_vector_is_what_its_version_has_always_been() -> None:
    # Changed numbers need a new version in the record: vectors that are kept would be taken for the new ones.
    assert HANDCRAFTED.options == (("version", 1),)
    parts = handcrafted_parts(coloured_squares())
    parts["histograms of colour"] = parts["colour"][:288]
    sums = {name: float(part @ np.linspace(0, 1, len(part))) for name, part in parts.items()}
    known = {"whole": 10.34769, "grey": 16.12234, "colour": 4850.287, "edges": 61.37618, "texture": 77.29424}
    assert sums == pytest.approx(known | {"histograms of colour": 4.84453}, rel=1e-4)


def test_another_picture_has_other_numbers_in_every_part() -> None:
    one, other = handcrafted_parts(noise(seed=3)), handcrafted_parts(noise(seed=4))
    assert [name for name in one if (one[name] == other[name]).all()] == []


def test_the_picture_is_left_as_it_was() -> None:
    pixels = noise().copy()
    handcrafted_vector(pixels)
    np.testing.assert_array_equal(pixels, noise())


def test_without_scikit_image_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage.feature", None)
    with pytest.raises(MissingError, match=r"pip install 'headstart\[handcrafted\]'"):
        handcrafted_vector(noise())


# --- the whole picture ----------------------------------------------------------------------------------------


def test_what_is_where_does_not_matter_to_the_whole() -> None:
    pixels = coloured_squares()
    moved = np.roll(pixels, SIDE // 2, axis=1)
    there, here = handcrafted_parts(pixels), handcrafted_parts(moved)
    assert np.abs(there["whole"] - here["whole"]).max() < 0.05
    assert min(np.abs(there[name] - here[name]).max() for name in ("grey", "colour", "edges", "texture")) > 0.1


# --- grey values ----------------------------------------------------------------------------------------------


def test_grey_values_say_where_it_is_light() -> None:
    grey = handcrafted_parts(step(60, 200))["grey"].reshape(8, 8)
    assert (grey[:, :4] < -0.9).all()
    assert (grey[:, 4:] > 0.9).all()


def test_grey_values_hardly_depend_on_the_light_and_its_contrast() -> None:
    dim, bright = handcrafted_parts(step(60, 110)), handcrafted_parts(step(100, 200))
    np.testing.assert_allclose(dim["grey"], bright["grey"], atol=0.1)


def test_a_picture_without_contrast_has_no_grey_values() -> None:
    np.testing.assert_array_equal(handcrafted_parts(flat(90))["grey"], np.zeros(64))


# --- colour ---------------------------------------------------------------------------------------------------


def test_channels_that_change_places_change_the_colour_and_no_edges() -> None:
    red, blue = handcrafted_parts(noise((220, 30, 30))), handcrafted_parts(noise((220, 30, 30))[..., ::-1])
    assert np.abs(red["colour"] - blue["colour"]).max() > 0.3
    # Not to the bit: where two channels are as strong the first is taken.
    np.testing.assert_allclose(red["edges"], blue["edges"], atol=0.02)


def test_a_picture_of_one_colour_fills_one_bin() -> None:
    parts = handcrafted_parts(np.full((SIDE, SIDE, 3), (255, 0, 0), np.uint8))
    # Hue first, then saturation, then value: red is the first hue, and full of both.
    np.testing.assert_array_equal(parts["whole"][:192], np.eye(192)[3 * 4 + 3])
    np.testing.assert_array_equal(parts["colour"][:288], np.tile(np.eye(72)[2 * 3 + 2], 4))
    np.testing.assert_array_equal(parts["colour"][288 + 48 :], np.zeros(48))  # no deviation


def test_colours_are_told_apart_by_where_they_are() -> None:
    pixels = flat(0)
    pixels[: SIDE // 2, : SIDE // 2] = (255, 0, 0)
    above, below = handcrafted_parts(pixels), handcrafted_parts(pixels[::-1])
    np.testing.assert_array_equal(above["whole"][:192], below["whole"][:192])
    assert np.abs(above["colour"][:288] - below["colour"][:288]).max() == 1


def test_the_order_of_the_pixels_changes_all_but_the_histogram_of_the_whole_picture() -> None:
    there, here = handcrafted_parts(step(60, 200)), handcrafted_parts(shuffled(step(60, 200)))
    np.testing.assert_array_equal(there["whole"][:192], here["whole"][:192])
    apart = {name: float(np.abs(there[name] - here[name]).max()) for name in ("grey", "edges", "texture")}
    assert min(apart.values()) > 0.1


def test_histograms_are_square_roots_of_shares() -> None:
    parts = handcrafted_parts(noise())
    np.testing.assert_allclose(squares(parts["whole"][:192], 192), 1, rtol=1e-5)
    np.testing.assert_allclose(squares(parts["whole"][-30:], 10), 1, rtol=1e-5)
    np.testing.assert_allclose(squares(parts["colour"][:288], 72), 1, rtol=1e-5)
    np.testing.assert_allclose(squares(parts["texture"][: 12 * 59], 59), 1, rtol=1e-5)
    np.testing.assert_allclose(squares(parts["texture"][12 * 59 :], 10), 1, rtol=1e-5)


# --- edges ----------------------------------------------------------------------------------------------------


def test_edges_tell_the_direction_of_stripes() -> None:
    up, across = stripes(across=False), stripes(across=True)
    for edges in (coarse_edges(up)[..., 18:27], fine_edges(up)):
        assert (edges.argmax(axis=-1) == 0).all()  # the gradient points to the side
    for edges in (coarse_edges(across)[..., 18:27], fine_edges(across)):
        assert np.isin(edges.argmax(axis=-1), (4, 5)).all()  # 90 degrees lie between two of 9 directions


def test_the_sign_of_an_edge_is_kept_where_the_cells_are_coarse() -> None:
    rising, falling = coarse_edges(step(60, 200))[:, 1], coarse_edges(step(200, 60))[:, 1]
    assert (rising[:, :18].argmax(axis=-1) == 0).all()
    assert (falling[:, :18].argmax(axis=-1) == 9).all()
    np.testing.assert_allclose(rising[:, 18:27], falling[:, 18:27], atol=1e-5)


def test_edges_say_where_they_are() -> None:
    edges = fine_edges(step(60, 200)).max(axis=-1)
    assert (edges[:, [3, 4]] > 0.1).all()
    np.testing.assert_array_equal(edges[:, [0, 1, 2, 5, 6, 7]], np.zeros((8, 6)))


def test_a_flat_picture_has_no_edges() -> None:
    np.testing.assert_array_equal(handcrafted_parts(flat(90))["edges"], np.zeros(16 * 31 + 64 * 9))


def test_edges_hardly_depend_on_the_strength_of_the_light() -> None:
    pixels = noise((120, 120, 120))
    full, dimmed, other = (coarse_edges(each).ravel() for each in (pixels, pixels // 4, shuffled(pixels)))
    assert np.abs(full - dimmed).max() < 0.03
    assert np.abs(full - other).max() > 0.06


def test_the_mirror_image_has_the_edges_of_the_mirrored_cells() -> None:
    pixels = noise((120, 120, 120))
    strengths, mirrored = coarse_edges(pixels)[..., 27:].sum(-1), coarse_edges(pixels[:, ::-1])[..., 27:].sum(-1)
    np.testing.assert_allclose(strengths, mirrored[:, ::-1], rtol=1e-4)


# --- texture --------------------------------------------------------------------------------------------------


def test_texture_does_not_depend_on_the_light() -> None:
    grey = noise((120, 120, 120))[..., :1].repeat(3, axis=2) % 190 + 10
    there, brighter, other = (handcrafted_parts(each)["texture"] for each in (grey, grey + 50, shuffled(grey)))
    # Not to the bit: a neighbour that is as bright as the middle may be rounded to either side of it.
    np.testing.assert_allclose(there, brighter, atol=0.03)
    assert np.abs(there - other).max() > 0.06


def test_a_flat_picture_has_one_pattern_at_every_radius() -> None:
    texture = handcrafted_parts(flat(90))["texture"]
    # Away from the border: beyond it the neighbours are black.
    assert (texture[: 12 * 59].reshape(12, 59)[:, 57] > 0.9).all()
    assert (texture[12 * 59 :].reshape(3, 16, 10)[:, [5, 6, 9, 10], 8] == 1).all()


def test_directions_count_in_coarse_cells_of_texture_alone() -> None:
    up, across = (handcrafted_parts(stripes(across=across))["texture"] for across in (False, True))
    turned, turned_across = (part[12 * 59 :].reshape(3, 4, 4, 10)[:, 1:3, 1:3] for part in (up, across))
    np.testing.assert_allclose(turned, turned_across, atol=1e-6)
    assert np.abs(up[: 12 * 59] - across[: 12 * 59]).max() > 0.3
