"""Which mistakes a classifier was surest of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.judge.metrics import Array


def confident_mistakes(labels: NDArray[np.intp], proba: Array) -> NDArray[np.intp]:
    """Return the positions of all wrong answers, ``(n_mistakes,)``, the most confident first; ties as they come.

    Parameters
    ----------
    labels
        ``(n,)``: the true classes, in [0, n_classes).
    proba
        ``(n, n_classes)``, rows summing to 1.
    """
    wrong = np.flatnonzero(proba.argmax(axis=1) != labels)
    return wrong[np.argsort(-proba[wrong].max(axis=1), kind="stable")]
