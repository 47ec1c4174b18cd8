"""What the first layers of a network make of a picture: a sheet of maps for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.records import Dataset, PictureRecord
from headstart.features.engine import Pixels, engine_for
from headstart.folders import file_digest, scratch_folder
from headstart.jobs.comparing.squares import resized, squares_of, write_jpeg
from headstart.jobs.looking import outputs
from headstart.learn.heads import Floats
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.cuts import sized
from headstart.networks.weight_files import write_tensors
from headstart.networks.weights import WeightsOrigin
from headstart.progress import Entered, Listener
from headstart.ship.bundle import Bundle

STAGES = 2
"""The first so many: what comes later no longer resembles the picture."""

CHANNELS, _COLUMNS = 12, 4
"""Maps on a sheet, and how many of them side by side."""

_TILE, _GAP = 112, 4  # pixels
_PAPER = 255


def layers_of(
    bundle: Bundle, dataset: Dataset, record: PictureRecord, folder: Path, listen: Listener
) -> dict[str, Any] | None:
    """Return what the first stages of the model's network make of a picture, after drawing that.

    A stage's sheet, ``pictures/layer-NN.jpg``, has the `CHANNELS` that differ most over the picture, the most differing
    first, each from its lowest number, black, to its highest, white.

    Parameters
    ----------
    bundle
        The model; one without a network has no layers: None.
    dataset
        Where the picture is.
    record
        The picture; None is returned if it can't be read.
    folder
        That of the comparison; ``pictures/layers.jpg`` there is the square that the network sees.
    listen
        Told of the progress.
    """
    if not bundle.backbone.builder:
        return None
    found = squares_of(dataset, [record], bundle.recipe)
    if not found:
        return None
    listen(Entered("looking into the first layers"))
    size = bundle.recipe.sizes[0]
    pixels = found[0][1][size]
    items = []
    for number, network in enumerate(_networks(bundle, size, listen), 1):
        (values,) = outputs(engine_for(network), [pixels])
        sheet = sheet_of(values.reshape(network.parts[0]))
        name = write_jpeg(sheet, folder, f"layer-{number:02}.jpg")
        items.append(
            {"layer": network.layer.partition(":")[0], "shape": list(network.parts[0]), "pictures": [name]},
        )
    picture = write_jpeg(resized(pixels), folder, "layers.jpg")
    return {"of": bundle.backbone.name, "path": record.path, "picture": picture, "items": items}


def sheet_of(maps: Floats) -> Pixels:
    """Return the channels that vary most, side by side, as grey values, ``(height, width)`` uint8.

    Parameters
    ----------
    maps
        ``(height, width, channels)`` float32.
    """
    variances = maps.var(axis=(0, 1), dtype=np.float64)
    order = np.argsort(-variances, kind="stable")[:CHANNELS]
    return _side_by_side([_tile(maps[..., channel]) for channel in order])


def _tile(values: Floats) -> Pixels:
    above = values - values.min()
    grey = np.rint(above * (255 / (float(above.max()) or 1)))
    # Enlarged without smoothing: a place of the map is a square that can be counted.
    way = Image.Resampling.NEAREST if max(grey.shape) < _TILE else Image.Resampling.BOX
    return np.asarray(Image.fromarray(grey.astype(np.uint8)).resize((_TILE, _TILE), way))


def _side_by_side(tiles: Sequence[Pixels]) -> Pixels:
    step, columns = _TILE + _GAP, min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * step - _GAP, columns * step - _GAP), _PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * step, number % columns * step
        sheet[top : top + _TILE, left : left + _TILE] = tile
    return sheet


def _networks(bundle: Bundle, size: int, listen: Listener) -> list[ConvertedNetwork]:
    """Return the network up to each of its first stages."""
    cuts = [f"{stage}:none" for stage in bundle.backbone.maps[:STAGES]]
    with scratch_folder() as scratch:
        path = scratch / "weights.safetensors"
        write_tensors(bundle.backbone_arrays, path)
        origin = WeightsOrigin("file", path.name, path, file_digest(path))
        return [network_from(sized(bundle.backbone, size, cut), cut, origin, listen) for cut in cuts]
