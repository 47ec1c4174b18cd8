"""LiteRT's file (TensorFlow Lite's), ``model.tflite``: of operations that every LiteRT has, for one picture at once."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.ship.bundle import Bundle
from headstart.ship.exports.graph import one_picture
from headstart.ship.exports.labels import labels_text


def write(
    graph: Any,  # noqa: ANN401 - Keras has no types
    bundle: Bundle,
    precision: str,
    folder: Path,
    calibration: Mapping[str, NDArray[np.uint8]] | None,
) -> None:
    """Write the graph into ``folder``; see `headstart.ship.exports.write.write_graph`."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as scratch:
        graph.export(scratch, format="tf_saved_model", verbose=False, input_signature=[one_picture(graph)])
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch)
        _SETTINGS[precision](tf, converter, calibration)
        content = converter.convert()
    file = folder / "model.tflite"
    file.write_bytes(content)
    # Behind the graph, as in files with LiteRT's metadata: `unzip model.tflite` finds it, interpreters don't look.
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(zipfile.ZipInfo("labels.txt"), labels_text(bundle.classes))


def _in_float16(tf: Any, converter: Any, calibration: None) -> None:  # noqa: ANN401
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def _in_integers(tf: Any, converter: Any, calibration: Mapping[str, NDArray[np.uint8]]) -> None:  # noqa: ANN401
    """Have what can be computed in integers computed in integers; the rest stays in float32."""

    def pictures() -> Iterator[dict[str, NDArray[np.uint8]]]:
        for i in range(len(next(iter(calibration.values())))):
            yield {name: pixels[i : i + 1] for name, pixels in calibration.items()}

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = pictures
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]


_SETTINGS: dict[str, Callable[[Any, Any, Any], None]] = {
    "f32": lambda tf, converter, calibration: None,
    "f16": _in_float16,
    "int8": _in_integers,
}
