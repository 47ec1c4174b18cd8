"""OpenVINO's operations in ONNX's: one table, one function for each kind.

A function is told the graph to write to, OpenVINO's operation and its inputs, and returns its outputs. Where the two
differ, what can't be said is refused with a `RuntimeError` that names the operation: no user's model has such, for the
tests translate every network and every head.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from headstart.ship.exports.onnx_graph import OnnxGraph, Value, as_it_is, constant
from headstart.ship.exports.onnx_moves import (
    broadcast,
    concatenation,
    gather,
    gather_elements,
    pad,
    reshape,
    slice_of,
    strided_slice,
    transpose,
)
from headstart.ship.exports.onnx_reading import axes_of, check, dtype_of, number_of, plain, shape_of
from headstart.ship.exports.onnx_windows import average_pool, convolution, max_pool

if TYPE_CHECKING:
    import openvino as ov

Translation = Callable[[OnnxGraph, "ov.Node", list[Value]], list[Value]]


def translated(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write ``operation`` to ``graph`` and return its outputs.

    Raises
    ------
    RuntimeError
        If `OPERATIONS` lacks it, or it is used in a way that ONNX doesn't know.
    """
    kind = operation.get_type_name()
    if kind not in OPERATIONS:
        raise RuntimeError(f"OpenVINO's operation {kind} ({operation.get_friendly_name()}) isn't translated to ONNX")
    return OPERATIONS[kind](graph, operation, inputs)


def by_element(kind: str) -> Translation:
    """Return what translates an operation that takes its inputs element by element, as ONNX's ``kind`` does."""

    def translation(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
        names, order = graph.same_order(inputs)
        return [Value(shape_of(operation), graph.node(kind, names), order)]

    return translation


def reduction(kind: str) -> Translation:
    """Return what translates an operation that takes some axes together, as ONNX's ``kind`` does."""

    def translation(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
        value, axes = inputs[0], axes_of(inputs[1], len(inputs[0].shape))
        keeps = bool(operation.get_attributes()["keep_dims"])
        stored = [value.order[axis] for axis in axes]
        name = graph.node(kind, [value.name, graph.numbers(sorted(stored))], keepdims=int(keeps))
        left = [value.order[axis] for axis in as_it_is(len(value.shape)) if axis not in axes]
        return [Value(shape_of(operation), name, value.order if keeps else tuple(sorted(left).index(s) for s in left))]

    return translation


def _parameters_own(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    name = operation.output(0).get_any_name()
    return [graph.add_input(name, dtype_of(operation), shape_of(operation))]


def _constant(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    return [constant(np.array(operation.get_data()))]  # a copy: the model that holds the data goes


def _result(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    graph.add_output(operation.output(0).get_any_name(), inputs[0], dtype_of(operation))
    return []


def _convert(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    from onnx import helper

    (value,), dtype = inputs, dtype_of(operation)
    if value.array is not None:
        return [constant(value.array.astype(dtype))]
    if np.dtype(operation.input(0).get_element_type().to_dtype()) == dtype:
        return [value]
    name = graph.node("Cast", [value.name], to=helper.np_dtype_to_tensor_dtype(dtype))
    return [Value(value.shape, name, value.order)]


def _batch_normalisation(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Keras turns height and width to bring the channels to their place: where these are alone matters."""
    value = inputs[0]
    order = value.order if value.array is None and value.order[1] == 1 else as_it_is(len(value.shape))
    names = [graph.laid(value, order), *(graph.name(statistic) for statistic in inputs[1:])]
    epsilon = float(operation.get_attributes()["epsilon"])
    return [Value(value.shape, graph.node("BatchNormalization", names, epsilon=epsilon), order)]


def _clamp(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    (value,), limits = inputs, operation.get_attributes()
    ends = [graph.constant(np.asarray(limits[end], dtype_of(operation))) for end in ("min", "max")]
    return [Value(value.shape, graph.node("Clip", [value.name, *ends]), value.order)]


def _swish(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    value, beta = inputs[0], number_of(inputs[1]) if len(inputs) > 1 else 1.0
    inner = value.name if beta == 1 else graph.node("Mul", [value.name, graph.number(beta)])
    return [Value(value.shape, graph.node("Mul", [value.name, graph.node("Sigmoid", [inner])]), value.order)]


def _gelu(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """ONNX has it from opset 20 on; Hendrycks & Gimpel 2016: x (1 + erf(x / √2)) / 2."""
    check(operation, approximation_mode=("ERF",))
    (value,) = inputs
    erf = graph.node("Erf", [graph.node("Div", [value.name, graph.number(math.sqrt(2))])])
    share = graph.node("Mul", [graph.node("Add", [erf, graph.number(1)]), graph.number(0.5)])
    return [Value(value.shape, graph.node("Mul", [value.name, share]), value.order)]


def _softmax(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    (value,), axis = inputs, operation.get_attributes()["axis"]
    return [Value(value.shape, graph.node("Softmax", [value.name], axis=value.order[axis]), value.order)]


def _matrix_product(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    flags = operation.get_attributes()
    left = _turned(inputs[0]) if flags["transpose_a"] else inputs[0]
    right = _turned(inputs[1]) if flags["transpose_b"] else inputs[1]
    return [plain(operation, graph.node("MatMul", [graph.name(left), graph.name(right)]))]


def _one_hot(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """ONNX's own takes -1 for the last class, OpenVINO's for none: so it is said as a comparison."""
    indices, depth, on, off = inputs
    axis = operation.get_attributes()["axis"] % (len(indices.shape) + 1)
    widened = graph.node("Unsqueeze", [graph.name(indices), graph.numbers([axis])])
    dtype = operation.input(0).get_element_type().to_dtype()
    numbers = np.arange(int(number_of(depth)), dtype=dtype).reshape((-1,) + (1,) * (len(indices.shape) - axis))
    hot = graph.node("Equal", [widened, graph.constant(numbers)])
    return [plain(operation, graph.node("Where", [hot, graph.name(on), graph.name(off)]))]


def _highest(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    from onnx import helper

    check(operation, sort=("value",))
    facts = operation.get_attributes()
    count = graph.numbers([int(number_of(inputs[1]))])
    largest = int(facts["mode"] == "max")
    names = graph.several("TopK", [graph.name(inputs[0]), count], 2, axis=facts["axis"], largest=largest)
    dtype = np.dtype(operation.output(1).get_element_type().to_dtype())
    names[1] = graph.node("Cast", [names[1]], to=helper.np_dtype_to_tensor_dtype(dtype))
    return [plain(operation, name) for name in names]


OPERATIONS: dict[str, Translation] = {
    "Parameter": _parameters_own,
    "Constant": _constant,
    "Result": _result,
    "Convert": _convert,
    "Transpose": transpose,
    "Reshape": reshape,
    "Unsqueeze": reshape,
    "Broadcast": broadcast,
    "Convolution": convolution,
    "GroupConvolution": convolution,
    "MaxPool": max_pool,
    "AvgPool": average_pool,
    "BatchNormInference": _batch_normalisation,
    "Clamp": _clamp,
    "Swish": _swish,
    "Gelu": _gelu,
    "Softmax": _softmax,
    "MatMul": _matrix_product,
    "Concat": concatenation,
    "Slice": slice_of,
    "StridedSlice": strided_slice,
    "Pad": pad,
    "Gather": gather,
    "GatherElements": gather_elements,
    "OneHot": _one_hot,
    "TopK": _highest,
    "ReduceMean": reduction("ReduceMean"),
    "ReduceSum": reduction("ReduceSum"),
    "ReduceMax": reduction("ReduceMax"),
    "Relu": by_element("Relu"),
    "Sigmoid": by_element("Sigmoid"),
    "Abs": by_element("Abs"),
    "Exp": by_element("Exp"),
    "Log": by_element("Log"),
    "Sqrt": by_element("Sqrt"),
    "Negative": by_element("Neg"),
    "Add": by_element("Add"),
    "Subtract": by_element("Sub"),
    "Multiply": by_element("Mul"),
    "Divide": by_element("Div"),
    "Power": by_element("Pow"),
    "Maximum": by_element("Max"),
    "Less": by_element("Less"),
    "LessEqual": by_element("LessOrEqual"),
    "Greater": by_element("Greater"),
    "Select": by_element("Where"),
}
"""What `translated` knows, by OpenVINO's name."""


def _turned(value: Value) -> Value:
    """Return the matrices with rows for columns."""
    *rest, rows, columns = range(len(value.shape))
    return value.transposed((*rest, columns, rows))
