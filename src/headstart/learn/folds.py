"""Folds of a cross-validation inside train: stratified by class, and no unit on two sides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from headstart.learn.rows import Labels, Rows

FOLDS = 4

_ENOUGH_ROWS, _ENOUGH_SCORES = 4000, 2**22
"""Held-out rows that tell which of several fits is best, and (fewer suffice for many classes) scores of theirs."""

_FEWEST_ROWS = 1000


def folds(labels: Labels, units: NDArray[np.intp], n_folds: int, seed: int) -> NDArray[np.intp]:
    """Return a fold in [0, n_folds) for each row, ``(n,)``, or -1 for rows that are never held out.

    Whole units are dealt out, the largest first, to the fold that has least of their classes, so that each class is
    spread evenly. A class all of whose rows would be held out together never is: without it nothing could be learnt.

    Parameters
    ----------
    labels, units
        ``(n,)``: what may be spread, and what must stay together.
    n_folds
        At least 2.
    seed
        Of the order in which units of one size are dealt out.
    """
    n_classes = int(labels.max(initial=-1)) + 1
    number = np.unique(units, return_inverse=True)[1]
    n_units = int(number.max(initial=-1)) + 1
    order = np.random.default_rng(seed).permutation(n_units)
    sizes = np.bincount(number, minlength=n_units)
    # Rows by unit: those of unit u are members[begins[u] : begins[u + 1]].
    members = np.argsort(number, kind="stable")
    begins = np.concatenate([[0], np.cumsum(sizes)])
    leading = labels[members[begins[:-1]]]
    totals = np.bincount(labels, minlength=n_classes)
    of_class, of_all = np.zeros((n_classes, n_folds)), np.zeros(n_folds)
    fold_of = np.empty(n_units, np.intp)
    for unit in order[np.lexsort((leading[order], -sizes[order]))]:
        own = labels[members[begins[unit] : begins[unit + 1]]]
        share = (of_class[own] / totals[own, np.newaxis]).sum(axis=0)
        # The first of the emptiest: np.lexsort's last key counts most.
        best = np.lexsort((of_all, np.round(share, 9)))[0]
        fold_of[unit] = best
        np.add.at(of_class, (own, best), 1)
        of_all[best] += sizes[unit]
    fold = fold_of[number]
    together = (of_class > 0).sum(axis=1) == 1
    lone = np.zeros(n_units, np.bool_)
    lone[number[together[labels]]] = True
    return np.where(lone[number], -1, fold)


def folds_of(rows: Rows) -> NDArray[np.intp]:
    """Return the `folds` by which heads are compared: `FOLDS`, but no more are held out than it takes to tell."""
    fold = folds(rows.labels, rows.units, FOLDS, rows.seed)
    enough = min(_ENOUGH_ROWS, max(_FEWEST_ROWS, _ENOUGH_SCORES // rows.n_classes))
    held = np.cumsum(np.bincount(fold[fold >= 0], minlength=FOLDS))
    needed = int(np.searchsorted(held, enough)) + 1
    return np.where(fold < needed, fold, -1)


def sides(fold: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield, for each fold, which rows are learnt from and which are held out, ``(n,)`` each."""
    for number in range(int(fold.max(initial=-1)) + 1):
        held = fold == number
        if held.any():
            yield ~held, held
