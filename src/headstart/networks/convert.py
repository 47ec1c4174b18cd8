"""The child process that builds a network in Keras, loads its weights, and writes what runs without Keras."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.child import child_main
from headstart.networks.backbones import backbone
from headstart.networks.classifier import cut_at, parts_of, whole_network, with_preprocessing
from headstart.networks.cuts import cut_of
from headstart.networks.initialisation import untrained_sign
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import arrays_of, content_sha256, load_weights, write_tensors
from headstart.networks.weights import WeightsOrigin
from headstart.progress import Listener


def _convert(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    keras = import_keras()
    record, layer = replace(backbone(job["backbone"]), image_size=job["image_size"]), job["layer"]
    origin = WeightsOrigin(**job["origin"] | {"path": Path(job["origin"]["path"])})
    whole = whole_network(record, include_top=cut_of(record, layer).needs_top)
    cut = cut_at(whole, record, layer)
    load_weights(whole, cut, record, origin)
    arrays = arrays_of(cut)
    write_tensors(arrays, folder / "weights.safetensors")
    if keras.backend.backend() == "openvino":
        model = with_preprocessing(cut, record)
        model.export(str(folder / "network.xml"), format="openvino", verbose=False)
    return {
        "backbone": record.name,
        "layer": layer,
        "image_size": record.image_size,
        "parts": parts_of(whole, record, layer),
        "content_sha256": content_sha256(arrays),
        "untrained": untrained_sign(arrays),
    }


if __name__ == "__main__":
    child_main(_convert)
