"""Decision trees as arrays: one, or a forest whose leaves are averaged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.heads.head import Head, Tensors, check_names, chunks, floats_in, integers_in
from headstart.learn.rows import Floats

Integers = NDArray[np.int32]


@dataclass(frozen=True)
class TreesHead(Head):
    """Trees: at a node, ``x[feature] <= threshold`` goes left; each leaf holds shares of classes.

    All nodes of all trees lie one after the other; children come after their parents. The shares of a leaf are
    stored sparsely and may sum to less than 1: the rest is spread over the classes by ``prior``. The scores are
    logarithms of the shares' mean over the trees.

    Attributes
    ----------
    roots
        ``(n_trees,)`` int32: where each tree begins.
    feature
        ``(n_nodes,)`` int32 in [0, n_features), or -1 for a leaf.
    threshold
        ``(n_nodes,)`` float32.
    left, right
        ``(n_nodes,)`` int32: the children; of a leaf, ``left`` is its number.
    starts
        ``(n_leaves + 1,)`` int32: where the shares of each leaf begin and end.
    classes, shares
        ``(starts[-1],)`` int32 and float32.
    prior
        ``(n_classes,)`` float32 over 0, sums to 1.
    n_features
        How many features it takes.
    temperature
        ``(1,)`` float32 over 0.
    """

    roots: Integers
    feature: Integers
    threshold: Floats
    left: Integers
    right: Integers
    starts: Integers
    classes: Integers
    shares: Floats
    prior: Floats
    n_features: int
    temperature: Floats
    kind: ClassVar[str] = "trees"

    @property
    def dimension(self) -> int:
        """How many features it takes."""
        return self.n_features

    def leaves(self, features: Floats) -> NDArray[np.intp]:
        """Return the number of the leaf that each row reaches in each tree, ``(n, n_trees)``."""
        node = np.broadcast_to(self.roots.astype(np.intp), (len(features), len(self.roots))).copy()
        # The places in `node` that are still at an inner node: fewer at each level.
        on_way = np.flatnonzero(self.feature[node] >= 0)
        flat = node.reshape(-1)
        row = on_way // len(self.roots)
        while len(on_way):
            here = flat[on_way]
            is_left = features[row, self.feature[here]] <= self.threshold[here]
            there = np.where(is_left, self.left[here], self.right[here])
            flat[on_way] = there
            inner = self.feature[there] >= 0
            on_way, row = on_way[inner], row[inner]
        return self.left[node].astype(np.intp)

    def scores(self, features: Floats) -> Floats:
        """Return ``(n, n_classes)`` float32 scores for ``(n, dimension)`` features."""
        k = len(self.prior)
        out = np.empty((len(features), k), np.float32)
        longest = int(np.diff(self.starts).max())
        for part in chunks(len(features), (8 + longest) * len(self.roots) + k):
            leaves = self.leaves(features[part])
            given = self._given(leaves) / len(self.roots)
            rest = np.maximum(1 - given.sum(axis=1, keepdims=True), 0)
            shares = np.maximum(given + rest * self.prior, LEAST_SHARE)
            out[part] = np.log(shares) / self.temperature[0]
        return out

    def _given(self, leaves: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the sum of the leaves' shares, ``(n, n_classes)``."""
        n, k = len(leaves), len(self.prior)
        begin, length = self.starts[leaves.ravel()], np.diff(self.starts)[leaves.ravel()]
        total = int(length.sum())
        ends = np.cumsum(length)
        place = np.arange(total) + np.repeat(begin - (ends - length), length)
        row = np.repeat(np.arange(n), length.reshape(n, -1).sum(axis=1))
        cell = row * k + self.classes[place]
        return np.asarray(np.bincount(cell, self.shares[place], n * k).reshape(n, k), np.float64)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as they are stored."""
        return {name: getattr(self, name) for name in _NAMES}

    def cooled(self, temperature: float) -> TreesHead:
        """Return the head with its temperature multiplied by ``temperature``."""
        return replace(self, temperature=self.temperature * np.float32(temperature))


_NAMES = (
    "roots",
    "feature",
    "threshold",
    "left",
    "right",
    "starts",
    "classes",
    "shares",
    "prior",
    "temperature",
)

LEAST_SHARE = 1e-12
"""What a class gets that no leaf and no prior gives anything: its logarithm must be a number."""


MOST_STEPS, _MOST_LEVELS = 4_000_000, 10_000
"""What a picture may cost: trees times the nodes on a way and the classes in a leaf. Ours cost some ten thousand."""


def trees_head(tensors: Tensors, dimension: int, n_classes: int) -> TreesHead:
    """Return the trees stored as ``tensors``; raise `UserError` if they don't form trees for ``dimension`` features.

    Every child must come after its one parent, so no walk is endless; and what one picture costs is bounded.
    """
    check_names(tensors, set(_NAMES))
    n_nodes, n_leaves = len(np.atleast_1d(tensors["feature"])), len(np.atleast_1d(tensors["starts"])) - 1
    feature = integers_in(tensors, "feature", (n_nodes,), -1, dimension - 1)
    left = integers_in(tensors, "left", (n_nodes,), 0, max(n_nodes, n_leaves) - 1)
    right = integers_in(tensors, "right", (n_nodes,), 0, n_nodes - 1)
    inner, own = feature >= 0, np.arange(n_nodes)
    if not ((left > own) & (right > own) & (left < n_nodes))[inner].all() or (left[~inner] >= n_leaves).any():
        raise UserError("its head's trees don't lead from nodes to leaves")
    roots = integers_in(tensors, "roots", (None,), 0, n_nodes - 1)
    classes = integers_in(tensors, "classes", (None,), 0, n_classes - 1)
    starts = integers_in(tensors, "starts", (n_leaves + 1,), 0, len(classes))
    if n_leaves < 1 or not len(roots) or (np.diff(starts) < 0).any() or starts[0] or starts[-1] != len(classes):
        raise UserError("its head's leaves don't share out their classes")
    if np.bincount(np.concatenate([roots, left[inner], right[inner]]), minlength=n_nodes).max() > 1:
        raise UserError("its head's trees grow together")
    steps = _levels(roots, feature, left, right) + int(np.diff(starts).max())
    if steps * len(roots) > MOST_STEPS:
        raise UserError(
            f"its head's {len(roots):,} trees are so deep, or their leaves so long, that it would take ages"
        )
    tiny = float(np.finfo(np.float32).tiny)
    return TreesHead(
        roots=roots,
        feature=feature,
        threshold=floats_in(tensors, "threshold", (n_nodes,)),
        left=left,
        right=right,
        starts=starts,
        classes=classes,
        shares=floats_in(tensors, "shares", (len(classes),), lowest=0),
        prior=floats_in(tensors, "prior", (n_classes,), lowest=0),
        n_features=dimension,
        temperature=floats_in(tensors, "temperature", (1,), lowest=tiny),
    )


def _levels(roots: Integers, feature: Integers, left: Integers, right: Integers) -> int:
    """Return how many nodes the longest way from a root to a leaf has; `MOST_STEPS` if it is longer than a tree's."""
    level, count = roots, 1
    while len(level := level[feature[level] >= 0]):
        level, count = np.concatenate([left[level], right[level]]), count + 1
        if count > _MOST_LEVELS:
            return MOST_STEPS
    return count
