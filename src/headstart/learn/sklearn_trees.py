"""scikit-learn's trees as arrays, whole or pruned, and those as a head."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.learn.heads import Floats, TreesHead
from headstart.learn.rows import Rows


@dataclass(frozen=True)
class GrownTree:
    """One tree, its nodes numbered from 0, children after their parents; the leaves' shares are stored sparsely.

    All is as in `TreesHead`, but that ``held``, ``(n_leaves,)``, is the weight of the rows in each leaf.
    """

    feature: NDArray[np.intp]
    threshold: Floats
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    starts: NDArray[np.intp]
    classes: NDArray[np.intp]
    shares: NDArray[np.float64]
    held: NDArray[np.float64]


def grown_tree(tree: Any, classes: NDArray[np.intp], pruned: NDArray[np.bool_] | None = None) -> GrownTree:  # noqa: ANN401
    """Return a tree of scikit-learn's.

    Parameters
    ----------
    tree
        The attribute ``tree_`` of a fitted classifier.
    classes
        Which classes its columns are.
    pruned
        ``(n_nodes,)``: which nodes are made leaves; without it none.
    """
    left, right = tree.children_left, tree.children_right
    is_leaf, kept = left < 0, np.ones(tree.node_count, np.bool_)
    if pruned is not None:
        is_leaf |= pruned
        for node in np.flatnonzero(left >= 0):  # children come after their parents
            kept[[left[node], right[node]]] = kept[node] and not is_leaf[node]
    number = np.cumsum(kept) - 1
    is_leaf, left, right = is_leaf[kept], number[left[kept]], number[right[kept]]
    shares = tree.value[kept, 0][is_leaf]
    leaf, column = np.nonzero(shares)
    return GrownTree(
        feature=np.where(is_leaf, -1, tree.feature[kept]),
        threshold=np.where(is_leaf, np.float32(0), _at_most(tree.threshold[kept])),
        left=np.where(is_leaf, np.cumsum(is_leaf) - 1, left),
        right=np.where(is_leaf, 0, right),
        starts=np.searchsorted(leaf, np.arange(len(shares) + 1)),
        classes=classes[column],
        shares=shares[leaf, column],
        held=tree.weighted_n_node_samples[kept][is_leaf],
    )


def trees_head_of(trees: Sequence[GrownTree], prior: Floats, n_features: int, smoothing: float) -> TreesHead:
    """Return the trees as one head.

    Parameters
    ----------
    trees
        At least one.
    prior
        Of the classes, ``(n_classes,)`` float32: towards it each leaf is smoothed.
    n_features
        How many features a row has.
    smoothing
        How many rows the prior counts in each leaf (Cestnik 1990); with 0 the head is scikit-learn's.
    """
    nodes = np.cumsum([0, *(len(tree.feature) for tree in trees)])
    leaves = np.cumsum([0, *(len(tree.held) for tree in trees)])
    entries = np.cumsum([0, *(len(tree.classes) for tree in trees)])
    inner = [tree.feature >= 0 for tree in trees]
    held = [np.repeat(tree.held, np.diff(tree.starts)) for tree in trees]
    left = [
        tree.left + np.where(own, first, leaf)
        for tree, own, first, leaf in zip(trees, inner, nodes[:-1], leaves[:-1], strict=True)
    ]
    right = [tree.right + np.where(own, first, 0) for tree, own, first in zip(trees, inner, nodes[:-1], strict=True)]
    starts = [tree.starts[1:] + first for tree, first in zip(trees, entries[:-1], strict=True)]
    shares = [tree.shares * own / (own + smoothing) for tree, own in zip(trees, held, strict=True)]
    return TreesHead(
        roots=nodes[:-1].astype(np.int32),
        feature=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        left=np.concatenate(left).astype(np.int32),
        right=np.concatenate(right).astype(np.int32),
        starts=np.concatenate([[0], *starts]).astype(np.int32),
        classes=np.concatenate([tree.classes for tree in trees]).astype(np.int32),
        shares=np.concatenate(shares).astype(np.float32),
        prior=prior,
        n_features=n_features,
        temperature=np.ones(1, np.float32),
    )


def prior_of(rows: Rows) -> Floats:
    """Return the weighted share of each class, ``(n_classes,)`` float32, as if each had half a row more."""
    weights = np.bincount(rows.labels, rows.weights, rows.n_classes) + 0.5
    return np.asarray(weights / weights.sum(), np.float32)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep scikit-learn from warning that so many classes for so few rows could be meant as numbers."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        yield


def _at_most(threshold: NDArray[np.float64]) -> Floats:
    """Return the highest float32 that isn't over each float64: float32 features stay on their side of it."""
    rounded = threshold.astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)
