"""What is done is read back as it was, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.jobs.comparing import parts
from headstart.jobs.comparing.parts import Part, part_folder, read_part, remove_part, write_part
from jobs.comparing.grounds import part_of, said_of
from models import names

IDENTITY: dict[str, Any] = {"dataset": "d", "settings": {"exclude": (), "fit": "pad"}}
ODD = "frozen+svm@../../x\n" + "y" * 300


def assert_same(a: Part, b: Part) -> None:
    assert a.entry == b.entry
    for own, other in ((a.val, b.val), (a.test, b.test)):
        assert own.contents == other.contents
        np.testing.assert_array_equal(own.proba, other.proba)
        assert own.proba.dtype == other.proba.dtype


@pytest.mark.parametrize("name", ["scratch", ODD])
def test_a_part_is_read_back_as_it_was_kept(tmp_path: Path, name: str) -> None:
    write_part(tmp_path / "parts", part_of(name), IDENTITY)
    found = read_part(tmp_path / "parts", name, IDENTITY)
    assert found
    assert_same(found, part_of(name))
    assert len(names(tmp_path / "parts")) == 1


@pytest.mark.parametrize("other", [{"dataset": "e"}, {"settings": {"exclude": ["x"], "fit": "pad"}}, {"more": 1}])
def test_a_part_of_something_else_is_none(tmp_path: Path, other: dict[str, Any]) -> None:
    write_part(tmp_path, part_of("a"), IDENTITY)
    assert read_part(tmp_path, "a", IDENTITY | other) is None
    assert read_part(tmp_path, "b", IDENTITY) is None


def test_a_part_of_another_version_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_part(tmp_path, part_of("a"), IDENTITY)
    monkeypatch.setattr(parts, "__version__", "9.9")
    assert read_part(tmp_path, "a", IDENTITY) is None


@pytest.mark.parametrize("file", ["entry.json", "answers.npz"])
@pytest.mark.parametrize("left", [0, 1, 60, 300])
def test_a_damaged_part_is_none(tmp_path: Path, file: str, left: int) -> None:
    write_part(tmp_path, part_of("a"), IDENTITY)
    damaged = part_folder(tmp_path, "a") / file
    damaged.write_bytes(damaged.read_bytes()[:left])
    assert read_part(tmp_path, "a", IDENTITY) is None


@pytest.mark.parametrize("document", [[], {}, 7])
def test_a_part_whose_document_is_another_is_none(tmp_path: Path, document: object) -> None:
    write_part(tmp_path, part_of("a"), IDENTITY)
    (part_folder(tmp_path, "a") / "entry.json").write_text(json.dumps(document), encoding="utf-8")
    assert read_part(tmp_path, "a", IDENTITY) is None


def test_answers_that_would_run_code_are_not_read(tmp_path: Path) -> None:
    write_part(tmp_path, part_of("a"), IDENTITY)
    np.savez(part_folder(tmp_path, "a") / "answers.npz", val_contents=np.array([{}], object))
    assert read_part(tmp_path, "a", IDENTITY) is None


def test_a_part_takes_the_place_of_an_older_one_and_can_be_forgotten(tmp_path: Path) -> None:
    write_part(tmp_path, part_of("a"), IDENTITY)
    write_part(tmp_path, part_of("a", accuracy=0.9), IDENTITY)
    found = read_part(tmp_path, "a", IDENTITY)
    assert found
    assert found.entry["val"]["accuracy"] == 0.9
    remove_part(tmp_path, "a")
    remove_part(tmp_path, "a")
    assert names(tmp_path) == []


def test_the_more_accurate_on_val_has_more_merit_and_of_the_same_accuracy_the_smaller_loss() -> None:
    accurate = part_of("a", accuracy=0.9, log_loss=2.0)
    sure, unsure = part_of("b", log_loss=0.5), part_of("c", log_loss=0.6)
    assert accurate.merit > sure.merit > unsure.merit


def test_what_is_said_of_some_pictures_is_in_their_order() -> None:
    said = said_of("test", 3)
    np.testing.assert_array_equal(said.of(["test 2", "test 0"]), said.proba[[2, 0]])
    assert said.of([]).shape == (0, 2)
