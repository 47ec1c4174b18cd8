"""A checkpoint: all of it comes back, or a sentence says why it can't be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.learn.training.budget import Speeds
from headstart.learn.training.checkpoint import (
    Checkpoint,
    UnusableError,
    read_checkpoint,
    set_aside,
    write_checkpoint,
)
from headstart.learn.training.reached import Arrays, Reached

IDENTITY: dict[str, Any] = {"dataset": "abc", "plan": {"epochs": 3, "sizes": (1, 2)}}


def checkpoint(epochs: int = 2) -> Checkpoint:
    state: Arrays = {
        "model/0": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
        "model/1": np.array([2**32 - 1, 5], np.uint32),
        "optimizer/0": np.array(epochs, np.int64),
    }
    history = [{"epoch": epoch, "loss": 0.1 + epoch / 3, "val_loss": 1 / epoch} for epoch in range(1, epochs + 1)]
    best = {"conv/kernel": np.full((2, 2), epochs, np.float32)}
    return Checkpoint(state, Reached(16, 1e-3 / 3, 2.5, history, best, Speeds(0.1, 0.2, 0.3, 16), 64, 0.7), 12.5)


def test_all_of_it_comes_back_to_the_bit(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "c", checkpoint(), IDENTITY)
    found = read_checkpoint(tmp_path / "c", IDENTITY)
    assert found is not None
    expected = checkpoint()
    assert found.seconds_used == expected.seconds_used
    for own, other in ((found.state, expected.state), (found.reached.best, expected.reached.best)):
        assert own is not None
        assert other is not None
        assert own.keys() == other.keys()
        for name, array in other.items():
            np.testing.assert_array_equal(own[name], array)
            assert own[name].dtype == array.dtype
            assert own[name].shape == array.shape
    assert {**vars(found.reached), "best": None} == {**vars(expected.reached), "best": None}


def test_where_none_was_written_there_is_none(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path / "c", IDENTITY) is None


def test_a_newer_one_takes_the_place_of_the_one_before_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "c", checkpoint(1), IDENTITY)
    write_checkpoint(tmp_path / "c", checkpoint(2), IDENTITY)
    found = read_checkpoint(tmp_path / "c", IDENTITY)
    assert found is not None
    assert len(found.reached.history) == 2
    assert len(list((tmp_path / "c").iterdir())) == 2


def test_a_kill_between_arrays_and_document_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    write_checkpoint(tmp_path / "c", checkpoint(1), IDENTITY)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("headstart.learn.training.checkpoint.write_document", killed)
        write_checkpoint(tmp_path / "c", checkpoint(2), IDENTITY)
    found = read_checkpoint(tmp_path / "c", IDENTITY)
    assert found is not None
    assert len(found.reached.history) == 1


def test_a_full_disk_is_told_and_leaves_the_checkpoint_before(full_disk: Path) -> None:
    write_checkpoint(full_disk / "c", checkpoint(), IDENTITY)
    large = Checkpoint({"model/0": np.zeros(2**20, np.float32)}, checkpoint().reached, 0)
    with pytest.raises(OSError, match=r"."):
        write_checkpoint(full_disk / "c", large, IDENTITY)
    assert read_checkpoint(full_disk / "c", IDENTITY) is not None
    assert len(list((full_disk / "c").iterdir())) == 2


@pytest.mark.parametrize(
    "other", [{"dataset": "abd"}, {"plan": {"epochs": 4}}, {"added": 1}], ids=["dataset", "plan", "added"]
)
def test_one_of_another_training_is_refused_with_what_differs(tmp_path: Path, other: dict[str, Any]) -> None:
    write_checkpoint(tmp_path / "c", checkpoint(), IDENTITY)
    with pytest.raises(UnusableError, match=rf"is of another training \(another {next(iter(other))}\)"):
        read_checkpoint(tmp_path / "c", IDENTITY | other)


def test_one_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(tmp_path / "c", checkpoint(), IDENTITY)
    monkeypatch.setattr("headstart.__version__", "99.0")
    with pytest.raises(UnusableError, match=r"was written by headstart 0\.1\.0, not 99\.0"):
        read_checkpoint(tmp_path / "c", IDENTITY)


def cut_short(folder: Path) -> None:
    (path,) = folder.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-1])


def changed(folder: Path) -> None:
    (path,) = folder.glob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def without_arrays(folder: Path) -> None:
    (path,) = folder.glob("*.safetensors")
    path.unlink()


def without_a_field(folder: Path) -> None:
    document = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    del document["reached"]["epochs"]
    (folder / "state.json").write_text(json.dumps(document), encoding="utf-8")


def half_a_document(folder: Path) -> None:
    text = (folder / "state.json").read_text(encoding="utf-8")
    (folder / "state.json").write_text(text[: len(text) // 2], encoding="utf-8")


def a_list(folder: Path) -> None:
    (folder / "state.json").write_text("[]", encoding="utf-8")


@pytest.mark.parametrize("damage", [cut_short, changed, without_arrays, without_a_field, half_a_document, a_list])
def test_a_damaged_one_is_refused(tmp_path: Path, damage: Any) -> None:
    write_checkpoint(tmp_path / "c", checkpoint(), IDENTITY)
    damage(tmp_path / "c")
    with pytest.raises(UnusableError, match="is damaged"):
        read_checkpoint(tmp_path / "c", IDENTITY)


def test_one_that_is_set_aside_is_out_of_the_way_and_one_alone_is_kept(tmp_path: Path) -> None:
    for epochs in (1, 2):
        write_checkpoint(tmp_path / "c", checkpoint(epochs), IDENTITY)
        aside = set_aside(tmp_path / "c")
        assert read_checkpoint(tmp_path / "c", IDENTITY) is None
    found = read_checkpoint(aside, IDENTITY)
    assert found is not None
    assert len(found.reached.history) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["c.aside"]
