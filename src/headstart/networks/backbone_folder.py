"""A network that the user pretrained, as a folder of data: what it is, its arrays, and which pictures it has seen.

``manifest.json`` (kind ``backbone``), ``weights.safetensors`` and ``source.json``, the SHA-256 of each picture of the
source. Every command takes such a folder where it takes the name of a backbone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import folder_in_place_of
from headstart.manifests import BACKBONE, FORMAT, MANIFEST, SOURCE, WEIGHTS, checked_file, read_manifest, write_manifest
from headstart.manifests.fields import Field, check_fields, is_count, is_digest, is_list_of, is_name
from headstart.manifests.strangers import brief, json_of
from headstart.networks.backbones import BACKBONES, Backbone, backbone
from headstart.networks.cuts import AVERAGE, sized
from headstart.networks.tensor_files import MOST_HEADER_BYTES, check_arrays, check_room, tensors_in
from headstart.networks.weight_files import write_tensors

FILES = (MANIFEST, WEIGHTS, SOURCE)
"""What headstart writes into a backbone folder."""

FIELDS = {
    "backbone": Field("a name", is_name),
    "image_size": Field("a number of pixels", is_count),
}
"""What the manifest says, beside what that of every folder does, as far as anybody depends on it."""

_MOST_PICTURES, _MOST_SOURCE_BYTES = 20_000_000, 2**31
_SOURCE = {"pictures": Field("a list of digests", is_list_of(is_digest, _MOST_PICTURES))}


def backbone_from(name: str) -> tuple[Backbone, str | None]:
    """Return the record that ``name``, of the table or a folder, means, and the folder that has its weights.

    Raises
    ------
    UserError
        If there is no such backbone, or the folder is incomplete or altered.
    """
    folder = Path(name)
    if name in BACKBONES or not (folder.is_dir() or len(folder.parts) > 1):
        return backbone(name), None
    manifest = read_manifest(folder, BACKBONE)
    try:
        record = _record(manifest)
        data = checked_file(folder, WEIGHTS, manifest, 4 * record.parameters + 2 * MOST_HEADER_BYTES)
        check_arrays(tensors_in(data, WEIGHTS), record, AVERAGE)
        _seen(folder, manifest)
    except UserError as error:
        raise UserError(f"{folder} is refused: {str(error).rstrip('.')}; {BACKBONE.way_out}.") from None
    return record, str(folder)


def _record(manifest: Mapping[str, Any]) -> Backbone:
    check_fields(manifest, FIELDS)
    if odd := manifest["files"].keys() - {WEIGHTS, SOURCE}:
        raise UserError(f"it has a file that this headstart doesn't know ({brief(min(odd))})")
    try:
        record = backbone(manifest["backbone"])
    except UserError:
        raise UserError(f"this headstart doesn't know its backbone {brief(manifest['backbone'])}") from None
    if not record.builder:
        raise UserError(f"{record.name} is no network")
    check_room(record, manifest["image_size"])
    return sized(record, manifest["image_size"], AVERAGE)


def write_backbone(
    out: Path,
    record: Backbone,
    arrays: Mapping[str, NDArray[np.float32]],
    source: Iterable[str],
    facts: Mapping[str, Any],
) -> None:
    """Write the backbone folder ``out`` in one step.

    Parameters
    ----------
    out
        The folder.
    record
        The network, in the size that it was trained in.
    arrays
        Its weights by name, without a head.
    source
        SHA-256 of each picture that it was trained on, or stopped by.
    facts
        What else the manifest says.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_in_place_of(out) as partial:
        write_tensors(arrays, partial / WEIGHTS)
        write_document({"format": FORMAT, "pictures": sorted(set(source))}, partial / SOURCE)
        entries = {"backbone": record.name, "image_size": record.image_size, **facts}
        write_manifest(partial, BACKBONE, entries, (WEIGHTS, SOURCE))


def pictures_in(folder: Path) -> frozenset[str]:
    """Return the SHA-256 of each picture that the backbone in ``folder`` was pretrained on."""
    manifest = read_manifest(folder, BACKBONE)
    try:
        return _seen(folder, manifest)
    except UserError as error:
        raise UserError(f"{folder} is refused: {str(error).rstrip('.')}; {BACKBONE.way_out}.") from None


def _seen(folder: Path, manifest: dict[str, Any]) -> frozenset[str]:
    source = json_of(checked_file(folder, SOURCE, manifest, _MOST_SOURCE_BYTES), _MOST_PICTURES)
    if not isinstance(source, dict):
        raise UserError(f"{SOURCE} is no list of pictures")
    check_fields(source, _SOURCE)
    return frozenset(source["pictures"])
