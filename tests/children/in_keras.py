"""A child that computes with Keras what exports are made of: heads, whole graphs, and files."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from headstart.child import child_main
from headstart.data.views import MIRRORED, WHOLE
from headstart.networks.classifier import cut_at, whole_network, with_preprocessing
from headstart.networks.cuts import cut_of, sized
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import load_weights
from headstart.networks.weights import WeightsOrigin
from headstart.progress import Listener
from headstart.ship.bundle import Bundle, read_bundle
from headstart.ship.exports.formats import FORMATS
from headstart.ship.exports.graph import classifier_graph
from headstart.ship.exports.head_layers import SCORES


def _compute(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    with np.load(job["arrays"], allow_pickle=False) as file:
        arrays = dict(file)
    found: dict[str, Any] = {}
    for name in job.get("heads", ()):
        found[name] = _scores(read_bundle(Path(name)), arrays["features"])
    for name in job.get("graphs", ()):
        graph = classifier_graph(read_bundle(Path(name)))
        found[name] = np.asarray(graph({key: arrays[key] for key in graph.input}, training=False)["probabilities"])
    for name in job.get("networks", ()):
        found |= _vectors(read_bundle(Path(name)), Path(name), arrays)
    for name, form, precision, to in job.get("writes", ()):
        bundle = read_bundle(Path(name))
        module, function = FORMATS[form].writer.split(":")
        write = getattr(importlib.import_module(module), function)
        graph = classifier_graph(bundle)
        calibration = {key: arrays[key] for key in graph.input} if precision == "int8" else None
        write(graph, bundle, precision, Path(to), calibration)
    for name in job.get("saved_models", ()):
        found[name] = _signature(name)(arrays)
    np.savez(folder / "found.npz", allow_pickle=False, **found)
    return {}


def _scores(bundle: Bundle, features: Any) -> Any:
    keras = import_keras()
    inputs = keras.Input((features.shape[1],))
    model = keras.Model(inputs, SCORES[bundle.head.kind](inputs, bundle.head))
    return np.asarray(model(features, training=False))


def _vectors(bundle: Bundle, model: Path, arrays: dict[str, Any]) -> dict[str, Any]:
    """Return what the network alone makes of each look, by the cut's text, the size and the view."""
    found, layer = {}, bundle.recipe.layer
    for size in bundle.recipe.sizes:
        record = sized(bundle.backbone, size, layer)
        whole = whole_network(record, include_top=cut_of(record, layer).needs_top)
        cut = cut_at(whole, record, layer)
        load_weights(whole, cut, record, WeightsOrigin("file", "model", model / "weights.safetensors"))
        network, pixels = with_preprocessing(cut, record), arrays[f"pixels_{size}"].astype(np.float32)
        found[f"{layer} {size} {WHOLE}"] = np.asarray(network(pixels, training=False))
        found[f"{layer} {size} {MIRRORED}"] = np.asarray(network(pixels[:, :, ::-1].copy(), training=False))
    return found


def _signature(saved_model: str) -> Callable[[dict[str, Any]], Any]:
    """Return what computes the probabilities by the signature of a SavedModel."""
    import tensorflow as tf

    loaded = tf.saved_model.load(saved_model)
    signature = loaded.signatures["serving_default"]
    return lambda arrays: signature(**{name: tf.constant(array) for name, array in arrays.items()})[
        "probabilities"
    ].numpy()


if __name__ == "__main__":
    child_main(_compute)
