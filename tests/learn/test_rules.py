"""The rule that decides for those who don't want to."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.learn.rules import blocks_for, plan_for, side_for, views_for
from headstart.settings import TrainingOptions

PURPOSES = ("fine-tune", "scratch", "pretrain")


@pytest.mark.parametrize(("sides", "side"), [([20], 32), ([40], 32), ([48], 48), ([300, 20, 500], 64)])
def test_pictures_are_brought_to_the_largest_side_that_most_of_them_fill(sides: list[int], side: int) -> None:
    assert side_for(np.array(sides)) == side


@pytest.mark.parametrize("side", [8, 16, 32, 48, 64, 96, 128, 224])
def test_the_last_map_of_the_small_network_is_a_few_pixels_wide(side: int) -> None:
    assert 3 <= side >> blocks_for(side) <= 8 or side < 16


@pytest.mark.parametrize("purpose", PURPOSES)
def test_fewer_pictures_are_seen_more_often(purpose: str) -> None:
    epochs = [plan_for(purpose, n, TrainingOptions(), 0).epochs for n in (10, 1000, 100_000)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > epochs[-1] >= 8


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_is_named_is_taken(purpose: str) -> None:
    options = TrainingOptions(epochs=3, learning_rate=0.5, batch_size=7, augment="strong", label_smoothing=0.0)
    plan = plan_for(purpose, 100, options, 9)
    assert (plan.epochs, plan.learning_rate, plan.batch_size, plan.seed) == (3, 0.5, 7, 9)
    assert (plan.augment, plan.label_smoothing) == ("strong", 0.0)


def test_views_of_few_pictures_are_more() -> None:
    assert [views_for(n) for n in (10, 1000, 10_000)] == [4, 2, 1]


def test_views_take_the_place_of_augmentation() -> None:
    assert [views_for(10, augment) for augment in ("none", "light", "strong")] == [1, 4, 8]
