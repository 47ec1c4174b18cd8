"""Batches from rows in a file, which is never read as a whole: the next one is prepared while the network learns.

What is drawn depends on the seed, the epoch and the step alone: a training that goes on after a kill draws the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from headstart.learn.training.augment import augmented

Floats = NDArray[np.float32]

AHEAD = 2
"""Batches prepared before they are asked for: one more than is needed, for a batch that takes longer than others."""


@dataclass(frozen=True)
class Batch:
    """What a step learns from.

    Attributes
    ----------
    inputs
        ``(n, *shape)``: uint8 pixels in [0, 255], or float16 maps.
    targets
        ``(n, n_classes)`` float32, each row 1 for the picture's class.
    weights
        ``(n,)`` float32: what each picture counts in the loss.
    """

    inputs: NDArray[Any]
    targets: Floats
    weights: Floats


@dataclass(frozen=True)
class TrainingRows:
    """Pictures to learn from.

    Attributes
    ----------
    views
        ``(n, views, *shape)``, memory-mapped.
    labels
        ``(n,)``, in [0, n_classes).
    weights
        ``(n,)`` float32.
    n_classes
        Number of classes.
    augment
        How strongly a picture is changed, see `headstart.learn.training.augment`.
    seed
        Of order, views and augmentation.
    """

    views: NDArray[Any]
    labels: NDArray[np.intp]
    weights: Floats
    n_classes: int
    augment: str
    seed: int

    def steps(self, batch_size: int) -> int:
        """Return the steps of an epoch: as many full batches as come nearest to the number of pictures."""
        return max(1, round(len(self.labels) / batch_size))

    def epoch(self, epoch: int, batch_size: int) -> Iterator[Batch]:
        """Return the batches of an epoch, all of ``batch_size`` pictures, so that nothing is compiled anew.

        Pictures are shuffled. The few that don't fill a batch stand back in this epoch, or, if there are more of
        these than half a batch, the first of the order stand there twice.
        """
        random = np.random.default_rng([self.seed, epoch])
        order = random.permutation(len(self.labels))
        chosen = random.integers(0, self.views.shape[1], len(self.labels))
        rows = np.resize(order, (self.steps(batch_size), batch_size))
        return prepared(partial(self._batch, epoch, step, own, chosen[own]) for step, own in enumerate(rows))

    def _batch(self, epoch: int, step: int, rows: NDArray[np.intp], views: NDArray[np.intp]) -> Batch:
        inputs = self.views[rows, views]
        return Batch(
            augmented(inputs, self.augment, np.random.default_rng([self.seed, epoch, step])),
            np.eye(self.n_classes, dtype=np.float32)[self.labels[rows]],
            self.weights[rows],
        )


@dataclass(frozen=True)
class ValidationRows:
    """Pictures to be judged by: ``inputs`` ``(m, *shape)``, memory-mapped, and ``labels`` ``(m,)``."""

    inputs: NDArray[Any]
    labels: NDArray[np.intp]

    def batches(self, batch_size: int) -> Iterator[NDArray[Any]]:
        """Return the inputs in batches of ``batch_size``; the last is filled up with the first pictures."""
        starts = range(0, len(self.labels), batch_size)
        return prepared(partial(self._filled, start, batch_size) for start in starts)

    def _filled(self, start: int, batch_size: int) -> NDArray[Any]:
        return self.inputs[np.arange(start, start + batch_size) % len(self.labels)]


def in_file(path: Path) -> NDArray[Any]:
    """Return the array in a .npy file, memory-mapped."""
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


T = TypeVar("T")


def prepared(makers: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Yield what the ``makers`` make, in order; the next `AHEAD` are made in a thread meanwhile."""
    with ThreadPoolExecutor(1) as thread:
        waiting: deque[Future[T]] = deque()
        try:
            for maker in makers:
                waiting.append(thread.submit(maker))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
