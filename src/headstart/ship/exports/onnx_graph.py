"""An ONNX graph while it is written: its nodes, its constants, each stored once, and tensors whose axes still wait.

Keras keeps channels last, and OpenVINO's and ONNX's convolutions have them second: between any two of a network stand
two transpositions that cancel each other. A `Value` therefore remembers in which order a tensor's axes lie, and a
transposition is written only where an operation needs another order than there is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

Array = NDArray[Any]
Order = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """What a tensor of OpenVINO's is in ONNX.

    Attributes
    ----------
    shape
        Its shape in OpenVINO.
    name
        The tensor in ONNX, whose axes may lie in another order; empty for a constant.
    order
        Axis i of OpenVINO's tensor is axis ``order[i]`` of ONNX's.
    array
        A constant's content, in OpenVINO's order.
    """

    shape: tuple[int, ...]
    name: str = ""
    order: Order = ()
    array: Array | None = None

    def transposed(self, axes: Order) -> Value:
        """Return the value with its axes exchanged as numpy's ``transpose`` does; nothing is written for that."""
        shape = tuple(self.shape[axis] for axis in axes)
        if self.array is not None:
            return constant(self.array.transpose(axes))
        return Value(shape, self.name, tuple(self.order[axis] for axis in axes))


def constant(array: Array) -> Value:
    """Return a value that is known."""
    return Value(array.shape, order=as_it_is(array.ndim), array=array)


def as_it_is(rank: int) -> Order:
    """Return the order of a tensor whose axes lie as in OpenVINO."""
    return tuple(range(rank))


@dataclass
class OnnxGraph:
    """The nodes, inputs, outputs and constants written so far.

    ``prefix`` is how the names of the next nodes begin.
    """

    prefix: str = ""
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    _stored: dict[tuple[str, tuple[int, ...], bytes], str] = field(default_factory=dict)
    _transposed: dict[tuple[str, Order], str] = field(default_factory=dict)

    def node(self, kind: str, inputs: Sequence[str], **attributes: object) -> str:
        """Write a node of the ONNX operator ``kind``; return the name of its output."""
        return self.several(kind, inputs, 1, **attributes)[0]

    def several(self, kind: str, inputs: Sequence[str], count: int, **attributes: object) -> list[str]:
        """Write a node of the ONNX operator ``kind``; return the names of its ``count`` outputs."""
        from onnx import helper

        name = f"{self.prefix}{kind}_{len(self.nodes)}"
        outputs = [name, *(f"{name}_{number}" for number in range(1, count))]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=name, **attributes))
        return outputs

    def constant(self, array: Array) -> str:
        """Return the name of a constant with this content, which is stored once."""
        array = np.ascontiguousarray(array).reshape(array.shape)  # numpy makes a scalar a vector
        key = (str(array.dtype), array.shape, hashlib.sha256(array.tobytes()).digest())
        if key not in self._stored:
            self._stored[key] = f"constant_{len(self._stored)}"
            self.constants[self._stored[key]] = array
        return self._stored[key]

    def number(self, number: float) -> str:
        """Return the name of a constant float32."""
        return self.constant(np.asarray(number, np.float32))

    def numbers(self, numbers: Sequence[int]) -> str:
        """Return the name of a constant vector of whole numbers: a shape, or axes."""
        return self.constant(np.asarray(numbers, np.int64))

    def laid(self, value: Value, order: Order) -> str:
        """Return the name of a tensor with the content of ``value`` whose axes lie in ``order``, as `Value` has it."""
        if value.array is not None:
            return self.constant(value.array.transpose(np.argsort(order)))
        axes = tuple(value.order[axis] for axis in np.argsort(order))
        if axes == as_it_is(len(axes)):
            return value.name
        if (value.name, axes) not in self._transposed:
            self._transposed[value.name, axes] = self.node("Transpose", [value.name], perm=axes)
        return self._transposed[value.name, axes]

    def name(self, value: Value) -> str:
        """Return the name of a tensor with the content of ``value`` whose axes lie as in OpenVINO."""
        return self.laid(value, as_it_is(len(value.shape)))

    def same_order(self, values: Sequence[Value]) -> tuple[list[str], Order]:
        """Return the names of tensors that can be taken together element by element, and the order of the result.

        Shapes that differ are stretched to each other, as numpy does it.
        """
        rank = max(len(value.shape) for value in values)
        moving = [value for value in values if value.array is None]
        if not moving or any(len(value.shape) not in (0, rank) for value in moving):
            return [self.name(value) for value in values], as_it_is(rank)
        order = max(moving, key=lambda value: len(value.shape)).order
        return [self._laid_like(value, order) for value in values], order

    def _laid_like(self, value: Value, order: Order) -> str:
        """Return the name of ``value`` in ``order``, which may be longer than the shape of a constant or a number."""
        if not value.shape:
            return self.name(value)
        if value.array is None:
            return self.laid(value, order)
        return self.laid(constant(value.array.reshape((1,) * (len(order) - value.array.ndim) + value.shape)), order)

    def add_input(self, name: str, dtype: np.dtype[Any], shape: Sequence[int]) -> Value:
        """Write an input of the graph and return it."""
        self.inputs.append(_described(name, dtype, shape))
        return Value(tuple(shape), name, as_it_is(len(shape)))

    def add_output(self, name: str, value: Value, dtype: np.dtype[Any]) -> None:
        """Write an output of the graph."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [self.name(value)], [name], name=name))
        self.outputs.append(_described(name, dtype, value.shape))

    def model(self, opset: int, ir_version: int, facts: Mapping[str, str], **producer: str) -> onnx.ModelProto:
        """Return the whole, with those constants that are used, as a model with ``facts`` as its metadata."""
        from onnx import helper, numpy_helper

        used = {name for node in self.nodes for name in node.input}
        arrays = [numpy_helper.from_array(array, name) for name, array in self.constants.items() if name in used]
        graph = helper.make_graph(self.nodes, "classifier", self.inputs, self.outputs, arrays)
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version, **producer)
        helper.set_model_props(model, dict(facts))
        return model


def _described(name: str, dtype: np.dtype[Any], shape: Sequence[int]) -> onnx.ValueInfoProto:
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), list(shape))
