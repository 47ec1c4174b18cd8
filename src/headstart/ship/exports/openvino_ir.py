"""OpenVINO's own files, ``model.xml`` and ``model.bin``, and the graph from which the ONNX file is made too."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.networks.keras_backend import import_keras
from headstart.ship.bundle import Bundle
from headstart.ship.exports.graph import FEATURES, PROBABILITIES, one_picture
from headstart.ship.exports.labels import labels_text

HEAD_PREFIX = "head/"
"""How the names of all operations begin that come after the features."""


def write(
    graph: Any,  # noqa: ANN401 - Keras has no types
    bundle: Bundle,
    precision: str,
    folder: Path,
    calibration: Mapping[str, NDArray[np.uint8]] | None,
) -> None:
    """Write the graph into ``folder``; see `headstart.ship.exports.write.write_graph`."""
    import openvino as ov

    model = openvino_model(graph, bundle)
    if precision == "int8":
        assert calibration is not None  # noqa: S101 - checked by write_graph
        model = _quantised(model, calibration)
    ov.save_model(model, str(folder / "model.xml"), compress_to_fp16=precision == "f16")


def openvino_model(graph: Any, bundle: Bundle) -> Any:  # noqa: ANN401
    """Return ``graph`` as an ``openvino.Model`` for one picture at a time.

    Its inputs ``pixels_224`` and so on are ``(1, 224, 224, 3)`` uint8, its output ``probabilities`` is
    ``(1, n_classes)`` float32. The names of the head's operations begin with `HEAD_PREFIX`. The class names are in
    ``model_info``: as ``labels`` in the way of OpenVINO's Model API, which parts them at spaces, and exactly as they
    are, a JSON list, as ``classes``.
    """
    keras = import_keras()
    outputs = {FEATURES: graph.get_layer(FEATURES).output, PROBABILITIES: graph.output[PROBABILITIES]}
    # Traced for one picture: the graphs of two backbones are made for the number they are traced with.
    model = _exported(keras.Model(graph.input, outputs), one_picture(graph))
    features, probabilities = model.get_results()
    _name_head(model, features)
    model.remove_result(features)
    for value in model.inputs:
        value.tensor.set_names({value.node.friendly_name})
    model.output(0).tensor.set_names({PROBABILITIES})
    probabilities.set_friendly_name(PROBABILITIES)
    labels = ["_".join(line.split()) for line in labels_text(bundle.classes).split("\n")[:-1]]
    model.set_rt_info(" ".join(labels), ["model_info", "labels"])
    model.set_rt_info(json.dumps(bundle.classes), ["model_info", "classes"])
    return model


def _exported(graph: Any, signature: Mapping[str, Any]) -> Any:  # noqa: ANN401
    import openvino as ov

    core = ov.Core()
    core.set_property({"ENABLE_MMAP": False})  # the file is gone before the model is
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.xml"
        graph.export(str(file), format="openvino", verbose=False, input_signature=[dict(signature)])
        return core.read_model(file)


def _name_head(model: Any, features: Any) -> None:  # noqa: ANN401
    """Mark the names of what isn't needed for the result ``features``: it is the head."""
    network, waiting = set(), [features]
    while waiting:
        operation = waiting.pop()
        if operation.get_friendly_name() not in network:
            network.add(operation.get_friendly_name())
            waiting += [value.get_node() for value in operation.input_values()]
    for operation in model.get_ops():
        if operation.get_friendly_name() not in network:
            operation.set_friendly_name(HEAD_PREFIX + operation.get_friendly_name())


def _quantised(model: Any, calibration: Mapping[str, NDArray[np.uint8]]) -> Any:  # noqa: ANN401
    """Return ``model`` with its networks in 8-bit integers; lengths of vectors and the head stay in float32."""
    import nncf

    count = len(next(iter(calibration.values())))
    pictures = nncf.Dataset(range(count), lambda i: {name: pixels[i : i + 1] for name, pixels in calibration.items()})
    exact = nncf.IgnoredScope(patterns=[f"{HEAD_PREFIX}.*"], types=_OF_LENGTHS, validate=False)
    return nncf.quantize(model, pictures, subset_size=count, ignored_scope=exact)


_OF_LENGTHS = ["Divide", "Power", "ReduceSum", "Sqrt"]
"""What vectors are brought to length 1 by."""
