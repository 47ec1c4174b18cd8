"""The mistakes that a classifier was surest of."""

from __future__ import annotations

import numpy as np

from headstart.judge.mistakes import confident_mistakes

PROBA = np.array([[0.6, 0.4], [0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.3, 0.7]])


def test_all_mistakes_come_the_most_confident_first_and_equal_ones_in_their_order() -> None:
    assert confident_mistakes(np.array([1, 1, 1, 0, 0]), PROBA).tolist() == [2, 3, 4, 0]


def test_right_answers_are_none() -> None:
    assert confident_mistakes(np.array([0, 1, 0, 1, 1]), PROBA).tolist() == []
