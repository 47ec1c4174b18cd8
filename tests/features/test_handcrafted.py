"""Hand-crafted features: colour, texture and edges of a picture as 112 numbers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.features.handcrafted import SIDE, handcrafted_vector
from pictures import picture

COLOURS, TEXTURES, EDGES = slice(0, 64), slice(64, 94), slice(94, 112)

Pixels = NDArray[np.uint8]


def noise(colour: tuple[int, int, int] = (200, 40, 40), seed: int = 0) -> Pixels:
    return np.asarray(picture(colour, seed, (SIDE, SIDE)))


def stripes(*, across: bool) -> Pixels:
    """Return grey stripes of four pixels, from top to bottom or ``across``."""
    row = np.where(np.arange(SIDE) // 4 % 2, 200, 60).astype(np.uint8)
    grey = np.tile(row, (SIDE, 1)).T if across else np.tile(row, (SIDE, 1))
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def flat(value: int) -> Pixels:
    return np.full((SIDE, SIDE, 3), value, np.uint8)


@pytest.mark.parametrize(
    "pixels",
    [noise(), stripes(across=True), flat(0), flat(128), flat(255)],
    ids=["noise", "stripes", "black", "grey", "white"],
)
def test_every_picture_is_112_finite_numbers(pixels: Pixels) -> None:
    vector = handcrafted_vector(pixels)
    assert vector.shape == (112,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()


def test_the_same_picture_has_the_same_vector() -> None:
    np.testing.assert_array_equal(handcrafted_vector(noise(seed=3)), handcrafted_vector(noise(seed=3)))


def test_another_picture_has_another_vector() -> None:
    assert (handcrafted_vector(noise(seed=3)) != handcrafted_vector(noise(seed=4))).any()


def test_the_picture_is_left_as_it_was() -> None:
    pixels = noise().copy()
    handcrafted_vector(pixels)
    np.testing.assert_array_equal(pixels, noise())


def test_colour_changes_the_colours() -> None:
    red, blue = handcrafted_vector(noise((220, 30, 30))), handcrafted_vector(noise((30, 30, 220)))
    assert np.abs(red[COLOURS] - blue[COLOURS]).max() > 0.3


def test_a_picture_of_one_colour_fills_one_bin_of_colours() -> None:
    colours = handcrafted_vector(np.full((SIDE, SIDE, 3), (255, 0, 64), np.uint8))[COLOURS]
    # Bins of 64 levels: red in the last, green in the first, blue in the second.
    np.testing.assert_array_equal(colours, np.eye(64)[3 * 16 + 0 * 4 + 1])


def test_histograms_are_square_roots_of_shares() -> None:
    vector = handcrafted_vector(noise())
    shares = [float((vector[start:stop] ** 2).sum()) for start, stop in ((0, 64), (64, 74), (74, 84), (84, 94))]
    np.testing.assert_allclose(shares, np.ones(4), rtol=1e-5)


def test_the_order_of_the_pixels_changes_texture_and_edges_but_not_colour() -> None:
    pixels = stripes(across=True)
    shuffled = np.random.default_rng(0).permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
    there, here = handcrafted_vector(pixels), handcrafted_vector(shuffled)
    np.testing.assert_array_equal(there[COLOURS], here[COLOURS])
    assert np.abs(there[TEXTURES] - here[TEXTURES]).max() > 0.1
    assert np.abs(there[EDGES] - here[EDGES]).max() > 0.1


def test_edges_tell_the_direction_of_stripes() -> None:
    up, across = handcrafted_vector(stripes(across=False)), handcrafted_vector(stripes(across=True))
    np.testing.assert_allclose(up[COLOURS], across[COLOURS])
    assert up[EDGES][:9].argmax() != across[EDGES][:9].argmax()


def test_a_flat_picture_has_no_edges() -> None:
    np.testing.assert_array_equal(handcrafted_vector(flat(90))[EDGES], np.zeros(18))
