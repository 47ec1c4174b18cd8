"""The model as an ONNX file, written from OpenVINO's graph of it: that way, nobody needs TensorFlow.

Keras exports a graph of some thirty kinds of operations, and each has its counterpart
(`headstart.ship.exports.onnx_operations`); Keras' own export to ONNX goes through TensorFlow and tf2onnx.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headstart import __version__
from headstart.ship.bundle import Bundle
from headstart.ship.exports.formats import FORMATS
from headstart.ship.exports.onnx_folding import fold
from headstart.ship.exports.onnx_graph import OnnxGraph, Value
from headstart.ship.exports.onnx_operations import translated
from headstart.ship.exports.onnx_precision import halve, quantised
from headstart.ship.exports.openvino_ir import HEAD_PREFIX, openvino_model

if TYPE_CHECKING:
    import onnx
    import openvino as ov

OPSET, IR_VERSION = 18, 8
"""Of ONNX 1.13 (2022): runtimes of that time read it, and later ones bring nothing that a network of ours needs."""


def write(
    graph: Any,  # noqa: ANN401 - Keras has no types
    bundle: Bundle,
    precision: str,
    folder: Path,
    calibration: Mapping[str, NDArray[np.uint8]] | None,
) -> None:
    """Write the graph into ``folder``; see `headstart.ship.exports.write.write_graph`."""
    import onnx

    model = onnx_model_of(openvino_model(graph, bundle), metadata_of(bundle), precision)
    if precision == "int8":
        assert calibration is not None  # noqa: S101 - checked by write_graph
        model = quantised(model, calibration, folder)
    onnx.checker.check_model(model, full_check=True)
    onnx.save_model(model, folder / FORMATS["onnx"].file)


def metadata_of(bundle: Bundle) -> dict[str, str]:
    """Return what the file says of the model; ``classes`` is a JSON list, in the order of the probabilities."""
    return {
        "classes": json.dumps(bundle.classes),
        "backbone": bundle.backbone.name,
        "head": bundle.head.kind,
        "approach": str(bundle.facts.get("approach", "")),
    }


def onnx_model_of(model: ov.Model, metadata: Mapping[str, str], precision: str = "f32") -> onnx.ModelProto:
    """Return an OpenVINO model, whose shapes are all fixed, as an ONNX model with the same inputs and outputs.

    Parameters
    ----------
    model
        What is translated; it isn't changed.
    metadata
        What the ONNX model says of itself.
    precision
        "f16": matrices and kernels are stored in half of the room, and computed with in float32.
    """
    graph = OnnxGraph()
    values: dict[tuple[str, int], Value] = {}
    for operation in _without_constant_parts(model).get_ordered_ops():
        name = operation.get_friendly_name()
        graph.prefix = HEAD_PREFIX if name.startswith(HEAD_PREFIX) else ""
        sources = [value.get_source_output() for value in operation.inputs()]
        inputs = [values[source.get_node().get_name(), source.get_index()] for source in sources]
        for index, value in enumerate(translated(graph, operation, inputs)):
            values[operation.get_name(), index] = value
    fold(graph)
    if precision == "f16":
        halve(graph)
    return graph.model(OPSET, IR_VERSION, metadata, producer_name="headstart", producer_version=__version__)


def _without_constant_parts(model: ov.Model) -> ov.Model:
    """Return a copy of ``model`` in which what doesn't depend on the input is a constant."""
    from openvino import passes

    copy = model.clone()
    manager = passes.Manager()
    manager.register_pass(passes.ConstantFolding())
    manager.run_passes(copy)
    return copy
