"""forest: as many trees as it says, grown some at a time, and no less accurate than scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from headstart.learn import forest
from headstart.learn.fit import Fit
from headstart.learn.forest import TREES, fit_forest
from headstart.progress import silent
from learn.blobs import drawn

DATA = drawn(150, 10, 3, apart=0.6)


def accuracy_of(fit: Fit) -> float:
    return float((fit.head.scores(DATA.fresh).argmax(axis=1) == DATA.fresh_labels).mean())


def test_it_is_about_as_accurate_as_scikit_learns() -> None:
    theirs = ExtraTreesClassifier(TREES, random_state=0).fit(DATA.features, DATA.labels)
    assert accuracy_of(fit_forest(DATA.rows(3), silent)) >= theirs.score(DATA.fresh, DATA.fresh_labels) - 0.03


def test_it_has_as_many_trees_as_it_says() -> None:
    fit = fit_forest(DATA.rows(3), silent)
    assert len(fit.head.tensors()["roots"]) == fit.chosen["trees"] == TREES


def test_grown_some_at_a_time_it_has_as_many_and_no_two_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest, "_MOST_NUMBERS", 2 * 150 * 3 * 70)
    tensors = fit_forest(DATA.rows(3), silent).head.tensors()
    roots = tensors["roots"]
    assert len(roots) == TREES
    assert len(np.unique(tensors["threshold"][roots])) > 0.95 * TREES


@pytest.mark.parametrize("seed", [1, 2])
def test_the_seed_reaches_the_trees(seed: int) -> None:
    one, other = (fit_forest(DATA.rows(3, each), silent).head.tensors()["threshold"][:1] for each in (0, seed))
    assert one != other
