"""Convolutions of an ONNX graph that do themselves what stands behind them: batch normalisation, and a bias."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headstart.ship.exports.onnx_graph import OnnxGraph

if TYPE_CHECKING:
    import onnx

Doubles = NDArray[np.float64]


def fold(graph: OnnxGraph) -> None:
    """Make what scales and shifts the channels of a convolution, and nothing else reads before that, part of it."""
    uses = Counter(name for node in graph.nodes for name in node.input)
    convolutions: dict[str, onnx.NodeProto] = {}
    left = []
    for node in graph.nodes:
        before = convolutions.get(node.input[0]) if uses[node.input[0]] == 1 else None
        change = _change(graph, node) if before else None
        if before and change:
            _take_in(graph, before, *change)
            before.output[0] = node.output[0]
            convolutions[node.output[0]] = before
        else:
            left.append(node)
            if node.op_type == "Conv" and node.input[1] in graph.constants:
                convolutions[node.output[0]] = node
    graph.nodes = left


def _change(graph: OnnxGraph, node: onnx.NodeProto) -> tuple[Doubles, Doubles] | None:
    """Return by what ``node`` multiplies each channel and what it then adds; None if it does anything else."""
    given = [graph.constants.get(name) for name in node.input[1:]]
    known = [array.astype(np.float64) for array in given if array is not None]
    if len(known) < len(given):
        return None
    if node.op_type == "BatchNormalization":
        gamma, beta, mean, variance = known
        scale = gamma / np.sqrt(variance + node.attribute[0].f)
        return scale, beta - mean * scale
    if node.op_type == "Add" and known[0].shape == (1, known[0].size, 1, 1):
        return np.ones(known[0].size), known[0].reshape(-1)
    return None


def _take_in(graph: OnnxGraph, convolution: onnx.NodeProto, scale: Doubles, shift: Doubles) -> None:
    """Change kernel and bias of ``convolution``: computed in float64, and rounded once."""
    kernel, *bias = (graph.constants[name].astype(np.float64) for name in convolution.input[1:])
    scaled = kernel * scale.reshape(-1, *[1] * (kernel.ndim - 1))
    shifted = (bias[0] if bias else 0.0) * scale + shift
    convolution.input[1:] = [graph.constant(array.astype(np.float32)) for array in (scaled, shifted)]
