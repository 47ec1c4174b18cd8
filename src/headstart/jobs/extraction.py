"""From a backbone and pictures to features, through the store: the same for every job that needs some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import Dataset
from headstart.errors import MissingError, UserError
from headstart.features.engine import engine_for, engine_name
from headstart.features.extract import features_of
from headstart.features.extractor import extractor_of
from headstart.features.store import FeatureStore, opened_store
from headstart.features.stored import stored_features
from headstart.folders import cache_folder
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Entered, Listener, Said, Started


@dataclass(frozen=True)
class Features:
    """The readable part of a data set, its ``(n_pictures, dimension)`` float32 features, and what made them."""

    dataset: Dataset
    matrix: NDArray[np.float32]
    engine: str


def extracted(
    dataset: Dataset, network: ConvertedNetwork, geometry: Geometry, store: FeatureStore | None, listen: Listener
) -> Features:
    """Return the features of ``dataset``, computing those that the store doesn't have."""
    listen(Started(len(dataset.records)))
    listen(Entered("computing features"))
    if store is None:
        engine = engine_for(network)
        return Features(*features_of(dataset, engine, geometry, listen), engine.name)
    name = engine_name()
    extractor = extractor_of(network, geometry, name)
    return Features(*stored_features(dataset, extractor, partial(engine_for, network), store, listen), name)


@contextmanager
def store_of(cache: Path | None, no_cache: bool, data: Path, listen: Listener) -> Iterator[FeatureStore | None]:
    """Yield the store that the settings ask for, or None if they ask for none.

    A default place in which nothing can be written is told and done without.

    Raises
    ------
    UserError
        If what is there is no store of headstart's, or damaged; if ``cache`` lies inside ``data``.
    MissingError
        If nothing can be written in ``cache``.
    """
    if no_cache:
        yield None
        return
    if cache and cache.resolve().is_relative_to(data.resolve()):
        raise UserError(f"--cache {cache} lies inside the data {data}; name a folder apart from it.")
    with ExitStack() as stack:
        store = None
        try:
            store = stack.enter_context(opened_store(cache or cache_folder()))
        except MissingError as error:
            if cache:
                raise
            listen(Said(f"Warning: {error} The features are computed and not kept."))
        yield store
