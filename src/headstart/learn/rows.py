"""What a head is fitted to: rows of features with their labels, and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Labels = NDArray[np.intp]


@dataclass(frozen=True)
class Rows:
    """Training rows.

    Attributes
    ----------
    features
        ``(n, dimension)`` float32.
    labels
        ``(n,)``, in [0, n_classes).
    n_classes
        At least 2; a class may have one row.
    units
        ``(n,)``: rows of the same unit (copies, a patient) are never on two sides of a cross-validation.
    weights
        ``(n,)`` float32: what each row counts in the loss; mean 1.
    seed
        Of the folds, and of all else that is drawn.
    """

    features: Floats
    labels: Labels
    n_classes: int
    units: NDArray[np.intp]
    weights: Floats
    seed: int


def rows_of(features: Floats, labels: Labels, n_classes: int, seed: int = 0) -> Rows:
    """Return rows that all count the same, each a unit of its own; arguments as in `Rows`."""
    n = len(labels)
    return Rows(features, labels, n_classes, np.arange(n), np.ones(n, np.float32), seed)
