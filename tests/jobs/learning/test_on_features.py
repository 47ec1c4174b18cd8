"""Heads on features: what they are fitted to, and in passes where memory doesn't hold it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.jobs.learning import on_features
from headstart.learn.approaches import APPROACHES
from headstart.learn.head_fits import HeadFit
from headstart.learn.rows import Rows
from models import train
from pictures import write_classes


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classes(tmp_path_factory.mktemp("on_features") / "data", {"ant": 10, "bee": 10, "cow": 10})


@pytest.mark.parametrize("name", ["frozen+ridge", "frozen+logistic", "handcrafted+logistic"])
def test_features_that_memory_does_not_hold_are_learnt_from_in_passes(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = train(data, tmp_path / "at once", approach=name)
    monkeypatch.setattr(on_features, "_SHARE_OF_MEMORY", 0)
    in_passes = train(data, tmp_path / "in passes", approach=name)
    assert any("learns from them in passes" in sentence for sentence in in_passes.said)
    assert [p.predicted for p in in_passes.tested] == [p.predicted for p in at_once.tested]


def test_a_head_that_needs_all_at_once_is_refused_with_those_that_do_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_features, "_SHARE_OF_MEMORY", 0)
    with pytest.raises(UserError, match=r"frozen\+knn needs all at once; choose frozen\+logistic or frozen\+ridge"):
        train(data, tmp_path / "model", approach="frozen+knn")


@pytest.fixture
def rows(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that trains, and returns the rows that the head was fitted to, in the order of the fits."""
    seen: list[Rows] = []
    way = APPROACHES["frozen+logistic"]
    assert way.head is not None
    real = way.head.fit

    def fit(rows: Rows, listen: Any) -> Any:
        seen.append(rows)
        return real(rows, listen)

    noting = HeadFit("logistic", "notes what it is fitted to", fit)
    object.__setattr__(way, "head", noting)

    def trained(**options: Any) -> list[Rows]:
        train(data, tmp_path / "model", **options)
        return seen

    real_head = HeadFit("logistic", "a softmax layer fitted to its optimum", real)
    yield trained
    object.__setattr__(way, "head", real_head)


def test_the_head_sees_the_train_part_and_after_a_refit_the_val_part_too(rows: Any) -> None:
    plain, refitted = rows(refit="train+val")
    assert (len(plain.labels), len(refitted.labels)) == (18, 24)
    kept = {vector.tobytes() for vector in refitted.features}
    assert {vector.tobytes() for vector in plain.features} < kept


def test_pictures_of_one_group_are_one_unit_of_the_rows(rows: Any) -> None:
    (grouped,) = rows(group_by=r"(\d)\.png")
    assert len(set(grouped.units.tolist())) < len(grouped.labels)
    np.testing.assert_array_equal(np.unique(grouped.units), np.arange(grouped.units.max() + 1))
