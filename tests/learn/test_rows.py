"""Rows that heads are fitted to."""

from __future__ import annotations

import numpy as np

from headstart.learn.rows import rows_of


def test_without_more_said_all_rows_count_the_same_and_are_units_of_their_own() -> None:
    rows = rows_of(np.zeros((5, 3), np.float32), np.array([0, 1, 0, 1, 1]), 2, seed=4)
    np.testing.assert_array_equal(rows.weights, np.ones(5, np.float32))
    assert len(set(rows.units.tolist())) == 5
    assert (rows.n_classes, rows.seed) == (2, 4)
