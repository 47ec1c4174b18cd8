"""The order in which a tree loses its nodes: minimal cost-complexity pruning (Breiman et al. 1984, chapter 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pruned_at(tree: Any) -> NDArray[np.float64]:  # noqa: ANN401 - scikit-learn has no types
    """Return the strength of pruning at which each node becomes a leaf, ``(n_nodes,)``; infinity for never.

    The weakest link first: the node whose subtree lowers the impurity least for its leaves. ``tree`` is the attribute
    ``tree_`` of scikit-learn's classifier, whose ``ccp_alpha`` leaves the same nodes. One walk tells all strengths.
    """
    left, right = tree.children_left, tree.children_right
    n = tree.node_count
    inner = left >= 0
    risk = tree.impurity * tree.weighted_n_node_samples / tree.weighted_n_node_samples[0]
    below, leaves, size, parent = risk.copy(), np.ones(n), np.ones(n, np.intp), np.full(n, -1)
    for node in np.flatnonzero(inner)[::-1]:  # children come after their parents
        children = [left[node], right[node]]
        parent[children] = node
        below[node], leaves[node] = below[children].sum(), leaves[children].sum()
        size[node] = 1 + size[children].sum()
    at, link = np.full(n, np.inf), np.full(n, np.inf)
    link[inner] = (risk - below)[inner] / (leaves - 1)[inner]
    strength = 0.0
    while np.isfinite(link[0]):
        node = int(link.argmin())
        strength = max(strength, float(link[node]))
        at[node] = strength
        link[node : node + size[node]] = np.inf  # a node's descendants follow it
        lost, gained = leaves[node] - 1, risk[node] - below[node]
        up = parent[node]
        while up >= 0:
            leaves[up] -= lost
            below[up] += gained
            link[up] = (risk[up] - below[up]) / (leaves[up] - 1)
            up = parent[up]
    return at


def strengths_of(at: NDArray[np.float64], most: int) -> list[float]:
    """Return 0 and up to ``most`` strengths, the last of which leaves the root alone.

    The others lie between those at which the tree loses nodes (Breiman et al., section 3.4).
    """
    steps = np.unique(at[np.isfinite(at) & (at > 0)])
    tried = np.sqrt(steps * np.append(steps[1:], steps[-1:]))
    if len(tried) > most:
        tried = tried[np.linspace(0, len(tried) - 1, most).round().astype(int)]
    return [0.0, *tried.tolist()]
