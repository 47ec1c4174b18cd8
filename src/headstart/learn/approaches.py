"""The table of approaches. A new way to learn is one new entry here and a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError, nearest
from headstart.learn.heads import DenseHead, Floats
from headstart.learn.keras_head import fit_keras_head
from headstart.learn.logistic import fit_logistic
from headstart.networks.keras_backend import required_training_backend
from headstart.progress import Listener

FitHead = Callable[[Floats, NDArray[np.intp], int, int, Listener], DenseHead]


@dataclass(frozen=True)
class Approach:
    """One way to learn.

    ``fit_head`` takes training features ``(n, dimension)``, labels ``(n,)``, the number of classes, a seed and a
    listener, and returns the fitted head. It never sees a picture of the val or test part.
    """

    name: str
    family: str
    summary: str
    fit_head: FitHead
    needs_training_backend: bool = False

    def check_installed(self) -> None:
        """Raise `MissingError` if what this approach needs isn't installed."""
        if self.needs_training_backend:
            required_training_backend(self.name)


APPROACHES: dict[str, Approach] = {
    entry.name: entry
    for entry in (
        Approach(
            "frozen+logistic",
            "frozen",
            "a softmax layer on the frozen network's features, fitted to its optimum",
            lambda x, y, n_classes, seed, listen: fit_logistic(x, y, n_classes, seed),
        ),
        Approach(
            "frozen+mlp",
            "frozen",
            "the classic custom layers on the frozen network's features: dense 256, ReLU, dropout 0.5, softmax",
            fit_keras_head,
            needs_training_backend=True,
        ),
    )
}


def approach(name: str) -> Approach:
    """Return the entry ``name``; raise `UserError` with the nearest name if there is none."""
    if name in APPROACHES:
        return APPROACHES[name]
    raise UserError(f"No approach is called {name!r}.{nearest(name, APPROACHES)} Choose from: {', '.join(APPROACHES)}.")
