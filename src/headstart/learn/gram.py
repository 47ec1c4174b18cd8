"""What a least-squares fit needs of its rows, however many: sums that are added up, merged and taken apart again.

Products are computed in float32, a block of rows at a time, where a processor is twice as fast, and added up in
float64: within a block of `BLOCK` rows rounding grows with the square root of their number and stays near 1e-6 of a
product; over millions of rows it would grow on in float32, and doesn't in float64. Rows are shifted by a vector near
their mean first: otherwise the variance of a feature whose mean is large would be a small difference of large sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.learn.rows import Floats, Labels
from headstart.learn.standardisation import Doubles, deviations

BLOCK = 8192
"""Rows whose products are added up in float32."""


@dataclass(frozen=True)
class Sums:
    """Weighted sums over rows.

    Attributes
    ----------
    shift
        ``(dimension,)`` float32: what is subtracted from every row before anything else.
    by_class
        ``(n_classes, dimension)`` float64: of each class, the sum of its rows times their weights.
    class_weights
        ``(n_classes,)`` float64: the sum of weights of each class.
    products
        ``(dimension, dimension)`` float64: the sum of each row's outer product with itself times its weight.
    """

    shift: Floats
    by_class: Doubles
    class_weights: Doubles
    products: Doubles

    @property
    def weight(self) -> float:
        """The sum of all weights."""
        return float(self.class_weights.sum())

    @property
    def features(self) -> Doubles:
        """The weighted sum of all rows, ``(dimension,)``."""
        return np.asarray(self.by_class.sum(axis=0))

    def include(self, features: Floats, labels: Labels, weights: Floats) -> None:
        """Add rows to these sums, in place: ``(m, dimension)``, ``(m,)`` in [0, n_classes), and ``(m,)``."""
        for start in range(0, len(labels), BLOCK):
            some = slice(start, start + BLOCK)
            order = np.argsort(labels[some], kind="stable")
            own, weight = labels[some][order], weights[some][order, np.newaxis]
            x = features[some][order] - self.shift
            classes, first = np.unique(own, return_index=True)
            self.by_class[classes] += np.add.reduceat(x * weight, first, axis=0)
            self.class_weights[:] += np.bincount(own, weight[:, 0], len(self.class_weights))
            x *= np.sqrt(weight)
            self.products[:] += products_of(x)

    def __add__(self, other: Sums) -> Sums:
        """Return the sums over the rows of both, which must have the same shift."""
        return self._with(other, 1)

    def __sub__(self, other: Sums) -> Sums:
        """Return the sums over those rows that ``other``, some of these rows, has not."""
        return self._with(other, -1)

    def _with(self, other: Sums, sign: int) -> Sums:
        if not np.array_equal(self.shift, other.shift):
            raise ValueError("sums of rows that were shifted differently can't be added")
        return Sums(
            self.shift,
            self.by_class + sign * other.by_class,
            self.class_weights + sign * other.class_weights,
            self.products + sign * other.products,
        )


def no_sums(shift: Floats, n_classes: int) -> Sums:
    """Return the sums over no rows; ``shift`` as in `Sums`."""
    d = len(shift)
    return Sums(shift, np.zeros((n_classes, d)), np.zeros(n_classes), np.zeros((d, d)))


@dataclass(frozen=True)
class Standard:
    """How features are standardised: ``mean`` and ``std``, ``(dimension,)`` float64."""

    mean: Doubles
    std: Doubles

    def of(self, features: Floats) -> Floats:
        """Return ``(m, dimension)`` features standardised, float32."""
        x: Floats = features - self.mean.astype(np.float32)
        x /= self.std.astype(np.float32)
        return x


def standard(sums: Sums) -> Standard:
    """Return how rows of these sums are standardised: see `headstart.learn.standardisation.deviations`."""
    mean = sums.features / sums.weight
    variance: Doubles = np.diag(sums.products) / sums.weight - mean**2
    return Standard(mean + sums.shift, deviations(mean + sums.shift, variance))


def standard_of(features: Floats, weights: Floats) -> Standard:
    """Return the same of rows that are all there: ``(n, dimension)``, and their ``(n,)`` weights."""
    shift = features.mean(axis=0)
    first, second = np.zeros(len(shift)), np.zeros(len(shift))
    for start in range(0, len(features), BLOCK):
        x, weight = features[start : start + BLOCK] - shift, weights[start : start + BLOCK]
        first += weight @ x
        second += weight @ np.square(x, dtype=np.float64)
    mean = first / weights.sum(dtype=np.float64)
    variance = second / weights.sum(dtype=np.float64) - mean**2
    return Standard(shift + mean, deviations(shift + mean, variance))


def products_of(x: Floats) -> Doubles:
    """Return the products of the columns of ``x``, ``(m, dimension)``, as `Sums` has them."""
    total = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), BLOCK):
        some = x[start : start + BLOCK]
        total += some.T @ some  # of a matrix and itself NumPy computes one half
    return total


def about(sums: Sums, by: Standard) -> tuple[Doubles, Doubles]:
    """Return the sums of products as they would be of rows standardised ``by`` a mean and std.

    They are ``(dimension, dimension)``, and with the targets, 1 for a row's class and else 0, ``(dimension,
    n_classes)``; both float64.
    """
    mean = by.mean - sums.shift
    cross = (sums.by_class - np.outer(sums.class_weights, mean)) / by.std
    outer = np.outer(sums.features, mean)
    gram = sums.products - outer
    gram -= outer.T
    gram += sums.weight * np.outer(mean, mean)
    gram /= by.std
    gram /= by.std[:, np.newaxis]
    return gram, cross.T
