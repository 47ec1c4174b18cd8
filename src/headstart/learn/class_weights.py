"""What each training picture counts, so that small classes aren't drowned by large ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.data.audit.classes import IMBALANCED

CLASS_WEIGHTS = ("auto", "balanced", "none")


def class_weights(labels: NDArray[np.intp], n_classes: int, kind: str) -> tuple[NDArray[np.float32], str]:
    """Return what a row of each class counts, ``(n_classes,)`` float32, and which of balanced and none that is.

    Balanced: each class counts the same in all, King & Zeng 2001 ("Logistic regression in rare events data", section
    4.2), scaled so that the mean over rows is 1. A class without rows counts 0.

    Parameters
    ----------
    labels
        ``(n,)``, in [0, n_classes).
    n_classes
        How many classes there are.
    kind
        One of `CLASS_WEIGHTS`; auto is balanced where the largest class has 4 times the rows of the smallest, from
        where on the audit warns too.
    """
    counts = np.bincount(labels, minlength=n_classes)
    present = counts[counts > 0]
    if kind == "none" or (kind == "auto" and present.max() < IMBALANCED * present.min()):
        return (counts > 0).astype(np.float32), "none"
    weights = np.zeros(n_classes)
    weights[counts > 0] = counts.sum() / (len(present) * present)
    return weights.astype(np.float32), "balanced"
