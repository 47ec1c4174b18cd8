"""The child process that trains: a job and files in, the trained weights and what is to be said of it out."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from headstart import child
from headstart.errors import refusal
from headstart.learn.training.batches import TrainingRows, ValidationRows, in_file
from headstart.learn.training.budget import Budget
from headstart.learn.training.checkpoint import (
    Checkpoint,
    UnusableError,
    read_checkpoint,
    set_aside,
    write_checkpoint,
)
from headstart.learn.training.convergence import converged
from headstart.learn.training.learner import KerasLearner
from headstart.learn.training.loop import Outside, train
from headstart.learn.training.plan import BIAS, KERNEL, Network, Plan
from headstart.learn.training.reached import Reached
from headstart.learn.training.training import ROWS, START, TRAINED
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import write_tensors
from headstart.progress import Listener, Said


def _train(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    interrupted = child.interruption()
    network, plan, budget_seconds = Network(**job["network"]), Plan(**job["plan"]), job["budget_seconds"]
    rows, validation = _rows(job, folder, network, plan)
    learner = _learner(network, plan, folder)
    backend = import_keras().backend.backend()
    checkpoints = _Checkpoints(job, backend, learner, listen)
    before = checkpoints.before()
    if before:
        learner.restore(before.state)
    # What was used of a budget before the training was killed is gone.
    checkpoints.begun = begun = job["begun"] - (before.seconds_used if before else 0)
    finished_before = len(before.reached.history) if before else None
    reached, stopped = train(
        learner,
        plan,
        rows,
        validation,
        Outside(time.time, interrupted, checkpoints.save, lambda: _seconds_to_save(learner, folder), listen),
        budget=None if budget_seconds is None else Budget(budget_seconds, begun + budget_seconds),
        reached=before.reached if before else None,
    )
    assert reached.best is not None  # noqa: S101 - without it, it would have raised
    write_tensors(reached.best, folder / TRAINED)
    planned = math.ceil(reached.epochs)
    return {
        "history": reached.history,
        "epochs_planned": planned,
        "epochs_run": len(reached.history),
        "best_epoch": reached.best_epoch,
        "stopped": stopped,
        "converged": converged(reached.history, stopped, planned, plan.epochs),
        "batch_size": reached.batch_size,
        "pictures_per_second": reached.pictures_per_second,
        "resumed_from": finished_before,
        "backend": backend,
    }


def _rows(job: dict[str, Any], folder: Path, network: Network, plan: Plan) -> tuple[TrainingRows, ValidationRows]:
    with np.load(folder / ROWS, allow_pickle=False) as arrays:
        labels, weights, val_labels = arrays["train_labels"], arrays["weights"], arrays["val_labels"]
    views, inputs = in_file(Path(job["train"])), in_file(Path(job["val"]))
    training = TrainingRows(views, labels, weights, network.n_classes, plan.augment, plan.seed)
    return training, ValidationRows(inputs, val_labels)


def _learner(network: Network, plan: Plan, folder: Path) -> KerasLearner:
    from safetensors.numpy import load_file

    start = load_file(folder / START) if (folder / START).exists() else {}
    head = (start.pop(KERNEL), start.pop(BIAS)) if KERNEL in start else None
    return KerasLearner(network, plan, start or None, head)


def _seconds_to_save(learner: KerasLearner, folder: Path) -> float:
    """Return how long the end takes after the last validation, measured by doing it; the parent's reading included."""
    begun = time.monotonic()
    write_tensors(learner.weights(), folder / TRAINED)
    return 2 * (time.monotonic() - begun)


class _Checkpoints:
    """The checkpoint of this training: the one that there is, and those that are written."""

    def __init__(self, job: dict[str, Any], backend: str, learner: KerasLearner, listen: Listener) -> None:
        self._folder = Path(job["checkpoint"]) if job["checkpoint"] else None
        self._every_seconds = job["checkpoint_seconds"]
        # Another backend rounds in another way, and a schedule can't be changed in its middle.
        own = {"network": job["network"], "plan": job["plan"], "backend": backend}
        self._identity = {**job["identity"], **own}
        self._learner, self._listen = learner, listen
        self._last, self._told_full = time.monotonic(), False
        self.begun = 0.0
        """When the training began, by ``time.time``, had it never been killed."""

    def before(self) -> Checkpoint | None:
        """Return the checkpoint to go on from; say so if there is one, and why if it can't be used."""
        if self._folder is None:
            return None
        try:
            found = read_checkpoint(self._folder, self._identity)
        except UnusableError as error:
            aside = set_aside(self._folder)
            self._listen(Said(f"the checkpoint {error}; it is set aside as {aside}, and training starts anew."))
            return None
        if found:
            self._listen(Said(f"training goes on after epoch {len(found.reached.history)}, from its checkpoint."))
        return found

    def save(self, reached: Reached) -> None:
        """Write a checkpoint, unless the last is not long ago; a system that refuses is told of, once."""
        if self._folder is None or time.monotonic() - self._last < self._every_seconds:
            return
        try:
            write_checkpoint(
                self._folder, Checkpoint(self._learner.state(), reached, time.time() - self.begun), self._identity
            )
        except OSError as error:
            if not self._told_full:
                self._listen(Said(f"no checkpoint can be written, training goes on without: {refusal(error)}"))
            self._told_full = True
        self._last = time.monotonic()


if __name__ == "__main__":
    child.child_main(_train)
