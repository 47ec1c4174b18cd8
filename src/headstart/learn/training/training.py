"""Training as the parent sees it: settings and files in, the trained weights out; Keras stays in the child process."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import child
from headstart.folders import scratch_folder
from headstart.learn.training.plan import BIAS, KERNEL, Network, Plan, Trained
from headstart.networks.keras_backend import required_training_backend
from headstart.networks.weight_files import write_tensors
from headstart.progress import Listener

START, ROWS, TRAINED = "start.safetensors", "rows.npz", "trained.safetensors"
"""Files in the folder shared with the child: weights to start from, if there are any; labels and weights of the rows;
and what comes of it."""

CHECKPOINT_SECONDS = 10.0
"""At least so long between two checkpoints: a kill loses no more than that and an epoch, and writing costs little."""


@dataclass(frozen=True)
class Rows:
    """What is learned from, and what decides when to stop.

    Attributes
    ----------
    train
        A .npy file, ``(n, views, *shape)``: uint8 RGB pixels or float16 maps. Each epoch takes one view of each.
    train_labels
        ``(n,)``, in [0, n_classes).
    weights
        ``(n,)`` float32: what each picture counts in the loss; mean 1.
    val
        A .npy file, ``(m, *shape)``, of the same dtype.
    val_labels
        ``(m,)``; at least one.
    """

    train: Path
    train_labels: NDArray[np.intp]
    weights: NDArray[np.float32]
    val: Path
    val_labels: NDArray[np.intp]


def trained(
    network: Network,
    plan: Plan,
    rows: Rows,
    *,
    start_arrays: Mapping[str, NDArray[Any]] | None,
    start_head: tuple[NDArray[np.float32], NDArray[np.float32]] | None,
    checkpoint: Path | None,
    identity: Mapping[str, Any],
    budget_seconds: float | None,
    listen: Listener,
) -> Trained:
    """Return the network trained by ``plan``; Ctrl-C ends it early, with the best so far.

    Parameters
    ----------
    network, plan, rows
        What is trained, how, and on what.
    start_arrays
        Weights to start from, by name, at least of the part that is trained; None: drawn from the plan's seed.
    start_head
        Kernel and bias of the softmax layer to start from; None: drawn.
    checkpoint
        A folder inside our cache where a killed training leaves what it had reached, and from which the same training
        goes on; removed at the end, but not after Ctrl-C. None: nothing is kept.
    identity
        A JSON document that tells this training's data and settings from others. ``network``, ``plan`` and the
        backend are compared as well.
    budget_seconds
        What all this may take, from now on; None: as long as it needs.
    listen
        Told of the progress.

    Raises
    ------
    UserError
        If the budget is too small for a single step, or the loss is no number before an epoch was finished.
    MissingError
        If no Keras backend that can train is installed, or memory runs out.
    KeyboardInterrupt
        If the user ended it before anything was learned, or asked for the end twice.
    """
    begun = time.time()
    backend = required_training_backend("headstart")
    job = {
        "network": asdict(network),
        "plan": asdict(plan),
        "train": str(rows.train.absolute()),
        "val": str(rows.val.absolute()),
        "checkpoint": str(checkpoint.absolute()) if checkpoint else None,
        "checkpoint_seconds": CHECKPOINT_SECONDS,
        "identity": dict(identity),
        "budget_seconds": budget_seconds,
        "begun": begun,
    }
    with scratch_folder() as folder:
        start = {name: np.ascontiguousarray(array) for name, array in (start_arrays or {}).items()}
        if start_head is not None:
            start |= {KERNEL: np.ascontiguousarray(start_head[0]), BIAS: np.ascontiguousarray(start_head[1])}
        if start:
            write_tensors(start, folder / START)
        np.savez(folder / ROWS, train_labels=rows.train_labels, weights=rows.weights, val_labels=rows.val_labels)
        facts = child.run(_CHILD, job, folder, backend, listen, interruptible=True)
        arrays = _arrays_in(folder / TRAINED)
    if checkpoint and facts["stopped"] != "interrupted":
        shutil.rmtree(checkpoint, ignore_errors=True)
    return Trained(kernel=arrays.pop(KERNEL), bias=arrays.pop(BIAS), arrays=arrays, facts=facts)


_CHILD = "headstart.learn.training.child"


def _arrays_in(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors.numpy import load_file

    return load_file(path)
