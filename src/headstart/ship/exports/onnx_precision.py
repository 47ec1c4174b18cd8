"""An ONNX model in less room: its weights in half precision, or its network in 8-bit integers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headstart.ship.exports.onnx_graph import OnnxGraph
from headstart.ship.exports.openvino_ir import HEAD_PREFIX

if TYPE_CHECKING:
    import onnx

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Set to "1" before onnxruntime is imported: it would else keep an identifier of the machine in the user's home, and
what is done with it, to send them to its makers.
"""

_WEIGHED = ("Conv", "MatMul")
"""The operators whose constants are nearly all of a model, and most of its work."""

_CUTTING = ("Clip", "Relu")
"""The operators that cut a range: it is what is left of it that 8 bits are to hold, not what was before.

Without them the features of EfficientNet-Lite0 have a mean cosine of 0.89 to those in float32 instead of 0.98.
"""


def halve(graph: OnnxGraph) -> None:
    """Store the kernels and matrices of ``graph`` as float16; they are brought to float32 where the model is loaded.

    Everything else stays float32: thresholds and biases are few, and decide. So does what float16 can't hold.
    """
    from onnx import TensorProto, helper

    weights = {name for node in graph.nodes if node.op_type in _WEIGHED for name in node.input[:2]}
    casts = []
    for name in sorted(weights & graph.constants.keys()):
        with np.errstate(over="ignore"):
            half = graph.constants[name].astype(np.float16)
        if np.isfinite(half).all():
            stored = f"{name}_half"
            graph.constants[stored] = half
            del graph.constants[name]
            casts.append(helper.make_node("Cast", [stored], [name], name=f"{name}_whole", to=TensorProto.FLOAT))
    graph.nodes = [*casts, *graph.nodes]


def quantised(model: onnx.ModelProto, calibration: Mapping[str, NDArray[np.uint8]], folder: Path) -> onnx.ModelProto:
    """Return ``model`` with its network in 8-bit integers; the head stays in float32.

    Weights have 7 of the 8 bits: in processors without VNNI instructions the sum of two products of whole bytes would
    be cut at 16 bits, and the same file would give worse answers there.

    Parameters
    ----------
    model
        A model in float32.
    calibration
        Pictures to see the range of its numbers by, ``(n, size, size, 3)`` uint8 RGB by the input's name.
    folder
        Where it is written for a while.
    """
    import onnx

    os.environ[NO_TELEMETRY] = "1"
    from onnxruntime import quantization

    file = folder / "quantised.onnx"
    copy = onnx.ModelProto()
    copy.CopyFrom(model)  # what is given is spoilt
    quantization.quantize_static(
        copy,
        file,
        _Pictures(calibration),
        quant_format=quantization.QuantFormat.QDQ,
        op_types_to_quantize=[*_WEIGHED, *_CUTTING],
        nodes_to_exclude=[node.name for node in model.graph.node if node.name.startswith(HEAD_PREFIX)],
        per_channel=True,
        reduce_range=True,
    )
    result = onnx.load_model(file)
    file.unlink()
    # onnxruntime signs what it makes, and adds to what the model says of itself.
    result.producer_name, result.producer_version = model.producer_name, model.producer_version
    del result.metadata_props[:]
    result.metadata_props.extend(model.metadata_props)
    return result


class _Pictures:
    """Gives onnxruntime the pictures one by one: it is what it calls a ``CalibrationDataReader``."""

    def __init__(self, calibration: Mapping[str, NDArray[np.uint8]]) -> None:
        count = len(next(iter(calibration.values())))
        self._left = iter(range(count))
        self._calibration = calibration

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the inputs for the next picture; None after the last."""
        for number in self._left:
            return {name: pixels[number : number + 1] for name, pixels in self._calibration.items()}
        return None
