"""The child process that trains: real processes, which are killed, interrupted and left without a disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.learn.training import training
from headstart.learn.training.plan import Network, Plan, Trained
from headstart.learn.training.training import Rows, trained
from headstart.progress import Entered, Event, Listener, Said, silent

SIDE, CLASSES = 16, 3
NETWORK = Network("small_vgg2x8", SIDE, None, CLASSES, 0.2, batch_statistics=True)
PLAN = Plan(5, 16, 3e-3, "one-cycle", 0.8, 0.05, 0.1, "strong", 5, 3)
IDENTITY = {"dataset": "three colours"}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Rows:
    """Noisy pictures of three colours, two views of each."""
    folder = tmp_path_factory.mktemp("rows")
    random = np.random.default_rng(0)
    labels = np.arange(96) % CLASSES
    pixels = random.integers(0, 200, (96, 2, SIDE, SIDE, 3))
    pixels[np.arange(96), ..., labels] += 40
    np.save(folder / "train.npy", pixels[:72].astype(np.uint8))
    np.save(folder / "val.npy", pixels[72:, 0].astype(np.uint8))
    return Rows(folder / "train.npy", labels[:72], np.ones(72, np.float32), folder / "val.npy", labels[72:])


def run(
    rows: Rows,
    checkpoint: Path | None,
    listen: Listener = silent,
    plan: Plan = PLAN,
    identity: dict[str, Any] = IDENTITY,
) -> Trained:
    return trained(
        NETWORK,
        plan,
        rows,
        start_arrays=None,
        start_head=None,
        checkpoint=checkpoint,
        identity=identity,
        budget_seconds=None,
        listen=listen,
    )


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [int(number) for number, command in lines if "headstart.learn.training.child" in command]


def when_epoch_begins(epoch: int, act: Callable[[], object]) -> Listener:
    def listen(event: Event) -> None:
        if isinstance(event, Entered) and event.stage.startswith(f"training epoch {epoch} of"):
            act()

    return listen


@pytest.fixture(scope="module")
def uninterrupted(rows: Rows) -> Trained:
    """A training that nothing came between."""
    return run(rows, None)


@pytest.fixture(scope="module")
def killed(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of the same training, killed when its fourth epoch began."""
    checkpoint = tmp_path_factory.mktemp("killed") / "checkpoint"

    def kill() -> None:
        (child,) = children_of(os.getpid())
        os.kill(child, signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(RuntimeError, match="exit code -9"):
        patch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
        run(rows, checkpoint, when_epoch_begins(4, kill))
    return checkpoint


def test_a_killed_training_goes_on_and_ends_with_the_same_bits_as_an_uninterrupted_one(
    rows: Rows, killed: Path, uninterrupted: Trained, tmp_path: Path
) -> None:
    checkpoint = shutil.copytree(killed, tmp_path / "checkpoint")
    told: list[Event] = []
    resumed = run(rows, checkpoint, told.append)
    assert resumed.facts["resumed_from"] == 3
    assert [event.stage for event in told if isinstance(event, Entered)] == [
        "training epoch 4 of 5",
        "training epoch 5 of 5",
    ]
    expected = [{**row, "seconds": 0} for row in uninterrupted.facts["history"]]
    assert [{**row, "seconds": 0} for row in resumed.facts["history"]] == expected
    assert resumed.arrays.keys() == uninterrupted.arrays.keys()
    for name, array in uninterrupted.arrays.items():
        np.testing.assert_array_equal(resumed.arrays[name], array)
    np.testing.assert_array_equal(resumed.kernel, uninterrupted.kernel)
    np.testing.assert_array_equal(resumed.bias, uninterrupted.bias)
    assert not checkpoint.exists()


def test_the_checkpoint_of_another_training_is_set_aside_which_is_said_and_training_starts_anew(
    rows: Rows, killed: Path, tmp_path: Path
) -> None:
    checkpoint = shutil.copytree(killed, tmp_path / "checkpoint")
    told: list[Event] = []
    done = run(rows, checkpoint, told.append, replace(PLAN, epochs=1), {"dataset": "other pictures"})
    assert done.facts["resumed_from"] is None
    assert [event.text for event in told if isinstance(event, Said)] == [
        f"the checkpoint is of another training (another dataset, plan); it is set aside as {checkpoint}.aside, and "
        "training starts anew."
    ]
    assert (tmp_path / "checkpoint.aside" / "state.json").exists()


def test_a_disk_too_full_for_a_checkpoint_is_told_once_and_training_goes_on(
    rows: Rows, tiny_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    told: list[Event] = []
    plan = replace(PLAN, epochs=3)
    done = run(rows, tiny_disk / "checkpoint", told.append, plan)
    assert done.facts["epochs_run"] == 3
    (said,) = [event.text for event in told if isinstance(event, Said)]
    assert said.startswith("no checkpoint can be written, training goes on without: the system refuses")


TRAINS = """
import json, sys
from pathlib import Path
import numpy as np
from headstart.learn.training import training
from headstart.learn.training.plan import Network, Plan
from headstart.learn.training.training import Rows, trained
from headstart.progress import Entered

training.CHECKPOINT_SECONDS = 0.0
given = json.loads(sys.argv[1])
with np.load(given["labels"]) as labels:
    rows = Rows(Path(given["train"]), labels["train"], labels["weights"], Path(given["val"]), labels["val"])

def listen(event):
    if isinstance(event, Entered):
        print(event.stage, flush=True)

done = trained(Network(**given["network"]), Plan(**given["plan"]), rows, start_arrays=None, start_head=None,
               checkpoint=Path(given["checkpoint"]), identity={}, budget_seconds=None, listen=listen)
print(json.dumps(done.facts))
"""


def test_ctrl_c_in_a_terminal_ends_it_with_the_best_so_far_and_the_checkpoint_stays(rows: Rows, tmp_path: Path) -> None:
    """A terminal sends SIGINT to the parent and to the child."""
    np.savez(tmp_path / "labels.npz", train=rows.train_labels, weights=rows.weights, val=rows.val_labels)
    given = {
        "train": str(rows.train),
        "val": str(rows.val),
        "labels": str(tmp_path / "labels.npz"),
        "checkpoint": str(tmp_path / "checkpoint"),
        "network": asdict(NETWORK),
        "plan": asdict(replace(PLAN, epochs=100_000, patience=100_000)),
    }
    command = [sys.executable, "-c", TRAINS, json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("training epoch 3"):
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        *_, facts = process.stdout.read().splitlines()
    assert process.returncode == 0
    assert json.loads(facts)["stopped"] == "interrupted"
    assert json.loads(facts)["converged"] is False
    assert json.loads(facts)["epochs_run"] >= 2
    assert (tmp_path / "checkpoint" / "state.json").exists()


def test_ctrl_c_before_anything_was_learned_ends_it_with_nothing(rows: Rows) -> None:
    before = children_of(os.getpid())
    command = [
        sys.executable,
        "-c",
        "import os, signal, sys, time\ntime.sleep(2)\nos.kill(int(sys.argv[1]), signal.SIGINT)",
    ]
    with subprocess.Popen([*command, str(os.getpid())]), pytest.raises(KeyboardInterrupt):
        run(rows, None)
    assert children_of(os.getpid()) == before == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
