"""What a training picture counts."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.learn.class_weights import CLASS_WEIGHTS, class_weights

LABELS = np.array([0] * 8 + [1] * 2 + [2] * 10)


def test_balanced_classes_count_the_same_in_all_and_the_mean_is_one() -> None:
    weights, kind = class_weights(LABELS, 3, "balanced")
    assert kind == "balanced"
    np.testing.assert_allclose(np.bincount(LABELS) * weights, [20 / 3] * 3, rtol=1e-6)
    assert weights[LABELS].mean() == pytest.approx(1)


@pytest.mark.parametrize(("rare", "expected"), [(2, "balanced"), (3, "none")])
def test_auto_balances_from_where_the_audit_warns(rare: int, expected: str) -> None:
    labels = np.array([0] * 8 + [1] * rare)
    assert class_weights(labels, 2, "auto")[1] == expected


def test_none_leaves_each_picture_the_same() -> None:
    weights, kind = class_weights(LABELS, 3, "none")
    assert kind == "none"
    np.testing.assert_array_equal(weights, [1, 1, 1])


@pytest.mark.parametrize("kind", CLASS_WEIGHTS)
def test_a_class_without_rows_counts_nothing_and_spoils_nothing(kind: str) -> None:
    weights, _ = class_weights(LABELS, 5, kind)
    assert weights.dtype == np.float32
    assert np.isfinite(weights).all()
    np.testing.assert_array_equal(weights[3:], [0, 0])
