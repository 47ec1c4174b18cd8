"""Weight files as users have them, written from a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headstart.networks.backbones import backbone
from headstart.networks.classifier import whole_network
from headstart.networks.weight_files import load_weights
from headstart.networks.weights import WeightsOrigin


def random_network(name: str, *, seed: int = 0, include_top: bool = False) -> Any:
    """Return the backbone ``name`` with random weights that depend on ``seed``."""
    record = backbone(name)
    network = whole_network(record, include_top=include_top)
    load_weights(network, network, record, WeightsOrigin("none", "random", seed=seed))
    return network


def write_published_layout(network: Any, path: Path) -> Path:
    """Write the network's weights in the layout of Keras' published ``.h5`` files, by Keras' own code."""
    import h5py
    from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, network)
    return path


def origin_of(path: Path) -> WeightsOrigin:
    """Return ``path`` as a weight file of the user's."""
    return WeightsOrigin("file", path.name, path)
