"""OpenVINO's operations, each in small models, and what OpenVINO and ONNX Runtime say of the same inputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headstart.child import silence_openvino_telemetry
from headstart.ship.exports.onnx_precision import NO_TELEMETRY

if TYPE_CHECKING:
    import onnx
    import openvino as ov

Answers = dict[str, NDArray[Any]]
Runner = Callable[[Answers], Any]
Case = Callable[[Any, Any], Any]
"""Makes an operation of OpenVINO's (its module of operations, a tensor of `SHAPE`)."""

SHAPE = (2, 4, 6, 5)
ORDERS = {"as it is": (0, 1, 2, 3), "channels last": (0, 3, 1, 2), "turned": (0, 1, 3, 2)}
"""How a tensor of `SHAPE` is brought about: by a transposition of one that lies otherwise."""


def _numbers(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32)


def ints(*numbers: int) -> NDArray[np.int64]:
    """Return whole numbers as OpenVINO takes them: axes, and shapes."""
    return np.array(numbers, np.int64)


def _convolution(auto_pad: str, strides: int = 1, dilations: int = 1, pads: tuple[int, int] = (0, 0)) -> Case:
    def case(o: Any, x: Any) -> Any:
        begin, end = ([pad, pad] for pad in pads)
        kernel = _numbers(3, 4, 3, 2)
        return o.convolution(x, kernel, [strides] * 2, begin, end, [dilations] * 2, auto_pad=auto_pad)

    return case


def _max_pool(auto_pad: str, rounding: str = "floor", pads: tuple[int, int] = (0, 0)) -> Case:
    def case(o: Any, x: Any) -> Any:
        begin, end = ([pad, pad] for pad in pads)
        return o.max_pool(x, [2, 2], [1, 1], begin, end, [3, 2], rounding, auto_pad).output(0)

    return case


def _average_pool(auto_pad: str, *, exclude_pad: bool, pads: tuple[int, int] = (0, 0)) -> Case:
    def case(o: Any, x: Any) -> Any:
        begin, end = ([pad, pad] for pad in pads)
        return o.avg_pool(x, [2, 2], begin, end, [3, 2], exclude_pad, "floor", auto_pad)

    return case


def _batch_norm(o: Any, x: Any) -> Any:
    gamma, beta, mean, variance = (_numbers(4, seed=seed) for seed in range(4))
    return o.batch_norm_inference(x, gamma, beta, mean, np.abs(variance), 0.01)


def _batch_norm_turned(o: Any, x: Any) -> Any:
    return _batch_norm(o, o.transpose(o.transpose(x, ints(0, 2, 3, 1)), ints(0, 3, 2, 1)))


def _indices(o: Any, x: Any) -> Any:
    """Return whole numbers from -2 to 5, like ``x`` in shape."""
    return o.convert(o.clamp(x, -2.0, 5.0), "i32")


WINDOWS: dict[str, Case] = {
    "Convolution": _convolution("valid"),
    "Convolution: same_upper, in steps": _convolution("same_upper", strides=2),
    "Convolution: same_lower, in steps": _convolution("same_lower", strides=2),
    "Convolution: same_upper, dilated": _convolution("same_upper", dilations=2),
    "Convolution: padded more before": _convolution("explicit", strides=2, pads=(2, 1)),
    "GroupConvolution": lambda o, x: o.group_convolution(
        x, _numbers(2, 3, 2, 3, 3), [2, 1], [0, 0], [0, 0], [1, 1], "same_upper"
    ),
    "GroupConvolution: of each channel": lambda o, x: o.group_convolution(
        x, _numbers(4, 1, 1, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1]
    ),
    "MaxPool": _max_pool("valid"),
    "MaxPool: same_upper": _max_pool("same_upper"),
    "MaxPool: rounded up": _max_pool("explicit", "ceil", (0, 1)),
    "MaxPool: padded": _max_pool("explicit", "floor", (1, 0)),
    "AvgPool": _average_pool("valid", exclude_pad=True),
    "AvgPool: same_upper, without the padding": _average_pool("same_upper", exclude_pad=True),
    "AvgPool: same_upper, with the padding": _average_pool("same_upper", exclude_pad=False),
    "AvgPool: padded, with the padding": _average_pool("explicit", exclude_pad=False, pads=(1, 0)),
}

MOVES: dict[str, Case] = {
    "Transpose": lambda o, x: o.transpose(x, ints(1, 3, 0, 2)),
    "Transpose: of a sum, and back": lambda o, x: o.transpose(
        o.relu(o.transpose(x, ints(3, 0, 2, 1))), ints(1, 3, 2, 0)
    ),
    "Reshape": lambda o, x: o.reshape(x, ints(2, -1, 10), special_zero=False),
    "Reshape: of ones that were moved": lambda o, x: o.reshape(
        o.reduce_mean(x, ints(2, 3), keep_dims=True), ints(2, 4), special_zero=False
    ),
    "Unsqueeze": lambda o, x: o.unsqueeze(x, ints(1, 3)),
    "Broadcast": lambda o, x: o.broadcast(o.reduce_mean(x, ints(1), keep_dims=True), ints(2, 3, 6, 5)),
    "Concat": lambda o, x: o.concat([x, o.relu(x), _numbers(2, 3, 6, 5)], 1),
    "Concat: of tensors that lie otherwise": lambda o, x: o.concat(
        [x, o.transpose(o.reshape(x, ints(2, 4, 5, 6), special_zero=False), ints(0, 1, 3, 2))], -1
    ),
    "Slice": lambda o, x: o.slice(x, ints(1, -4), ints(3, 10**9), ints(1, 2), ints(1, -1)),
    "Slice: backwards, of all axes": lambda o, x: o.slice(x, ints(0, 3, 5, 0), ints(2, -9, 0, 5), ints(1, -1, -2, 1)),
    "StridedSlice: mirrored": lambda o, x: o.strided_slice(
        x, ints(0, 0, 0, 0), ints(0, 0, 0, 0), ints(1, 1, -1, 2), [1, 1, 1, 1], [1, 1, 1, 1]
    ),
    "StridedSlice: within bounds": lambda o, x: o.strided_slice(
        x, ints(0, 1, 0, 4), ints(0, 3, 4, 0), ints(1, 1, 2, -1), [1, 0, 0, 0], [1, 0, 0, 0]
    ),
    "Pad": lambda o, x: o.pad(x, ints(0, 1, 2, 0), ints(0, 3, 0, 1), "constant", np.float32(-7)),
    "Gather": lambda o, x: o.gather(x, np.array([3, 0, 0], np.int32), ints(1)),
    "Gather: from the end": lambda o, x: o.gather(x, np.array([[-1, 0], [1, -2]], np.int32), ints(-1)),
    "GatherElements": lambda o, x: o.gather_elements(x, np.argsort(_numbers(2, 4, 6, 5), 1).astype(np.int32), 1),
}

COMPUTING: dict[str, Case] = {
    "Parameter": lambda o, x: x,
    "Constant": lambda o, x: o.add(x, np.float32(3)),
    "Result": lambda o, x: x,
    "Convert": lambda o, x: o.convert(x, "i32"),
    "Convert: to what it is": lambda o, x: o.convert(o.relu(x), "f32"),
    "BatchNormInference": _batch_norm,
    "BatchNormInference: of a map that is turned": _batch_norm_turned,
    "BatchNormInference: behind a convolution": lambda o, x: _batch_norm(
        o, o.convolution(x, _numbers(4, 4, 3, 3), [1, 1], [0, 0], [0, 0], [1, 1])
    ),
    "Clamp": lambda o, x: o.clamp(x, -1.0, 1.5),
    "Swish": lambda o, x: o.swish(x),
    "Swish: steeper": lambda o, x: o.swish(x, np.float32(1.7)),
    "Gelu": lambda o, x: o.gelu(x, "erf"),
    "Softmax": lambda o, x: o.softmax(x, 1),
    "Softmax: of the last axis": lambda o, x: o.softmax(x, -1),
    "MatMul": lambda o, x: o.matmul(x, _numbers(5, 3), False, False),
    "MatMul: turned": lambda o, x: o.matmul(x, _numbers(3, 6), True, True),
    "MatMul: of two that move": lambda o, x: o.matmul(x, o.relu(x), False, True),
    "OneHot": lambda o, x: o.one_hot(_indices(o, x), np.int64(4), np.float32(2), np.float32(-1), -1),
    "OneHot: in the midst": lambda o, x: o.one_hot(_indices(o, x), np.int64(3), np.float32(1), np.float32(0), 1),
    "TopK": lambda o, x: o.topk(x, np.int64(3), 1, "max", "value", "i32").output(0),
    "TopK: where they are": lambda o, x: o.topk(x, np.int64(2), 3, "max", "value", "i64").output(1),
    "TopK: the lowest": lambda o, x: o.topk(x, np.int64(2), 2, "min", "value", "i32").output(0),
    "ReduceMean": lambda o, x: o.reduce_mean(x, ints(1, 2), keep_dims=False),
    "ReduceMean: kept": lambda o, x: o.reduce_mean(x, ints(-1), keep_dims=True),
    "ReduceSum": lambda o, x: o.reduce_sum(x, ints(3), keep_dims=False),
    "ReduceMax": lambda o, x: o.reduce_max(x, ints(1), keep_dims=False),
    "Relu": lambda o, x: o.relu(x),
    "Sigmoid": lambda o, x: o.sigmoid(x),
    "Abs": lambda o, x: o.abs(x),
    "Exp": lambda o, x: o.exp(x),
    "Log": lambda o, x: o.log(o.abs(x)),
    "Sqrt": lambda o, x: o.sqrt(o.abs(x)),
    "Negative": lambda o, x: o.negative(x),
    "Add": lambda o, x: o.add(x, _numbers(6, 5)),
    "Add: from the left": lambda o, x: o.add(_numbers(4, 1, 1), x),
    "Add: of tensors that lie otherwise": lambda o, x: o.add(
        x, o.transpose(o.reshape(x, ints(2, 5, 6, 4), special_zero=False), ints(0, 3, 2, 1))
    ),
    "Add: of another rank": lambda o, x: o.add(x, o.reduce_mean(x, ints(0), keep_dims=False)),
    "Subtract": lambda o, x: o.subtract(_numbers(5), x),
    "Multiply": lambda o, x: o.multiply(x, o.reduce_mean(x, ints(1), keep_dims=True)),
    "Divide": lambda o, x: o.divide(x, np.float32(3)),
    "Power": lambda o, x: o.power(o.abs(x), np.float32(1.5)),
    "Maximum": lambda o, x: o.maximum(x, _numbers(1, 4, 1, 1)),
    "Less": lambda o, x: o.less(x, o.relu(o.negative(x))),
    "LessEqual": lambda o, x: o.less_equal(_indices(o, x), np.int32(1)),
    "Greater": lambda o, x: o.greater(x, np.float32(0.5)),
    "Select": lambda o, x: o.select(o.greater(x, np.float32(0)), x, _numbers(5)),
}
"""All operations in the table, by OpenVINO's name, with what is special about the case behind a colon."""


def model_of(case: Case, order: tuple[int, ...], shape: tuple[int, ...] = SHAPE) -> ov.Model:
    """Return the model with one input that makes the operation of ``case`` of a transposition by ``order``."""
    silence_openvino_telemetry()
    import openvino as ov
    from openvino import opset15 as o

    pixels = o.parameter([shape[axis] for axis in np.argsort(order)], np.float32, name="pixels")
    pixels.output(0).tensor.set_names({"pixels"})
    result = o.result(case(o, o.transpose(pixels, ints(*order))))
    result.output(0).tensor.set_names({"probabilities"})
    return ov.Model([result], [pixels], "case")


def pixels_for(model: ov.Model) -> Answers:
    """Return numbers for the model of `model_of`."""
    return {"pixels": _numbers(*model.input(0).get_shape(), seed=5)}


def by_openvino(model: ov.Model, inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return what OpenVINO computes in float32."""
    return _answers(_in_openvino(model), [inputs])


def by_onnx(model: onnx.ModelProto, inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return what ONNX Runtime computes."""
    return _answers(_in_onnxruntime(model), [inputs])


def each_by_openvino(model: ov.Model, pictures: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return what OpenVINO computes of each of ``pictures``, ``(n, ...)`` by input, alone: ``(n, ...)``."""
    return _answers(_in_openvino(model), _one_by_one(pictures))


def each_by_onnx(model: onnx.ModelProto, pictures: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return what ONNX Runtime computes of each of ``pictures``, ``(n, ...)`` by input, alone: ``(n, ...)``."""
    return _answers(
        _in_onnxruntime(model), _one_by_one({value.name: pictures[value.name] for value in model.graph.input})
    )


def _in_openvino(model: ov.Model) -> Runner:
    import openvino as ov

    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda inputs: compiled(inputs)[0]


def _in_onnxruntime(model: onnx.ModelProto) -> Runner:
    os.environ[NO_TELEMETRY] = "1"
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(["probabilities"], inputs)[0]


def _one_by_one(pictures: Mapping[str, NDArray[Any]]) -> list[Answers]:
    count = len(next(iter(pictures.values())))
    return [{name: pixels[i : i + 1] for name, pixels in pictures.items()} for i in range(count)]


def _answers(run: Runner, inputs: Sequence[Mapping[str, NDArray[Any]]]) -> NDArray[Any]:
    return np.concatenate([np.atleast_1d(np.array(run(dict(each)))) for each in inputs])


def kinds(model: onnx.ModelProto) -> list[str]:
    """Return the operators of the nodes, in their order."""
    return [node.op_type for node in model.graph.node]
