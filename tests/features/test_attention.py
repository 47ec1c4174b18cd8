"""Where a model looks, as arrays: maps of a class, patches that cover, and colours that print."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.features.attention import (
    GRIDS,
    class_activation_map,
    colours,
    covered,
    grid_for,
    heat_of_activations,
    heat_of_drops,
    log_odds,
    occlusion_map,
    overlay,
    patches,
)
from headstart.learn.heads import softmax


def array(*numbers: object) -> NDArray[np.float32]:
    return np.array(numbers, np.float32)


def lightness(colour: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return L* of sRGB colours in [0, 255] (CIE 1976)."""
    share = colour.astype(np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.asarray(np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y))


def test_the_mean_of_a_class_activation_map_is_the_score_of_the_mean() -> None:
    random = np.random.default_rng(0)
    features, weights = random.normal(size=(7, 5, 64)).astype(np.float32), random.normal(size=64).astype(np.float32)

    found = class_activation_map(features, weights)

    assert found.shape == (7, 5)
    assert found.mean() == pytest.approx(features.mean(axis=(0, 1)) @ weights, abs=1e-5)


def test_a_place_has_what_its_own_features_add() -> None:
    features = np.zeros((2, 2, 2), np.float32)
    features[1, 0] = [3, 1]
    assert class_activation_map(features, array(2, -1)).tolist() == [[0, 0], [5, 0]]


def test_the_odds_of_a_class_are_those_of_its_probability() -> None:
    scores = array([2, 1, 0], [-1, 0, 3])
    p = softmax(scores)[:, 1]
    assert log_odds(scores, 1) == pytest.approx(np.log(p / (1 - p)), abs=1e-5)


def test_odds_tell_apart_what_the_probability_rounds_to_one() -> None:
    scores = array([40, 0], [50, 0])
    assert softmax(scores)[:, 0].tolist() == [1, 1]
    assert log_odds(scores, 0).tolist() == [40, 50]


@pytest.mark.parametrize("cells", GRIDS)
def test_a_picture_costs_at_most_a_hundred_looks(cells: int) -> None:
    squares = list(covered(np.zeros((96, 96, 3), np.uint8), cells))
    assert len(squares) == patches(cells) < 100


@pytest.mark.parametrize("size", [8, 33, 224])
def test_every_pixel_is_covered_and_no_patch_changes_another_square(size: int) -> None:
    picture = np.full((size, size, 3), 255, np.uint8)
    squares = np.stack(list(covered(picture, 8)))

    grey = (squares == 127).all(axis=3)
    assert grey.any(axis=0).all()
    assert grey.mean() == pytest.approx((2 / 8) ** 2, rel=0.15)
    assert (squares[~grey] == 255).all()
    assert (picture == 255).all()


def test_patches_are_moved_row_by_row() -> None:
    squares = list(covered(np.zeros((8, 8, 3), np.uint8), 8))
    assert squares[1][0, 1:3].tolist() == [[127] * 3] * 2
    assert squares[7][1:3, 0].tolist() == [[127] * 3] * 2


def test_where_covering_lowers_the_odds_the_map_is_high() -> None:
    odds = np.full(patches(5), 3, np.float32)
    odds[0] = 1  # the patch in the upper left corner

    found = occlusion_map(3.0, odds, 5)

    assert found[:3, :3].tolist() == [[2, 1, 0], [1, 0.5, 0], [0, 0, 0]]
    assert np.count_nonzero(found) == 4


@pytest.mark.parametrize(
    ("pictures", "looks", "expected"),
    [
        (12, 600, (8, 12)),
        (12, 400, (6, 12)),
        (12, 200, (5, 12)),
        (12, 100, (5, 6)),
        (12, 1, (5, 1)),
        (1, 49, (8, 1)),
    ],
)
def test_the_grid_becomes_coarser_before_pictures_are_left_out(
    pictures: int, looks: float, expected: tuple[int, int]
) -> None:
    assert grid_for(pictures, looks) == expected


def test_heat_goes_from_the_lowest_place_to_the_highest() -> None:
    assert heat_of_activations(array([-4, 0], [2, 4])).tolist() == [[0, 0.5], [0.75, 1]]


def test_where_covering_raises_the_odds_there_is_no_heat() -> None:
    assert heat_of_drops(array([-4, 0], [2, 4])).tolist() == [[0, 0], [0.5, 1]]


def test_differences_that_are_next_to_nothing_are_not_blown_up() -> None:
    assert heat_of_activations(array([7, 7.05])).max() == pytest.approx(0.1, abs=1e-3)
    assert heat_of_drops(array([0, 0.05])).max() == pytest.approx(0.1)
    assert heat_of_activations(array([7, 7])).tolist() == [[0, 0]]


def test_more_heat_is_lighter_in_even_steps() -> None:
    steps = np.diff(lightness(colours(np.linspace(0, 1, 21, dtype=np.float32))))
    assert steps.min() > 2
    assert steps.max() < 8


def test_an_overlay_is_dark_grey_where_nothing_counts_and_glows_where_most_does() -> None:
    picture = np.full((64, 64, 3), [40, 160, 220], np.uint8)
    drawn = overlay(picture, array([0, 0], [0, 1])).astype(np.float32)

    assert drawn.shape == (64, 64, 3)
    assert np.ptp(drawn[0, 0]) <= 2
    assert lightness(drawn[60, 60]) > lightness(drawn[0, 0]) + 30
    assert drawn[60, 60, 0] - drawn[60, 60, 2] > 30


def test_heat_on_a_white_picture_can_be_read_from_a_print_in_grey() -> None:
    drawn = overlay(np.full((64, 64, 3), 255, np.uint8), array([0, 0], [0, 1])).astype(np.float32)
    assert lightness(drawn[60, 60]) > lightness(drawn[0, 0]) + 15
