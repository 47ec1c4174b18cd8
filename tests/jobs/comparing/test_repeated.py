"""Repeats: each with a split of its own, drawn of the same pictures and what belongs together."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.records import Dataset
from headstart.data.split import Split, new_split
from headstart.jobs.comparing import repeated
from models import write_alike
from runs import TREE, compare


def test_what_belongs_together_is_that_of_the_pictures_that_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed, (part, count) in enumerate({"train": 30, "test": 4}.items()):
        write_alike(tmp_path / "data" / part, {"ant": count, "bee": count}, seed=seed)
    copy = tmp_path / "data" / "test" / "ant" / "000.png"
    shutil.copy(tmp_path / "data" / "train" / "ant" / "00.png", copy)
    drawn: list[tuple[Dataset, Any]] = []

    def watched(dataset: Dataset, seed: int, units: Any) -> tuple[Split, list[str]]:
        drawn.append((dataset, units))
        return new_split(dataset, seed, units)

    monkeypatch.setattr(repeated, "new_split", watched)
    compared = compare(
        tmp_path / "data", tmp_path / "run", TREE, dedupe_test=True, repeats=2, group_by=r"(\w+/\w+/\d)\d"
    )
    ((dataset, units),) = drawn
    groups = {record.path: unit for record, unit in zip(dataset.records, units.tolist(), strict=True)}
    assert len({groups[path] for path in groups if path.startswith("train/ant/1")}) == 1
    assert len(set(groups.values())) == 7  # the copy brought two of the eight together
    assert "test/ant/000.png" not in groups
    assert "--dedupe-test took 1 copies" in compared.said


def test_the_seeds_go_on_from_that_of_the_comparison(tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 10, "bee": 10})
    compared = compare(data, tmp_path / "run", TREE, repeats=2, seed=7)
    repeats = compared.results["repeats"]
    assert repeats["seeds"] == [7, 8]
    assert "Repeat 2 of 2, with seed 8:" in compared.said
    other = compare(data, tmp_path / "other", TREE, seed=8)
    accuracy = other.entry(TREE)["test"]["accuracy"]["value"]
    assert repeats["accuracy"][TREE]["each"][1] == pytest.approx(accuracy)
    assert repeats["accuracy"][TREE]["mean"] == pytest.approx(np.mean(repeats["accuracy"][TREE]["each"]))
