"""Augmented pictures: still pictures of the same thing, never twice the same, and the same for the same seed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.learn.training.augment import COLOUR, HOLE, SHIFT, STRENGTHS, Pixels, augmented

SIDE = 32


def noise(n: int, side: int = SIDE) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (n, side, side, 3), dtype=np.uint8)


def positions(n: int, side: int = SIDE) -> Pixels:
    """Return pictures in which each pixel tells its row and its column."""
    rows, columns = np.mgrid[:side, :side]
    return np.tile(np.stack([rows, columns, 0 * rows], axis=-1).astype(np.uint8), (n, 1, 1, 1))


@given(strength=st.sampled_from(STRENGTHS), side=st.integers(1, 40), n=st.integers(1, 3), seed=st.integers(0, 99))
def test_any_picture_stays_a_picture_of_its_size_and_is_not_touched_itself(
    strength: str, side: int, n: int, seed: int
) -> None:
    before = noise(n, side)
    after = augmented(before, strength, np.random.default_rng(seed))
    assert (after.shape, after.dtype) == (before.shape, before.dtype)
    np.testing.assert_array_equal(before, noise(n, side))


def test_none_changes_nothing() -> None:
    np.testing.assert_array_equal(augmented(noise(4), "none", np.random.default_rng(0)), noise(4))


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_the_same_seed_gives_the_same_and_another_one_others(strength: str) -> None:
    first, again, other = (augmented(noise(8), strength, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_the_pictures_of_a_batch_are_changed_independently(strength: str) -> None:
    after = augmented(np.repeat(noise(1), 64, axis=0), strength, np.random.default_rng(0))
    assert len({picture.tobytes() for picture in after}) > 50


def test_light_mirrors_half_of_the_pictures() -> None:
    columns = augmented(positions(400), "light", np.random.default_rng(0))[..., 1].astype(int)
    mirrored = (np.diff(columns[:, 0, 8:24], axis=1) < 0).all(axis=1)
    assert 0.4 < mirrored.mean() < 0.6


def test_light_never_turns_a_picture_upside_down() -> None:
    rows = augmented(positions(400), "light", np.random.default_rng(0))[..., 0].astype(int)
    assert (np.diff(rows[:, 8:24, 0], axis=1) == 1).all()


def test_light_shifts_by_up_to_an_eighth_and_mirrors_the_border() -> None:
    middles = augmented(positions(400), "light", np.random.default_rng(0))[:, SIDE // 2, 0, 0].astype(int) - SIDE // 2
    assert (middles.min(), middles.max()) == (-SIDE * SHIFT, SIDE * SHIFT)
    down = augmented(positions(400), "light", np.random.default_rng(0))[middles == -4][0, :6, 0, 0]
    assert down.tolist() == [4, 3, 2, 1, 0, 1]


def test_strong_cuts_a_grey_hole_of_a_quarter_of_the_side() -> None:
    white = np.full((200, SIDE, SIDE, 3), 255, np.uint8)
    after = augmented(white, "strong", np.random.default_rng(0))
    holes = (after == 127).all(axis=-1).sum(axis=(1, 2))
    assert holes.max() == (SIDE * HOLE) ** 2
    assert holes.min() > 0


def test_strong_zooms_in_by_up_to_three_tenths() -> None:
    """Where it zooms in, rows stand there twice."""
    after = augmented(noise(400), "strong", np.random.default_rng(0))
    twice = (after[:, 1:] == after[:, :-1]).all(axis=(2, 3)).sum(axis=1)
    assert twice.min() == 0
    assert 8 <= twice.max() <= 0.3 * SIDE + 1


def test_strong_changes_brightness_and_colour_within_bounds() -> None:
    grey = np.full((300, SIDE, SIDE, 3), 100, np.uint8)
    middles = np.median(augmented(grey, "strong", np.random.default_rng(0)), axis=(1, 2, 3))
    assert 100 * (1 - COLOUR) - 1 <= middles.min() < 80
    assert 120 < middles.max() <= 100 * (1 + COLOUR) + 1


def test_strong_leaves_grey_pictures_grey() -> None:
    grey = np.repeat(noise(16)[..., :1], 3, axis=-1)
    after = augmented(grey, "strong", np.random.default_rng(0)).astype(int)
    assert np.ptp(after, axis=-1).max() <= 1


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_it_takes_a_small_part_of_the_time_that_a_network_takes(strength: str) -> None:
    """A small VGG learns from some 300 pictures of 32 pixels a second here: 3 ms each."""
    batch, random = noise(256), np.random.default_rng(0)
    begun = time.process_time()
    augmented(batch, strength, random)
    assert (time.process_time() - begun) / len(batch) < 0.5e-3
