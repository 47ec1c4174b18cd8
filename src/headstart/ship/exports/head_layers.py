"""Every kind of head as operations of Keras: one function each, in one table.

A function takes the symbolic features ``(n, dimension)`` float32 and the head, and returns the symbolic scores
``(n, n_classes)`` float32 that `Head.scores` computes in numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.learn.heads import DenseHead, Floats, Head, KernelHead, NeighboursHead, TreesHead
from headstart.learn.heads.trees import LEAST_SHARE
from headstart.networks.keras_backend import import_keras

Scores = Callable[[Any, Any], Any]


def dense_scores(features: Any, head: DenseHead) -> Any:  # noqa: ANN401 - Keras has no types
    """Return the scores of dense layers, as layers that every Keras knows."""
    layers = import_keras().layers
    x = features
    for number, (kernel, bias) in enumerate(head.layers):
        is_last = number == len(head.layers) - 1
        name = "scores" if is_last else f"hidden_{number}"
        layer = layers.Dense(len(bias), activation=None if is_last else "relu", name=name)
        x = layer(x)
        layer.set_weights([kernel, bias])
    return x


def kernel_scores(features: Any, head: KernelHead) -> Any:  # noqa: ANN401
    """Return the scores of a kernel machine."""
    ops = import_keras().ops
    lengths = (head.support**2).sum(axis=1)

    def scores(x: Any) -> Any:  # noqa: ANN401
        z = _directions(x, head.mean, head.std)
        squares = ops.sum(ops.square(z), axis=1, keepdims=True) + lengths - 2.0 * ops.matmul(z, head.support.T.copy())
        gaussian = ops.exp(-float(head.gamma[0]) * ops.maximum(squares, 0.0))
        return ops.matmul(gaussian, head.coefficients) + head.bias

    return _computed(scores, head, len(head.bias))(features)


def neighbours_scores(features: Any, head: NeighboursHead) -> Any:  # noqa: ANN401
    """Return the scores of nearest neighbours: logarithms of shares of votes."""
    ops = import_keras().ops
    k, power, smoothing, temperature = (float(number) for number in head.settings)
    count, m, n_classes = int(k), len(head.directions), len(head.prior)
    directions = head.directions.astype(np.float32).T.copy()

    def scores(x: Any) -> Any:  # noqa: ANN401
        cosines = ops.matmul(_directions(x, head.mean, head.std), directions)
        similar, nearest = ops.top_k(cosines, min(count + 1, m))
        # Where all rows are neighbours, the first one left out stands at a cosine of -1.
        left_out = similar[:, count:] if m > count else -1.0
        nearest = nearest[:, :count]
        excess = ops.maximum(similar[:, :count] - left_out, 0.0)
        weight = ops.power(excess, power) * ops.take(head.votes, nearest, axis=0)
        voted = ops.one_hot(ops.take(head.labels, nearest, axis=0), n_classes)
        shares = ops.sum(voted * ops.expand_dims(weight, 2), axis=1) + np.float32(smoothing) * head.prior
        return ops.log(shares / ops.sum(shares, axis=1, keepdims=True)) / temperature

    return _computed(scores, head, n_classes)(features)


def trees_scores(features: Any, head: TreesHead) -> Any:  # noqa: ANN401
    """Return the scores of trees: all are walked at once, as many steps as the deepest has."""
    ops = import_keras().ops
    inner = head.feature >= 0
    own = np.arange(len(inner), dtype=np.int32)
    # A leaf leads to itself, so that a walk which has arrived stays.
    feature, left, right = (
        np.where(inner, head.feature, 0),
        np.where(inner, head.left, own),
        np.where(inner, head.right, own),
    )
    leaf_of = np.where(inner, 0, head.left)
    classes, shares = _padded(head)
    n_trees, n_classes = len(head.roots), len(head.prior)

    def scores(x: Any) -> Any:  # noqa: ANN401
        node = ops.broadcast_to(head.roots, (ops.shape(x)[0], n_trees))
        for _ in range(_depth(head)):
            value = ops.take_along_axis(x, ops.take(feature, node, axis=0), axis=1)
            is_left = value <= ops.take(head.threshold, node, axis=0)
            node = ops.where(is_left, ops.take(left, node, axis=0), ops.take(right, node, axis=0))
        leaf = ops.take(leaf_of, node, axis=0)
        voted = ops.one_hot(ops.take(classes, leaf, axis=0), n_classes)
        given = ops.sum(voted * ops.expand_dims(ops.take(shares, leaf, axis=0), 3), axis=(1, 2)) / n_trees
        rest = ops.maximum(1.0 - ops.sum(given, axis=1, keepdims=True), 0.0)
        return ops.log(ops.maximum(given + rest * head.prior, LEAST_SHARE)) / float(head.temperature[0])

    return _computed(scores, head, n_classes)(features)


SCORES: dict[str, Scores] = {
    DenseHead.kind: dense_scores,
    KernelHead.kind: kernel_scores,
    NeighboursHead.kind: neighbours_scores,
    TreesHead.kind: trees_scores,
}


def _computed(scores: Callable[[Any], Any], head: Head, n_classes: int) -> Any:  # noqa: ANN401
    """Return a layer that computes ``scores`` and has no weights: the arrays are constants of the graph.

    It is traced, by whatever writes the graph, and never stored as code.
    """
    return import_keras().layers.Lambda(scores, output_shape=(n_classes,), name=head.kind)


def _directions(features: Any, mean: Floats, std: Floats) -> Any:  # noqa: ANN401
    """Return what `headstart.learn.heads.head.directions_of` returns."""
    ops = import_keras().ops
    z = (features - mean) / std
    z = z / ops.maximum(ops.max(ops.abs(z), axis=1, keepdims=True), float(np.finfo(np.float32).tiny))
    return z / ops.maximum(ops.sqrt(ops.sum(ops.square(z), axis=1, keepdims=True)), 0.5)


def _padded(head: TreesHead) -> tuple[NDArray[np.int32], Floats]:
    """Return the leaves' classes and shares, ``(n_leaves, longest)``: the shorter ones end in shares of 0."""
    lengths = np.diff(head.starts)
    longest = max(1, int(lengths.max()))
    leaf = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(head.classes)) - head.starts[leaf]
    classes, shares = np.zeros((len(lengths), longest), np.int32), np.zeros((len(lengths), longest), np.float32)
    classes[leaf, place], shares[leaf, place] = head.classes, head.shares
    return classes, shares


def _depth(head: TreesHead) -> int:
    """Return how many steps the longest way from a root to a leaf has; a child comes after its parent."""
    depth = np.zeros(len(head.feature), np.int32)
    for node in np.flatnonzero(head.feature >= 0):
        for child in (head.left[node], head.right[node]):
            depth[child] = max(depth[child], depth[node] + 1)
    return int(depth.max())
