"""From networks and pictures to features, through the store: the same for every job that needs some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.addresses import Address, place_on_disk
from headstart.data.decode import Geometry
from headstart.data.records import Dataset, PictureRecord
from headstart.data.views import WHOLE
from headstart.errors import MissingError, UserError
from headstart.features.engine import engine_for, engine_name
from headstart.features.extractor import Extractor, extractor_of
from headstart.features.recipe import brought_together
from headstart.features.store import FeatureStore, opened_store, store_in_memory
from headstart.features.stored import AT_ONCE, complete, rows_of, stored_features
from headstart.folders import cache_folder
from headstart.jobs import precision
from headstart.jobs.precision import Chosen, Trial, chosen, compared_by, in_precision
from headstart.jobs.setup import Setup
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Entered, Listener, Said, Started, silent
from headstart.sizes import in_words


@dataclass(frozen=True)
class Features:
    """What is needed to take the features of a data set, which has only readable pictures, from the store.

    ``networks`` are those that ran, in their precision, which was chosen as ``precision`` says; ``views`` is what was
    taken for a picture, see `headstart.data.views`.
    """

    dataset: Dataset
    setup: Setup
    networks: tuple[ConvertedNetwork, ...]
    views: tuple[str, ...]
    store: FeatureStore
    precision: Chosen = precision.F32

    @property
    def engine(self) -> str:
        """Name and version of what ran the networks."""
        return engine_name(self.setup.engine)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a picture's features: ``(dimension,)``, or ``(height, width, channels)`` of a map."""
        part = self.networks[0].parts[0]
        return part if len(part) > 1 else (self.setup.dimension,)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32, or float16 for maps."""
        return np.dtype(np.float16 if len(self.shape) > 1 else np.float32)

    def looks(self) -> list[Geometry]:
        """Return every look at a picture that is needed."""
        return [look for view in self.views for look in self.setup.recipe.looks(view)]

    def network(self, look: Geometry) -> ConvertedNetwork:
        """Return what sees pictures of the look's size."""
        return self.networks[self.setup.recipe.sizes.index(look.size)]

    def chunks(self) -> Iterator[NDArray[Any]]:
        """Yield some pictures' features at once, in the order of the data set; a row per view, one after the other."""
        for start in range(0, len(self.dataset.records), AT_ONCE):
            records = self.dataset.records[start : start + AT_ONCE]
            views = [self._seen_as(view, records) for view in self.views]
            yield np.stack(views, axis=1).reshape(-1, *self.shape)

    def _seen_as(self, view: str, records: Sequence[PictureRecord]) -> NDArray[Any]:
        rows = {
            look: next(rows_of(records, self._extractor(look), self.store)) for look in self.setup.recipe.looks(view)
        }
        return brought_together(self.setup.recipe, rows, self.networks[0].lengths, view)

    def _extractor(self, look: Geometry) -> Extractor:
        return extractor_of(self.network(look), look, self.engine)

    def complete(self, listen: Listener) -> Features:
        """Return this with only the readable pictures, after computing what the store doesn't have."""
        left = self.dataset
        for look in self.looks():
            listen(Started(len(left.records)))
            listen(Entered("computing features"))
            engine = partial(engine_for, self.network(look), self.setup.engine)
            left = complete(left, self._extractor(look), engine, self.store, listen)
        return replace(self, dataset=left)

    def matrix(self) -> NDArray[Any]:
        """Return all features, ``(n, *shape)``."""
        chunks = list(self.chunks())
        return np.concatenate(chunks) if chunks else np.empty((0, *self.shape), self.dtype)


def extracted(
    dataset: Dataset,
    setup: Setup,
    store: FeatureStore,
    listen: Listener,
    *,
    training: Dataset,
    views: tuple[str, ...] = (WHOLE,),
) -> Features:
    """Return the features of the readable part of ``dataset``, after computing those that the store doesn't have.

    Parameters
    ----------
    dataset
        Pictures, known by content.
    setup
        What makes features.
    store
        Where they are kept.
    listen
        Told of the progress, and of the precision if it isn't f32.
    training
        The pictures by which a precision may be chosen.
    views
        What is taken for a picture: with several, each has so many rows.
    """
    found = _precision(dataset, setup, store, listen, training=training, views=views)
    networks = _networks_in(found, setup, training, listen)
    return Features(dataset, setup, networks, views, store, found).complete(listen)


def tell_room_for_maps(
    dataset: Dataset, setup: Setup, store: FeatureStore, *, views: Sequence[str], budget: int, listen: Listener
) -> None:
    """Tell how much room the maps of ``dataset`` take in the store, in these ``views``.

    Raises
    ------
    UserError
        If that, and the maps that are there already, is more than ``budget`` bytes.
    """
    network, engine = setup.networks[0], engine_name(setup.engine)
    extractors = [extractor_of(network, look, engine) for view in views for look in setup.recipe.looks(view)]
    contents, dtype = {record.sha256 for record in dataset.records}, extractors[0].dtype
    each = network.dimension * np.dtype(dtype).itemsize
    there = sum(held.bytes for held in store.held() if held.facts.get("dtype") == dtype)
    missing = sum(len(contents) - len(store.known(extractor, contents)) for extractor in extractors)
    needed = missing * each
    shape = " × ".join(map(str, network.parts[0]))
    listen(
        Said(
            f"Maps of {shape} numbers take {in_words(each)} a picture: {in_words(needed)} for {missing} that aren't "
            f"kept yet, beside {in_words(there)} of maps in the cache; the budget is {in_words(budget)}."
        )
    )
    if there + needed > budget:
        raise UserError(
            f"The maps would take {in_words(there + needed)}, more than the budget of {in_words(budget)}; raise it "
            "with --map-budget, make room with `headstart cache --prune-size`, or choose a later stage or --pool avg."
        )


def _precision(
    dataset: Dataset,
    setup: Setup,
    store: FeatureStore,
    listen: Listener,
    *,
    training: Dataset,
    views: Sequence[str],
) -> Chosen:
    if setup.precision == "f32":
        return precision.F32
    look, network = setup.recipe.looks()[0], setup.networks[0]
    name = engine_name(setup.engine)

    def rows(some: Dataset, network: ConvertedNetwork) -> tuple[Dataset, NDArray[Any]]:
        engine = partial(engine_for, network, setup.engine)
        return stored_features(some, extractor_of(network, look, name), engine, store, silent)

    contents = {record.sha256 for record in dataset.records}
    networks = {each.image_size: each for each in setup.networks}
    looks = [each for view in views for each in setup.recipe.looks(view)]
    missing = [contents - store.known(extractor_of(networks[each.size], each, name), contents) for each in looks]
    if any(missing):  # what an earlier trial left in the store must not change what the next run chooses
        missing[0] |= contents & compared_by(training)
    trial = Trial(network, setup.engine, look, training, rows)
    return chosen(setup.precision, trial, sum(map(len, missing)), listen)


def _networks_in(found: Chosen, setup: Setup, training: Dataset, listen: Listener) -> tuple[ConvertedNetwork, ...]:
    looks = {look.size: look for look in setup.recipe.looks()[::-1]}
    return tuple(
        in_precision(found, network, looks[network.image_size], training, listen) for network in setup.networks
    )


@contextmanager
def store_of(cache: Path | None, no_cache: bool, data: Path | Address, listen: Listener) -> Iterator[FeatureStore]:
    """Yield the store that the settings ask for; one in memory if they ask for none.

    A default place in which nothing can be written is told and done without.

    Raises
    ------
    UserError
        If what is there is no store of headstart's, or damaged; if ``cache`` lies inside ``data``.
    MissingError
        If nothing can be written in ``cache``.
    """
    place = place_on_disk(data)
    if cache and place and not no_cache and cache.resolve().is_relative_to(place.resolve()):
        raise UserError(f"--cache {cache} lies inside the data {data}; name a folder apart from it.")
    with ExitStack() as stack:
        if no_cache:
            yield stack.enter_context(store_in_memory())
            return
        try:
            store = stack.enter_context(opened_store(cache or cache_folder()))
        except MissingError as error:
            if cache:
                raise
            listen(Said(f"Warning: {error} The features are computed and not kept."))
            store = stack.enter_context(store_in_memory())
        yield store
