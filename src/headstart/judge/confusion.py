"""The order of classes in which a confusion matrix can be read: what is confused stands together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FAR = 2.0
"""The distance of classes that are never confused: as much as two shares of mistakes can be."""

_OUT_OF_PLACE = 1e-3
"""What it costs at most to stand far from the given place: less than one mistake in hundreds of pictures."""


def order_of_classes(matrix: Sequence[Sequence[int]] | NDArray[np.integer]) -> list[int]:
    """Return the positions of all classes so that those that are confused stand side by side.

    Classes that some chain of mistakes connects form a block; blocks come in the order of their first classes. Inside
    of one, classes are brought together in a tree by the share of their pictures that was taken for one another
    (average linkage), whose leaves are then turned so that neighbours are as near as the tree allows (Bar-Joseph,
    Gifford & Jaakkola 2001, "Fast optimal leaf ordering for hierarchical clustering"). Where nothing is confused, the
    given order stays.

    Parameters
    ----------
    matrix
        ``(n_classes, n_classes)`` counts, rows true classes, columns predicted ones; at least 1 class.
    """
    from scipy.sparse.csgraph import connected_components

    counts = np.asarray(matrix, np.float64)
    wrong = counts - np.diag(np.diag(counts))
    shares = wrong / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    n_blocks, block_of = connected_components(wrong, directed=False)
    blocks = [np.flatnonzero(block_of == number) for number in range(n_blocks)]
    blocks.sort(key=lambda block: int(block[0]))
    return [position for block in blocks for position in _ordered(block, shares[np.ix_(block, block)])]


def _ordered(block: NDArray[np.intp], shares: NDArray[np.float64]) -> list[int]:
    """Return the classes of a block; ``shares`` of each row's pictures were taken for each column's class."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    n = len(block)
    if n < 3:
        return [int(position) for position in block]
    place = np.arange(n)
    distance = _FAR - shares - shares.T + _OUT_OF_PLACE * np.abs(place[:, np.newaxis] - place) / n
    np.fill_diagonal(distance, 0)
    near = squareform(distance, checks=False)
    leaves = leaves_list(optimal_leaf_ordering(linkage(near, "average"), near))
    ordered: list[int] = block[leaves].tolist()
    return ordered if ordered[0] < ordered[-1] else ordered[::-1]
