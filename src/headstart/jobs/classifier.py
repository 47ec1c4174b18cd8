"""A model folder, loaded and ready to predict. Never imports Keras where OpenVINO is installed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data.decode import Geometry
from headstart.data.records import Dataset
from headstart.data.views import WHOLE
from headstart.errors import UserError
from headstart.features.engine import Engine, engine_for, engine_kind
from headstart.features.extract import vectors_of
from headstart.features.recipe import brought_together
from headstart.features.store import FeatureStore
from headstart.jobs.extraction import Features
from headstart.jobs.precision import as_trained
from headstart.jobs.setup import Setup
from headstart.networks.converted import ConvertedNetwork, network_with
from headstart.networks.cuts import sized
from headstart.progress import Entered, Listener, Started, silent
from headstart.ship.bundle import Bundle, read_bundle


@dataclass(frozen=True)
class Prediction:
    """What the model says of one picture: its classes with probabilities, most likely first; or an ``error`` code."""

    path: Path
    top: tuple[tuple[str, float], ...] = ()
    error: str | None = None

    @property
    def label(self) -> str | None:
        """The most likely class, None if the picture couldn't be used."""
        return self.top[0][0] if self.top else None

    @property
    def probability(self) -> float | None:
        """The probability of the most likely class, in [0, 1]."""
        return self.top[0][1] if self.top else None


@dataclass(frozen=True)
class Classifier:
    """A trained model; see `load`."""

    bundle: Bundle
    setup: Setup
    networks: tuple[ConvertedNetwork, ...]
    """For each size, in the precision that it runs in."""

    @functools.cached_property
    def engines(self) -> dict[int, Engine]:
        """What runs the network for each size, started when it is first needed."""
        return {network.image_size: engine_for(network, self.setup.engine) for network in self.networks}

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the columns of `predict_proba`."""
        return self.bundle.classes

    def predict(
        self, images: Sequence[str | Path], *, top: int | None = None, listen: Listener = silent
    ) -> list[Prediction]:
        """Return a prediction per picture file, in the order given.

        Parameters
        ----------
        images
            Paths of picture files.
        top
            How many classes to name per picture; all if None.
        listen
            Told of the progress.
        """
        paths = [Path(image) for image in images]
        rows, failed = self._vectors(paths, listen)
        predictions = []
        for key, path in enumerate(paths):
            if key in failed:
                predictions.append(Prediction(path, error=failed[key]))
                continue
            # One row at a time: the result must not depend on what else was asked.
            proba = self.bundle.head.predict_proba(rows[key])[0]
            order = np.argsort(-proba, kind="stable")[:top]
            predictions.append(Prediction(path, tuple((self.classes[i], float(proba[i])) for i in order)))
        return predictions

    def predict_proba(
        self, dataset: Dataset, store: FeatureStore, listen: Listener
    ) -> tuple[Dataset, NDArray[np.float32]]:
        """Return the readable part of ``dataset`` and its probabilities, ``(n_pictures, n_classes)`` float32."""
        features = Features(dataset, self.setup, self.networks, (WHOLE,), store).complete(listen)
        return features.dataset, self.bundle.head.predict_proba(features.matrix())

    def _vectors(
        self, paths: Sequence[Path], listen: Listener
    ) -> tuple[dict[int, NDArray[np.float32]], dict[int, str]]:
        """Return ``(1, dimension)`` features, or the reason why there are none, for each position in ``paths``."""
        recipe = self.setup.recipe
        failed: dict[int, str] = {}
        rows: dict[Geometry, dict[int, NDArray[np.float32]]] = {}
        for look in recipe.looks():
            left = [key for key in range(len(paths)) if key not in failed]
            listen(Started(len(left)))
            listen(Entered("predicting"))
            asked = [paths[key] for key in left]
            found, lost = vectors_of(asked, [None] * len(asked), self.engines[look.size], look, listen)
            failed |= {left[number]: reason for number, reason in lost.items()}
            rows[look] = {left[number]: vector[np.newaxis] for number, vector in found.items()}
        lengths = self.networks[0].lengths
        return {
            key: brought_together(recipe, {look: own[key] for look, own in rows.items()}, lengths, WHOLE)
            for key in range(len(paths))
            if key not in failed
        }, failed


def setup_for(bundle: Bundle, listen: Listener) -> Setup:
    """Return the networks of a model, converted, and what runs them here."""
    recipe = bundle.recipe
    kind = engine_kind() if bundle.backbone.builder else bundle.backbone.name
    networks = tuple(
        network_with(sized(bundle.backbone, size, recipe.layer), recipe.layer, bundle.backbone_arrays, listen)
        for size in recipe.sizes
    )
    return Setup(recipe, networks, kind, bundle.precision)


def load(path: str | Path, listen: Listener = silent) -> Classifier:
    """Return the model in the folder ``path``, checked and ready to predict.

    Raises
    ------
    UserError
        If it is no model folder, or an incomplete or altered one.
    """
    bundle = read_bundle(Path(path))
    setup = setup_for(bundle, listen)
    networks, kind = setup.networks, setup.engine
    if not bundle.backbone.builder and networks[0].content_sha256 != bundle.facts["weights"]["content_sha256"]:
        raise UserError(
            f"{path} was trained on {bundle.backbone.name} features of another version of headstart; train again."
        )
    if setup.dimension != bundle.head.dimension:
        raise UserError(f"{path} is refused: its head and its network don't fit together; fetch the model again.")
    pinned = as_trained(networks, bundle.precision, bundle.calibration, kind, listen)
    return Classifier(bundle, setup, pinned)
