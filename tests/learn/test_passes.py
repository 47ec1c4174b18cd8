"""What one pass over rows leaves: whichever chunks they come in, and in whichever order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from headstart.learn import passes
from headstart.learn.passes import FOLDS, Chunk, Gathered, blocks, first_mean, folds_of_units, gathered

N = 300
SHIFT = np.zeros(40, np.float32)


def whole() -> Chunk:
    random = np.random.default_rng(0)
    features = random.normal(size=(N, 40)).astype(np.float32)
    return Chunk(features, random.integers(0, 3, N), random.uniform(1, 2, N).astype(np.float32), np.arange(N) // 3)


def cut(chunk: Chunk, size: int) -> Iterator[Chunk]:
    for start in range(0, len(chunk.labels), size):
        yield Chunk(*(column[start : start + size] for column in vars(chunk).values()))


def assert_same(one: Gathered, other: Gathered) -> None:
    np.testing.assert_array_equal(one.sample.priorities, other.sample.priorities)
    np.testing.assert_array_equal(one.sample.features, other.sample.features)
    for sums, others in zip(one.folds, other.folds, strict=True):
        np.testing.assert_allclose(sums.products, others.products, atol=1e-4)
        np.testing.assert_allclose(sums.by_class, others.by_class, atol=1e-4)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_it_does_not_depend_on_chunks_or_order(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SAMPLE", 50)
    order = np.random.default_rng(1).permutation(N)
    shuffled = Chunk(*(column[order] for column in vars(whole()).values()))
    assert_same(gathered(cut(shuffled, size), SHIFT, 3, 0), gathered([whole()], SHIFT, 3, 0))


def test_what_two_passes_leave_of_parts_adds_up_to_what_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SAMPLE", 50)
    first, second = cut(whole(), N // 2)
    assert_same(
        gathered([first], SHIFT, 3, 0) + gathered([second], SHIFT, 3, 0), gathered([first, second], SHIFT, 3, 0)
    )


def test_rows_of_one_unit_are_in_one_fold_whatever_their_type() -> None:
    fold = folds_of_units(whole().units, 0).reshape(-1, 3)
    assert (fold == fold[:, :1]).all()
    np.testing.assert_array_equal(folds_of_units(whole().units.astype(np.int32), 0).reshape(-1, 3), fold)
    texts = folds_of_units(np.array(["ab", "cd", "ab"]), 0)
    assert texts[0] == texts[2]


def test_folds_are_about_equal_and_depend_on_the_seed() -> None:
    units = np.arange(40_000)
    counts = np.bincount(folds_of_units(units, 0), minlength=FOLDS)
    np.testing.assert_allclose(counts, 10_000, atol=400)
    assert 0.7 < (folds_of_units(units, 0) != folds_of_units(units, 1)).mean() < 0.8
    texts = np.bincount(folds_of_units(units[:4000].astype(str), 0), minlength=FOLDS)
    np.testing.assert_allclose(texts, 1000, atol=130)


def test_of_a_unit_of_very_many_rows_some_are_in_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SAMPLE", 100)
    chunk = whole()
    units = np.where(np.arange(N) < N // 2, 7, np.arange(N))
    found = gathered([Chunk(chunk.features, chunk.labels, chunk.weights, units)], SHIFT, 3, 0).sample
    is_in_unit = (found.features[:, np.newaxis] == chunk.features[np.newaxis, : N // 2]).all(axis=2).any(axis=1)
    assert 35 < is_in_unit.sum() < 65


@pytest.mark.parametrize("size", [1, 7, 300])
def test_blocks_hold_the_same_rows_and_no_more_than_is_asked(size: int) -> None:
    found = list(blocks(cut(whole(), size), 40, 64))
    assert [len(block.labels) for block in found] == [64] * (N // 64) + [N % 64]
    np.testing.assert_array_equal(np.concatenate([block.features for block in found]), whole().features)


def test_the_first_mean_is_that_of_the_first_chunk_with_rows() -> None:
    empty = Chunk(*(column[:0] for column in vars(whole()).values()))
    first, second = cut(whole(), N // 2)
    np.testing.assert_array_equal(first_mean(iter([empty, first, second])), first.features.mean(axis=0))
    with pytest.raises(ValueError, match="no rows"):
        first_mean(iter([empty]))
