"""What a translation to ONNX reads of OpenVINO's operations: shapes, types, and constants that decide something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.ship.exports.onnx_graph import Order, Value, as_it_is

if TYPE_CHECKING:
    import openvino as ov


def shape_of(operation: ov.Node) -> tuple[int, ...]:
    """Return the shape of the first output."""
    return tuple(operation.output(0).get_shape())


def dtype_of(operation: ov.Node) -> np.dtype[Any]:
    """Return the type of the first output's numbers."""
    dtype: np.dtype[Any] = np.dtype(operation.output(0).get_element_type().to_dtype())
    return dtype


def plain(operation: ov.Node, name: str) -> Value:
    """Return the first output, written as the tensor ``name`` with its axes as in OpenVINO."""
    shape = shape_of(operation)
    return Value(shape, name, as_it_is(len(shape)))


def numbers_of(value: Value) -> list[int]:
    """Return the whole numbers that ``value`` is known to be."""
    if value.array is None:
        raise RuntimeError(f"{value.name} decides a shape and isn't a constant")
    return [int(number) for number in value.array.reshape(-1)]


def number_of(value: Value) -> float:
    """Return the number that ``value`` is known to be."""
    if value.array is None:
        raise RuntimeError(f"{value.name} decides an operation and isn't a constant")
    return float(value.array.reshape(()))


def axes_of(value: Value, rank: int) -> Order:
    """Return the axes of a tensor of so many that ``value`` is known to be, counted from the first."""
    return tuple(axis % rank for axis in numbers_of(value))


def check(operation: ov.Node, **allowed: tuple[object, ...]) -> None:
    """Raise `RuntimeError` unless the attributes of ``operation`` are among those ``allowed``."""
    for name, values in allowed.items():
        if operation.get_attributes()[name] not in values:
            odd = f"{operation.get_type_name()} with {name} {operation.get_attributes()[name]}"
            raise RuntimeError(f"OpenVINO's operation {odd} isn't translated to ONNX")
