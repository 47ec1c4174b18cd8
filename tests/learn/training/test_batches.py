"""Batches: every picture is seen, the same ones for the same seed, and the next is ready when it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.learn.training.batches import Batch, TrainingRows, ValidationRows, in_file, prepared

SHAPE = (4, 4, 3)


def rows(n: int, views: int = 2, seed: int = 0, augment: str = "none") -> TrainingRows:
    """Return pictures whose pixels tell their number, then 100 more for their second view."""
    numbers = np.arange(n)[:, None] + 100 * np.arange(views)
    pixels = np.broadcast_to(numbers[..., None, None, None], (n, views, *SHAPE)).astype(np.uint8)
    return TrainingRows(pixels, np.arange(n) % 3, np.linspace(0.5, 1.5, n, dtype=np.float32), 3, augment, seed)


def seen(batches: list[Batch]) -> NDArray[np.int64]:
    return np.concatenate([batch.inputs[:, 0, 0, 0] for batch in batches]).astype(int)


def test_an_epoch_shows_every_picture_once_in_full_batches() -> None:
    batches = list(rows(32).epoch(1, 8))
    assert [len(batch.inputs) for batch in batches] == [8, 8, 8, 8]
    assert sorted(seen(batches) % 100) == list(range(32))


def test_a_picture_comes_with_its_own_class_and_weight() -> None:
    of = rows(32)
    for batch in of.epoch(1, 8):
        numbers = seen([batch]) % 100
        np.testing.assert_array_equal(batch.targets, np.eye(3)[of.labels[numbers]])
        np.testing.assert_array_equal(batch.weights, of.weights[numbers])


def test_order_and_views_change_from_epoch_to_epoch_and_are_the_same_for_a_seed() -> None:
    first, again, next_one, other = (
        seen(list(rows(32, seed=seed).epoch(epoch, 8))) for seed, epoch in ((5, 1), (5, 1), (5, 2), (6, 1))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != next_one).any()
    assert (first != other).any()
    assert set(first // 100) == {0, 1}


def test_what_does_not_fill_a_batch_stands_back_for_an_epoch_only() -> None:
    of = rows(35)
    epochs = [seen(list(of.epoch(epoch, 8))) % 100 for epoch in range(1, 8)]
    assert {len(epoch) for epoch in epochs} == {32}
    assert set(np.concatenate(epochs)) == set(range(35))


def test_what_nearly_fills_a_batch_is_filled_up() -> None:
    numbers = seen(list(rows(31).epoch(1, 8))) % 100
    assert len(numbers) == 32
    assert set(numbers) == set(range(31))


def test_augmentation_depends_on_seed_epoch_and_step_alone() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1, 1, 16, 16, 3), dtype=np.uint8)
    of = TrainingRows(np.repeat(noise, 32, axis=0), np.zeros(32, np.intp), np.ones(32, np.float32), 2, "strong", 0)
    first, again, later = (list(of.epoch(epoch, 8)) for epoch in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.inputs, b.inputs)
    assert len({batch.inputs.tobytes() for batch in [*first, *later]}) == 8


@pytest.mark.parametrize("m", [1, 7, 8, 9, 20])
def test_validation_batches_are_all_of_one_size_and_hold_the_pictures_in_order(m: int) -> None:
    inputs = np.arange(m)[:, None]
    batches = list(ValidationRows(inputs, np.zeros(m, np.intp)).batches(8))
    assert {len(batch) for batch in batches} == {8}
    np.testing.assert_array_equal(np.concatenate(batches)[:m], inputs)
    assert len(batches) == -(-m // 8)


def test_a_file_is_mapped_and_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.zeros((3, 2)))
    assert isinstance(in_file(tmp_path / "rows.npy"), np.memmap)


def test_the_next_ones_are_made_while_one_is_looked_at() -> None:
    made = [threading.Event() for _ in range(3)]
    makers: list[Callable[[], object]] = [event.set for event in made]
    taken = prepared(makers)
    next(taken)
    assert all(event.wait(10) for event in made)


def test_what_making_one_raises_is_raised_where_it_would_be_taken() -> None:
    def fails() -> int:
        raise MemoryError

    taken = prepared([lambda: 1, fails])
    assert next(taken) == 1
    with pytest.raises(MemoryError):
        next(taken)


def test_no_thread_is_left_when_an_epoch_is_broken_off() -> None:
    before = threading.active_count()
    batches = rows(32).epoch(1, 8)
    next(iter(batches))
    assert threading.active_count() == before + 1
    del batches
    assert threading.active_count() == before
