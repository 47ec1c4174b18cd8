"""OpenVINO's operations that move numbers and compute none, in ONNX's: reshaping, joining, cutting, gathering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headstart.ship.exports.onnx_graph import OnnxGraph, Order, Value, as_it_is, constant
from headstart.ship.exports.onnx_reading import axes_of, check, number_of, numbers_of, plain, shape_of

if TYPE_CHECKING:
    import openvino as ov


def transpose(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Transpose: nothing, but another order of what there is."""
    return [inputs[0].transposed(tuple(axes_of(inputs[1], len(inputs[0].shape))))]


def reshape(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Reshape or Unsqueeze, whose result has a known shape."""
    value, shape = inputs[0], shape_of(operation)
    if value.array is not None:
        return [constant(value.array.reshape(shape))]
    # Where only axes of length 1 lie elsewhere, the numbers lie as they should.
    long = [place for place, length in zip(value.order, value.shape, strict=True) if length > 1]
    name = value.name if long == sorted(long) else graph.name(value)
    return [Value(shape, graph.node("Reshape", [name, graph.numbers(shape)]), as_it_is(len(shape)))]


def broadcast(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Broadcast, whose result has a known shape."""
    check(operation, mode=("numpy", "bidirectional"))
    shape = shape_of(operation)
    return [Value(shape, graph.node("Expand", [graph.name(inputs[0]), graph.numbers(shape)]), as_it_is(len(shape)))]


def concatenation(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Concat, in the order in which its first part lies."""
    order = next(value.order for value in inputs if value.array is None)
    axis = order[operation.get_attributes()["axis"]]
    names = [graph.laid(value, order) for value in inputs]
    return [Value(shape_of(operation), graph.node("Concat", names, axis=axis), order)]


def slice_of(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Slice."""
    value = inputs[0]
    start, stop, step = (numbers_of(each) for each in inputs[1:4])
    axes = axes_of(inputs[4], len(value.shape)) if len(inputs) > 4 else as_it_is(len(start))
    return [_sliced(graph, operation, value, axes, start, stop, step)]


def strided_slice(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a StridedSlice that leaves every axis where it is."""
    for mask in ("new_axis_mask", "shrink_axis_mask", "ellipsis_mask"):
        check(operation, **{mask: ([], [0] * len(inputs[0].shape))})
    start, stop, step = (numbers_of(each) for each in inputs[1:4])
    is_open = [operation.get_attributes()[mask] for mask in ("begin_mask", "end_mask")]
    for axis in range(len(start)):
        first, last = (0, _FAR) if step[axis] > 0 else (_FAR, -_FAR)
        start[axis] = first if is_open[0][axis] else start[axis]
        stop[axis] = last if is_open[1][axis] else stop[axis]
    return [_sliced(graph, operation, inputs[0], as_it_is(len(start)), start, stop, step)]


_FAR = 2**62
"""An index beyond any axis: what ends there goes to the end, or with a minus to the beginning."""


def _sliced(graph: OnnxGraph, operation: ov.Node, value: Value, axes: Order, *bounds: list[int]) -> Value:
    start, stop, step = bounds
    names = [graph.numbers(n) for n in (start, stop, [value.order[axis] for axis in axes], step)]
    return Value(shape_of(operation), graph.node("Slice", [value.name, *names]), value.order)


def pad(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Pad by one number."""
    check(operation, pad_mode=("constant",))
    value, begin, end = inputs[0], numbers_of(inputs[1]), numbers_of(inputs[2])
    stored = np.argsort(value.order)
    pads = graph.numbers([sides[axis] for sides in (begin, end) for axis in stored])
    filling = [graph.name(inputs[3])] if len(inputs) > 3 else []
    return [Value(shape_of(operation), graph.node("Pad", [value.name, pads, *filling]), value.order)]


def gather(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Gather."""
    check(operation, batch_dims=(0,))
    axis = int(number_of(inputs[2]))
    return [plain(operation, graph.node("Gather", [graph.name(value) for value in inputs[:2]], axis=axis))]


def gather_elements(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a GatherElements."""
    axis = int(operation.get_attributes()["axis"])
    return [plain(operation, graph.node("GatherElements", [graph.name(value) for value in inputs], axis=axis))]
