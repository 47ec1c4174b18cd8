"""Networks converted once: from a backbone and its weights to files that run without Keras, kept in our cache.

``networks/KEY/`` holds ``network.xml`` and ``network.bin`` (OpenVINO IR, where OpenVINO is installed),
``weights.safetensors`` and ``network.json``. The key is made from the *content* of the weights, so a model that
comes from elsewhere can't put its network under the name of another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from headstart import child
from headstart.folders import cache_folder, file_digest, file_in_place_of, folder_in_place_of, scratch_folder
from headstart.networks.backbones import Backbone
from headstart.networks.keras_backend import conversion_backend, has_openvino
from headstart.networks.weights import WeightsOrigin, source_key
from headstart.progress import Entered, Listener

_CONVERTER = 1
"""Changes when the conversion changes, so that older files aren't used."""

FILES = ("network.xml", "network.bin", "weights.safetensors")


@dataclass(frozen=True)
class ConvertedNetwork:
    """A network ready to run: uint8 or float pixels ``(n, size, size, 3)`` in, features ``(n, dimension)`` out."""

    folder: Path
    backbone: str
    layer: str
    image_size: int
    dimension: int
    content_sha256: str
    files: dict[str, str]
    """File name to SHA-256."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the network's weights by name."""
        from safetensors.numpy import load_file

        return dict(load_file(self.folder / "weights.safetensors"))


def network_from(record: Backbone, layer: str, origin: WeightsOrigin, listen: Listener) -> ConvertedNetwork:
    """Return the converted network for weights of ``origin``, from the cache if it is there."""
    index = cache_folder() / "sources" / f"{source_key(record, layer, origin)}.json"
    if index.is_file():
        content = json.loads(index.read_text(encoding="utf-8"))["content_sha256"]
        cached = _cached(record, layer, content)
        if cached:
            return cached
    network = _converted(record, layer, origin, listen)
    index.parent.mkdir(exist_ok=True, mode=0o700)
    with file_in_place_of(index) as partial:
        partial.write_text(json.dumps({"content_sha256": network.content_sha256}), encoding="utf-8")
    return network


def network_with(
    record: Backbone, layer: str, arrays: Mapping[str, NDArray[Any]], listen: Listener
) -> ConvertedNetwork:
    """Return the converted network with the weights ``arrays``, from the cache if it is there."""
    from headstart.networks.weight_files import content_sha256, write_tensors

    cached = _cached(record, layer, content_sha256(arrays))
    if cached:
        return cached
    with scratch_folder() as folder:
        path = folder / "weights.safetensors"
        write_tensors(arrays, path)
        return _converted(record, layer, WeightsOrigin("file", path.name, path), listen)


def _key(record: Backbone, layer: str, content_sha256: str) -> str:
    versions = {name: version(name) for name in ("keras", *(["openvino"] if has_openvino() else []))}
    facts = [_CONVERTER, record.name, layer, content_sha256, asdict(record.preprocessing), versions]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _cached(record: Backbone, layer: str, content_sha256: str) -> ConvertedNetwork | None:
    folder = cache_folder() / "networks" / _key(record, layer, content_sha256)
    try:
        facts = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        network = ConvertedNetwork(folder=folder, **facts)
    except (OSError, ValueError, TypeError):
        return None
    whole = network.content_sha256 == content_sha256 and network.files == _digests(folder)
    return network if whole else None


def _digests(folder: Path) -> dict[str, str]:
    return {name: file_digest(folder / name) for name in FILES if (folder / name).is_file()}


def _converted(record: Backbone, layer: str, origin: WeightsOrigin, listen: Listener) -> ConvertedNetwork:
    listen(Entered(f"preparing {record.name}"))
    job = {"backbone": record.name, "layer": layer, "origin": asdict(origin) | {"path": str(origin.path)}}
    with scratch_folder() as scratch:
        facts = child.run("headstart.networks.convert", job, scratch, conversion_backend(), listen)
        folder = cache_folder() / "networks" / _key(record, layer, facts["content_sha256"])
        folder.parent.mkdir(exist_ok=True, mode=0o700)
        facts["files"] = _digests(scratch)
        with folder_in_place_of(folder) as partial:
            for name in facts["files"]:
                (scratch / name).rename(partial / name)
            (partial / "network.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return ConvertedNetwork(folder=folder, **facts)
