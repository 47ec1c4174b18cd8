"""knn: how many neighbours is chosen by cross-validation, and no row is its own neighbour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from headstart.learn.knn import NEIGHBOURS, fit_knn
from headstart.learn.rows import rows_of
from headstart.progress import silent
from learn.blobs import drawn


def test_it_is_about_as_accurate_as_the_best_of_scikit_learns() -> None:
    data = drawn(300, 20, 3, apart=0.5)
    mean, std = data.features.mean(axis=0), data.features.std(axis=0)
    theirs = max(
        KNeighborsClassifier(k, metric="cosine")
        .fit((data.features - mean) / std, data.labels)
        .score((data.fresh - mean) / std, data.fresh_labels)
        for k in NEIGHBOURS
    )
    ours = (fit_knn(data.rows(3), silent).head.scores(data.fresh).argmax(axis=1) == data.fresh_labels).mean()
    assert ours >= theirs - 0.02


def test_noise_is_smoothed_by_many_neighbours_and_spots_need_few() -> None:
    noise = drawn(300, 20, 2, apart=0.15)
    assert fit_knn(noise.rows(2), silent).chosen["neighbours"] >= 20
    random = np.random.default_rng(0)
    centres = random.normal(size=(60, 20))
    spots = np.repeat(centres, 4, axis=0) + random.normal(0, 0.05, (240, 20))
    of_spots = fit_knn(rows_of(spots.astype(np.float32), np.repeat(random.integers(0, 2, 60), 4), 2), silent)
    assert of_spots.chosen["neighbours"] <= 5
    assert of_spots.chosen["accuracy"] > 0.9


def test_there_are_never_more_neighbours_than_rows() -> None:
    rows = rows_of(np.eye(4, dtype=np.float32), np.array([0, 0, 1, 1]), 2)
    assert 1 <= fit_knn(rows, silent).chosen["neighbours"] <= 4


def test_a_row_that_counts_more_has_a_heavier_vote() -> None:
    rows = drawn(60, 5, 2).rows(2)
    weights = np.where(rows.labels == 0, 1.5, 0.5).astype(np.float32)
    np.testing.assert_array_equal(fit_knn(replace(rows, weights=weights), silent).head.tensors()["votes"], weights)


def test_directions_are_stored_in_half_the_bytes() -> None:
    assert fit_knn(drawn(60, 5, 2).rows(2), silent).head.tensors()["directions"].dtype == np.float16
