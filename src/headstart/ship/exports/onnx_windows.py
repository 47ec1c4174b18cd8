"""OpenVINO's operations that move a window over a map, in ONNX's: convolutions and poolings.

How far the map is padded is always written out: ONNX's own rules for that ("SAME", rounding up) are read in more than
one way, and the size of the result is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from headstart.ship.exports.onnx_graph import OnnxGraph, Value, constant
from headstart.ship.exports.onnx_reading import check, plain, shape_of

if TYPE_CHECKING:
    import openvino as ov


def convolution(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a Convolution or GroupConvolution."""
    pixels, kernel = inputs
    groups = 1
    if operation.get_type_name() == "GroupConvolution":
        if kernel.array is None:
            raise RuntimeError("OpenVINO's operation GroupConvolution with a computed kernel isn't translated to ONNX")
        groups, outputs, *rest = kernel.shape
        kernel = constant(kernel.array.reshape(groups * outputs, *rest))
    window = _window(operation, pixels, kernel.shape[2:])
    return [plain(operation, graph.node("Conv", [graph.name(pixels), graph.name(kernel)], group=groups, **window))]


def max_pool(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write a MaxPool; where its maxima lie isn't told."""
    window = _window(operation, inputs[0], operation.get_attributes()["kernel"])
    return [plain(operation, graph.node("MaxPool", [graph.name(inputs[0])], **window))]


def average_pool(graph: OnnxGraph, operation: ov.Node, inputs: list[Value]) -> list[Value]:
    """Write an AvgPool that doesn't round up, and has no holes: ONNX's has them from opset 19 on."""
    check(operation, rounding_type=("floor",))
    window = _window(operation, inputs[0], operation.get_attributes()["kernel"])
    if set(window.pop("dilations")) != {1}:
        raise RuntimeError("OpenVINO's operation AvgPool with dilations isn't translated to ONNX")
    counts = int(not operation.get_attributes()["exclude-pad"])
    return [plain(operation, graph.node("AveragePool", [graph.name(inputs[0])], count_include_pad=counts, **window))]


def _window(operation: ov.Node, pixels: Value, kernel: Sequence[int]) -> dict[str, Any]:
    """Return a window's shape, steps and padding as ONNX's attributes."""
    attributes = operation.get_attributes()
    strides = list(attributes["strides"])
    dilations = list(attributes.get("dilations", ())) or [1] * len(strides)
    sizes = zip(pixels.shape[2:], shape_of(operation)[2:], kernel, strides, dilations, strict=True)
    needed = [(there - 1) * step + (side - 1) * apart + 1 - here for here, there, side, step, apart in sizes]
    begin = _BEGINS[attributes["auto_pad"]](needed, list(attributes["pads_begin"]))
    end = [max(0, all_of_it - before) for all_of_it, before in zip(needed, begin, strict=True)]
    return {
        "kernel_shape": list(kernel),
        "strides": strides,
        "dilations": dilations,
        "pads": [*begin, *end],
    }


_BEGINS: dict[str, Callable[[list[int], list[int]], list[int]]] = {
    "explicit": lambda needed, given: given,
    "valid": lambda needed, given: [0] * len(needed),
    "same_upper": lambda needed, given: [max(0, pixels) // 2 for pixels in needed],
    "same_lower": lambda needed, given: [(max(0, pixels) + 1) // 2 for pixels in needed],
}
"""How much stands before the map, of what is needed in all and what is given, by OpenVINO's name of the rule."""
