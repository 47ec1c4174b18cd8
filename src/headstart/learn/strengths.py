"""The strength of a penalty, chosen by cross-validation: from the strongest to the weakest, all folds together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.learn.axes import PrincipalAxes
from headstart.learn.fit import Trial, best, trial
from headstart.learn.folds import sides
from headstart.learn.penalised import EXACT, NEAR, Linear, nothing
from headstart.learn.rows import Rows

_WORTH = 0.015
"""Part of the loss by which it must fall for the next, weaker penalty to be tried."""


class Solver(Protocol):
    """Fits some of the rows at one penalty."""

    def __call__(  # noqa: PLR0917 - so much is a fit
        self,
        axes: PrincipalAxes,
        rows: Rows,
        learnt: NDArray[np.bool_],
        penalty: float,
        start: Linear,
        tolerance: float,
    ) -> Linear:
        """Return the optimum of the rows where ``learnt``, ``(n,)``, is true; the rest as in `penalised.optimum`."""
        ...


def trials_of(
    axes: PrincipalAxes, rows: Rows, fold: NDArray[np.intp], penalties: Sequence[float], solve: Solver
) -> tuple[list[Trial], Linear]:
    """Return how the ``penalties`` did, and where to begin the fit of all rows with the best.

    Each optimum is a good start for the next, weaker penalty. The search ends when the held-out loss hardly
    falls any more: with the penalty it first falls and then rises, and weak penalties cost the most steps.

    Parameters
    ----------
    axes, rows, fold
        The rows, and their folds.
    penalties
        From the strongest to the weakest.
    solve
        Fits some rows.
    """
    parts = list(sides(fold))
    found = [nothing(len(axes.variances), rows.n_classes)] * len(parts)
    trials: list[Trial] = []
    start = nothing(len(axes.variances), rows.n_classes)
    for penalty in penalties if parts else penalties[:1]:
        scores = np.zeros((len(rows.labels), rows.n_classes), np.float32)
        for number, (learnt, held) in enumerate(parts):
            found[number] = solve(axes, rows, learnt, penalty, found[number], NEAR)
            scores[held] = found[number].scores(axes.scores[held])
        trials.append(trial(penalty, scores, rows, fold))
        if best(trials) is trials[-1] and parts:
            start = Linear(
                np.mean([each.weights for each in found], axis=0), np.mean([each.bias for each in found], axis=0)
            )
        if not _has_fallen(trials):
            break
    return trials, start


def _has_fallen(trials: Sequence[Trial]) -> bool:
    """Return whether the last of the trials is better than the one before by so much that a next is worth its time."""
    if len(trials) < 2:
        return True
    before, last = trials[-2].log_loss, trials[-1].log_loss
    return before is not None and last is not None and last < (1 - _WORTH) * before


def fitted(axes: PrincipalAxes, rows: Rows, chosen: Trial, start: Linear, solve: Solver) -> Linear:
    """Return the exact optimum of all rows at the penalty that was chosen."""
    return solve(axes, rows, np.ones(len(rows.labels), np.bool_), chosen.setting, start, EXACT)
