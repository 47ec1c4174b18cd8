"""The strength of a penalty: from the strongest to the weakest, and no further than it helps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.learn.axes import PrincipalAxes, principal_axes
from headstart.learn.fit import best
from headstart.learn.folds import FOLDS, folds_of
from headstart.learn.penalised import EXACT, NEAR, Linear
from headstart.learn.rows import Rows
from headstart.learn.strengths import fitted, trials_of
from learn.blobs import drawn

ROWS = drawn(80, 5, 2, apart=2).rows(2)
AXES = principal_axes(ROWS.features)


class Recorder:
    """Solves by a rule: the nearer a penalty is to ``at``, the better do scores tell the classes apart."""

    def __init__(self, at: float) -> None:
        self.at = at
        self.calls: list[tuple[float, int, float, float]] = []

    def __call__(  # noqa: PLR0917
        self,
        axes: PrincipalAxes,
        rows: Rows,
        learnt: NDArray[np.bool_],
        penalty: float,
        start: Linear,
        tolerance: float,
    ) -> Linear:
        """Return the class centres, blurred by how far the penalty is from the best."""
        self.calls.append((penalty, int(learnt.sum()), float(start.bias[0]), tolerance))
        centres = np.stack([axes.scores[rows.labels == label].mean(axis=0) for label in range(2)])
        noise = np.random.default_rng(0).normal(0, 3 * abs(np.log(penalty / self.at)), centres.shape)
        return Linear((centres + noise).T.astype(np.float32), np.full(2, penalty, np.float32))


def test_the_search_ends_when_the_loss_rises() -> None:
    solve = Recorder(at=0.1)
    trials, _ = trials_of(AXES, ROWS, folds_of(ROWS), (10, 1, 0.1, 0.01, 0.001), solve)
    assert [each.setting for each in trials] == [10, 1, 0.1, 0.01]
    assert best(trials).setting == 0.1


def test_each_fold_begins_where_it_ended_before() -> None:
    solve = Recorder(at=0.1)
    trials_of(AXES, ROWS, folds_of(ROWS), (1, 0.1), solve)
    assert [call[2] for call in solve.calls] == [0] * FOLDS + [1] * FOLDS
    assert {call[1] for call in solve.calls} == {60}
    assert {call[3] for call in solve.calls} == {NEAR}


def test_the_fit_of_all_rows_begins_at_the_mean_of_the_best() -> None:
    solve = Recorder(at=0.1)
    trials, start = trials_of(AXES, ROWS, folds_of(ROWS), (1, 0.1, 0.01), solve)
    fitted(AXES, ROWS, best(trials), start, solve)
    assert solve.calls[-1] == pytest.approx((0.1, 80, 0.1, EXACT))


def test_without_held_out_rows_the_first_is_taken() -> None:
    solve = Recorder(at=0.1)
    trials, start = trials_of(AXES, ROWS, np.full(80, -1), (1, 0.1), solve)
    assert [(each.setting, each.log_loss) for each in trials] == [(1, None)]
    assert not start.weights.any()
    assert solve.calls == []
