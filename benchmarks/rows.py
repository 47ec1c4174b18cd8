"""Features for a benchmark: computed anew, in a store that is gone afterwards."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import Dataset, PictureRecord
from headstart.features.engine import engine_for, engine_name
from headstart.features.extractor import extractor_of
from headstart.features.store import store_in_memory
from headstart.features.stored import stored_features
from headstart.networks.backbones import DEFAULT, backbone
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.cuts import AVERAGE
from headstart.networks.weights import find_weights
from headstart.progress import silent


def network_of(name: str = DEFAULT, weights: str = "imagenet", layer: str = AVERAGE) -> ConvertedNetwork:
    """Return a backbone, converted, up to its pooled features or another cut."""
    record = backbone(name)
    origin = find_weights(record, weights, layer=layer, seed=0, offline=True, listen=silent)
    return network_from(record, layer, origin, silent)


def rows_by(network: ConvertedNetwork, dataset: Dataset) -> tuple[Dataset, NDArray[np.float32]]:
    """Return the readable part of ``dataset`` and its features, ``(n, dimension)`` float32."""
    extractor = extractor_of(network, Geometry(network.image_size), engine_name())
    with store_in_memory() as store:
        return stored_features(dataset, extractor, partial(engine_for, network), store, silent)


def part_of(dataset: Dataset, count: int, number: int = 0) -> Dataset:
    """Return the pictures of this ``number`` when the data set is cut into parts of ``count`` from all classes."""
    step = max(1, len(dataset.records) // count)
    return Dataset(dataset.root, dataset.classes, dataset.records[number % step :: step][:count])


def read_bytes(dataset: Dataset, record: PictureRecord) -> bytes:
    """Return what is in the picture's file."""
    return Path(str(dataset.file(record))).read_bytes()
