"""Training as the parent sees it: the upper part of a network fine-tuned, and a budget that is kept."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import MissingError
from headstart.learn.training.plan import KERNEL, Network, Plan, Trained
from headstart.learn.training.training import Rows, trained
from headstart.networks import keras_backend
from headstart.networks.backbones import backbone
from headstart.progress import Event, Said, silent

CLASSES = 4
NETWORK = Network("mobilenet_v2", 64, backbone("mobilenet_v2").maps[-2], CLASSES, 0.1, batch_statistics=False)
PLAN = Plan(3, 16, 1e-3, "cosine", 0.5, 0.01, 0.0, "none", 5, 0)
SCRATCH = Network("small_vgg2x8", 16, None, CLASSES, 0.0, batch_statistics=True)


def saved_rows(folder: Path, train: NDArray[np.generic], val: NDArray[np.generic]) -> Rows:
    np.save(folder / "train.npy", train[:, None])
    np.save(folder / "val.npy", val)
    labels = [np.arange(len(part)) % CLASSES for part in (train, val)]
    return Rows(folder / "train.npy", labels[0], np.ones(len(train), np.float32), folder / "val.npy", labels[1])


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Rows:
    """Float16 maps in which each class has channels of its own."""
    maps = np.random.default_rng(0).normal(0, 0.1, (72, 4, 4, 96)).astype(np.float16)
    for number, row in enumerate(maps):
        row[..., number % CLASSES :: CLASSES] += np.float16(0.5)
    return saved_rows(tmp_path_factory.mktemp("rows"), maps[:48], maps[48:])


@pytest.fixture(scope="module")
def start(rows: Rows) -> Trained:
    """The same network after an epoch: somewhere to start from."""
    return run(rows, replace(PLAN, epochs=1))


def run(rows: Rows, plan: Plan, start: Trained | None = None) -> Trained:
    return trained(
        NETWORK,
        plan,
        rows,
        start_arrays=start.arrays if start else None,
        start_head=(start.kernel, start.bias) if start else None,
        checkpoint=None,
        identity={},
        budget_seconds=None,
        listen=silent,
    )


@pytest.fixture(scope="module")
def done(rows: Rows, start: Trained) -> Trained:
    """The network fine-tuned from there."""
    return run(rows, PLAN, start)


def test_what_comes_back_is_named_as_what_it_started_from_and_without_the_head(done: Trained, start: Trained) -> None:
    assert done.arrays.keys() == start.arrays.keys()
    assert "block_16_project/kernel" in done.arrays
    assert "block_1_project/kernel" not in done.arrays
    assert KERNEL not in done.arrays
    assert {array.dtype for array in done.arrays.values()} == {np.dtype(np.float32)}
    assert (done.kernel.shape, done.kernel.dtype) == ((1280, CLASSES), np.dtype(np.float32))
    assert (done.bias.shape, done.bias.dtype) == ((CLASSES,), np.dtype(np.float32))


def test_fine_tuning_changes_everything_but_the_moving_statistics(done: Trained, start: Trained) -> None:
    unchanged = {name for name, array in done.arrays.items() if (array == start.arrays[name]).all()}
    assert unchanged == {name for name in start.arrays if name.endswith(("moving_mean", "moving_variance"))}


def test_it_goes_on_from_the_head_and_the_weights_it_was_given(done: Trained, start: Trained) -> None:
    assert done.facts["history"][0]["loss"] < start.facts["history"][0]["loss"]


def test_the_facts_are_plain_json_and_say_what_was_done(done: Trained) -> None:
    facts = json.loads(json.dumps(done.facts, allow_nan=False))
    assert [row["epoch"] for row in facts.pop("history")] == [1, 2, 3]
    assert facts.pop("pictures_per_second") > 0
    assert facts.pop("best_epoch") in (1, 2, 3)
    assert facts == {
        "epochs_planned": 3,
        "epochs_run": 3,
        "stopped": "schedule",
        "converged": False,
        "batch_size": 16,
        "resumed_from": None,
        "backend": "tensorflow",
    }


def test_a_budget_is_kept_and_what_fits_is_said(tmp_path: Path, cache: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (400, 16, 16, 3)).astype(np.uint8)
    small, told = saved_rows(tmp_path, pixels[:300], pixels[300:]), list[Event]()
    begun = time.monotonic()
    done = trained(
        SCRATCH,
        replace(PLAN, epochs=100_000, patience=100_000),
        small,
        start_arrays=None,
        start_head=None,
        checkpoint=None,
        identity={},
        budget_seconds=25,
        listen=told.append,
    )
    assert time.monotonic() - begun < 25 * 1.1
    assert done.facts["stopped"] == "budget"
    assert done.facts["converged"] is False
    assert done.facts["history"][-1]["learning_rate"] < 1e-3
    (said,) = [event.text for event in told if isinstance(event, Said)]
    assert said.startswith(f"Budget 25 s: {done.facts['epochs_planned']} of 100000 epochs fit, ")


def test_the_parent_imports_no_keras() -> None:
    code = "import sys, headstart.learn.training.training; print('keras' in sys.modules, 'safetensors' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_without_a_backend_that_can_train_it_says_what_to_install(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    with pytest.raises(MissingError, match=r"headstart trains with Keras.*pip install"):
        run(rows, PLAN)
