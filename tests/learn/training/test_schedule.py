"""The learning rate over the course of a training."""

from __future__ import annotations

import pytest

from headstart.learn.training.schedule import START, WARM_UP, learning_rate


def test_cosine_falls_from_the_peak_over_its_half_to_zero() -> None:
    assert [learning_rate("cosine", 0.1, done) for done in (0, 0.5, 1)] == pytest.approx([0.1, 0.05, 0])


def test_one_cycle_rises_in_a_line_to_the_peak_and_falls_as_a_cosine_to_zero() -> None:
    done = [0, WARM_UP / 2, WARM_UP, (1 + WARM_UP) / 2, 1]
    expected = [START, (1 + START) / 2, 1, 0.5, 0]
    assert [learning_rate("one-cycle", 2.0, each) for each in done] == pytest.approx([2 * each for each in expected])


def test_one_cycle_has_no_jump_at_its_peak() -> None:
    before, after = (learning_rate("one-cycle", 1.0, WARM_UP + step) for step in (-1e-6, 1e-6))
    assert before == pytest.approx(after, abs=1e-4)
