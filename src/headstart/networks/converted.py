"""Networks converted once: from a backbone and its weights to files that run without Keras, kept in our cache.

``networks/KEY/`` holds ``network.xml`` and ``network.bin`` (OpenVINO IR, where OpenVINO is installed),
``weights.safetensors`` and ``network.json``. The key is made from the *content* of the weights, so a model that
comes from elsewhere can't put its network under the name of another.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import child
from headstart.errors import MissingError
from headstart.folders import cache_folder, file_digest, file_in_place_of, folder_in_place_of, scratch_folder
from headstart.networks import quantise
from headstart.networks.backbones import Backbone
from headstart.networks.keras_backend import conversion_backend, has_openvino
from headstart.networks.weights import WeightsOrigin, source_key
from headstart.progress import Entered, Listener

_CONVERTER = 3
"""Changes when the conversion changes, so that older files aren't used."""

PRECISIONS = ("f32", "bf16", "f16", "int8")
"""What a network can be computed in; int8 is mixed with f32 where it would lose too much."""

FILES = ("network.xml", "network.bin", "weights.safetensors")


@dataclass(frozen=True)
class ConvertedNetwork:
    """A network ready to run: uint8 or float pixels ``(n, size, size, 3)`` in, features ``(n, dimension)`` out.

    ``layer`` is the text of its cut (`headstart.networks.cuts`), ``parts`` the shapes of what stands side by side in
    the vector: ``(d,)``, or ``(height, width, channels)`` of a map. ``files`` gives the SHA-256 of each file by name.
    ``precision`` is what it is computed in: f32, bf16, f16 or int8; ``calibration``, for int8, a digest of the
    pictures by which its numbers were rounded. ``untrained`` says how one sees that its weights are those of a network
    before any training (`headstart.networks.initialisation`); empty if they aren't.
    """

    folder: Path
    backbone: str
    layer: str
    image_size: int
    parts: tuple[tuple[int, ...], ...]
    content_sha256: str
    files: dict[str, str]
    precision: str = "f32"
    calibration: str = ""
    untrained: str = ""

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many numbers of the vector come from each part."""
        return tuple(math.prod(part) for part in self.parts)

    @property
    def dimension(self) -> int:
        """Length of the vector."""
        return sum(self.lengths)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the network's weights by name; none where it has no files."""
        if not self.files:
            return {}
        from safetensors.numpy import load_file

        return dict(load_file(self.folder / "weights.safetensors"))


def network_from(record: Backbone, layer: str, origin: WeightsOrigin, listen: Listener) -> ConvertedNetwork:
    """Return the converted network for weights of ``origin``, from the cache if it is there.

    A record without a builder needs no weights: see `without_files`.
    """
    if not record.builder:
        return without_files(record, layer)
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
    """Return the converted network with the weights ``arrays``, from the cache if it is there.

    A record without a builder needs none: see `without_files`.
    """
    if not record.builder:
        return without_files(record, layer)
    from headstart.networks.weight_files import content_sha256, write_tensors

    cached = _cached(record, layer, content_sha256(arrays))
    if cached:
        return cached
    with scratch_folder() as folder:
        path = folder / "weights.safetensors"
        write_tensors(arrays, path)
        return _converted(record, layer, WeightsOrigin("file", path.name, path), listen)


def without_files(record: Backbone, layer: str) -> ConvertedNetwork:
    """Return what stands for a record without a builder: nothing is converted, its folder doesn't exist.

    Its content is its name and options, the version of what it computes among them.
    """
    facts = [record.name, record.options, layer]
    content = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    return ConvertedNetwork(
        folder=cache_folder() / "networks" / content[:32],
        backbone=record.name,
        layer=layer,
        image_size=record.image_size,
        parts=((record.layer(layer).dimension,),),
        content_sha256=content,
        files={},
    )


def quantised(
    network: ConvertedNetwork, pixels: NDArray[np.uint8], calibration: str, listen: Listener
) -> ConvertedNetwork:
    """Return ``network`` in 8-bit integers, from the cache if it is there.

    Parameters
    ----------
    network
        The network in f32.
    pixels
        Pictures to see the range of its numbers by, ``(n, size, size, 3)`` uint8 RGB.
    calibration
        A digest that says which pictures these are.
    listen
        Told that it takes a while.

    Raises
    ------
    MissingError
        If NNCF isn't installed.
    """
    if not can_quantise():
        raise MissingError("int8 needs NNCF: pip install 'headstart[int8]'.")
    if found := quantised_before(network, calibration):
        return found
    listen(Entered(f"quantising {network.backbone} by {len(pixels)} pictures"))
    with scratch_folder() as scratch:
        np.save(scratch / quantise.PIXELS, pixels, allow_pickle=False)
        job = {"network": str(network.folder / "network.xml")}
        child.run("headstart.networks.quantise", job, scratch, conversion_backend(), listen)
        with folder_in_place_of(_quantised_folder(network, calibration)) as partial:
            for name in ("network.xml", "network.bin"):
                (scratch / name).rename(partial / name)
            digests = {"files": _digests(partial)}
            (partial / "network.json").write_text(json.dumps(digests, indent=1), encoding="utf-8")
    made = quantised_before(network, calibration)
    assert made is not None  # noqa: S101 - it was written just now
    return made


def quantised_before(network: ConvertedNetwork, calibration: str) -> ConvertedNetwork | None:
    """Return ``network`` in 8-bit integers if the cache has it, quantised by the pictures of this ``calibration``."""
    folder = _quantised_folder(network, calibration)
    try:
        files = json.loads((folder / "network.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    found = replace(network, folder=folder, files=files, precision="int8", calibration=calibration)
    return found if files and files == _digests(folder) else None


def can_quantise() -> bool:
    """Whether NNCF is installed."""
    return has_openvino() and find_spec("nncf") is not None


def _quantised_folder(network: ConvertedNetwork, calibration: str) -> Path:
    facts = [network.folder.name, calibration, version("nncf") if can_quantise() else ""]
    return network.folder.parent / hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _key(record: Backbone, layer: str, content_sha256: str) -> str:
    versions = {name: version(name) for name in ("keras", *(["openvino"] if has_openvino() else []))}
    facts = [_CONVERTER, record.name, record.image_size, layer, content_sha256, asdict(record.preprocessing), versions]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _cached(record: Backbone, layer: str, content_sha256: str) -> ConvertedNetwork | None:
    folder = cache_folder() / "networks" / _key(record, layer, content_sha256)
    try:
        facts = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        network = _network(folder, facts)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    whole = network.content_sha256 == content_sha256 and network.files == _digests(folder)
    return network if whole else None


def _digests(folder: Path) -> dict[str, str]:
    return {name: file_digest(folder / name) for name in FILES if (folder / name).is_file()}


def _converted(record: Backbone, layer: str, origin: WeightsOrigin, listen: Listener) -> ConvertedNetwork:
    listen(Entered(f"preparing {record.name}"))
    job = {"backbone": record.name, "image_size": record.image_size, "layer": layer} | {
        "origin": asdict(origin) | {"path": str(origin.path)}
    }
    with scratch_folder() as scratch:
        facts = child.run("headstart.networks.convert", job, scratch, conversion_backend(), listen)
        folder = cache_folder() / "networks" / _key(record, layer, facts["content_sha256"])
        folder.parent.mkdir(exist_ok=True, mode=0o700)
        facts["files"] = _digests(scratch)
        with folder_in_place_of(folder) as partial:
            for name in facts["files"]:
                (scratch / name).rename(partial / name)
            (partial / "network.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return _network(folder, facts)


def _network(folder: Path, facts: dict[str, Any]) -> ConvertedNetwork:
    return ConvertedNetwork(folder=folder, **facts | {"parts": tuple(tuple(part) for part in facts["parts"])})
