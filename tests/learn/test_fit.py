"""How hyper-parameters are chosen: by held-out log loss after calibration, on held-out rows alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.learn.fit import Trial, best, crossvalidated, trial
from headstart.learn.rows import Floats, rows_of

LABELS = np.arange(40) % 2
ROWS = rows_of(np.zeros((40, 1), np.float32), LABELS, 2)
FOLD = np.where(np.arange(40) < 30, np.arange(40) // 2 % 3, -1)
RIGHT = np.eye(2, dtype=np.float32)[LABELS]


def test_a_trial_counts_held_out_rows_alone() -> None:
    scores = RIGHT.copy()
    scores[30:] = -scores[30:]
    found = trial("x", scores, ROWS, FOLD)
    assert (found.setting, found.accuracy, found.folds) == ("x", 1.0, 3)


def test_a_trial_is_judged_after_its_temperature() -> None:
    noisy = RIGHT.copy()
    noisy[:6] = -noisy[:6]
    one, other = trial(1, noisy, ROWS, FOLD), trial(2, 100 * noisy, ROWS, FOLD)
    assert one.log_loss == pytest.approx(other.log_loss, rel=1e-3)
    assert other.temperature == pytest.approx(100 * one.temperature, rel=0.02)


def test_the_log_loss_is_weighted_as_the_rows_are() -> None:
    wrong_about_1 = np.tile(np.array([1, 0], np.float32), (40, 1))
    weights = np.where(LABELS == 0, 1.9, 0.1).astype(np.float32)
    heavy = trial(0, wrong_about_1, replace(ROWS, weights=weights), FOLD).log_loss
    alike = trial(0, wrong_about_1, ROWS, FOLD).log_loss
    assert heavy is not None
    assert alike is not None
    assert heavy < alike / 2


def test_without_held_out_rows_nothing_is_told() -> None:
    found = trial(5, RIGHT, ROWS, np.full(40, -1))
    assert found == Trial(5, 1.0, None, None, 0)
    assert found.document() == {"temperature": 1.0, "folds": 0, "accuracy": None, "log_loss": None}


def test_the_best_has_the_lowest_log_loss_or_is_the_first() -> None:
    trials = [Trial(number, 1.0, loss, 0.5, 3) for number, loss in enumerate((0.3, 0.1, 0.2))]
    assert best(trials) is trials[1]
    untold = [Trial(number, 1.0, None, None, 0) for number in range(2)]
    assert best(untold) is untold[0]


def test_each_row_is_scored_by_what_did_not_learn_from_it() -> None:
    seen: list[tuple[bool, bool]] = []

    def scores_of(learnt: NDArray[np.bool_], setting: float, held: NDArray[np.bool_]) -> Floats:
        seen.append((bool((learnt & held).any()), bool((learnt | held).all())))
        return np.float32(setting) * RIGHT[held]

    chosen = crossvalidated((0, -1, 1), ROWS, FOLD, lambda learnt: learnt, scores_of)
    assert chosen.setting == 1
    assert chosen.accuracy == 1
    assert seen == [(False, True)] * 9
