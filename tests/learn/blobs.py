"""Rows of classes that lie around one centre each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headstart.learn.rows import Floats, Labels, Rows, rows_of


@dataclass(frozen=True)
class Drawn:
    """Features around one centre per class, and fresh ones of the same classes."""

    features: Floats
    labels: Labels
    fresh: Floats
    fresh_labels: Labels

    def rows(self, n_classes: int, seed: int = 0) -> Rows:
        """Return the training rows, which all count the same."""
        return rows_of(self.features, self.labels, n_classes, seed)


def drawn(n: int, dimension: int, n_classes: int, *, apart: float = 1.0, seed: int = 0) -> Drawn:
    random = np.random.default_rng(seed)
    centres = random.normal(0, apart, (n_classes, dimension))
    labels = np.resize(np.arange(n_classes), 2 * n)
    features = (centres[labels] + random.normal(size=(2 * n, dimension))).astype(np.float32)
    return Drawn(features[:n], labels[:n], features[n:], labels[n:])


def weighted(rows: Rows, *by_class: float) -> Rows:
    """Return the rows, each with the weight of its class."""
    return replace(rows, weights=np.array(by_class, np.float32)[rows.labels])


def doubled(rows: Rows, label: int) -> Rows:
    """Return the rows with those of one class there twice, as one unit."""
    again = np.flatnonzero(rows.labels == label)
    order = np.concatenate([np.arange(len(rows.labels)), again])
    return replace(
        rows,
        features=rows.features[order],
        labels=rows.labels[order],
        units=rows.units[order],
        weights=rows.weights[order],
    )
