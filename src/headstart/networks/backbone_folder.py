"""A network that the user pretrained, as a folder of data: what it is, its arrays, and which pictures it has seen.

``manifest.json`` (kind ``backbone``), ``weights.safetensors`` and ``source.json``, the SHA-256 of each picture of the
source. Every command takes such a folder where it takes the name of a backbone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import folder_in_place_of
from headstart.manifests import BACKBONE, FORMAT, MANIFEST, SOURCE, WEIGHTS, checked_file, read_manifest, write_manifest
from headstart.networks.backbones import BACKBONES, Backbone, backbone
from headstart.networks.cuts import AVERAGE, sized
from headstart.networks.weight_files import write_tensors

FILES = (MANIFEST, WEIGHTS, SOURCE)
"""What headstart writes into a backbone folder."""


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
        for file in (WEIGHTS, SOURCE):
            checked_file(folder, file, manifest)
        record = backbone(str(manifest["backbone"]))
        return sized(record, int(manifest["image_size"]), AVERAGE), str(folder)
    except (UserError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder} is refused: {error}; pretrain again or fetch the backbone again.") from None


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
    document = json.loads((folder / SOURCE).read_text(encoding="utf-8"))
    return frozenset(str(content) for content in document["pictures"])
