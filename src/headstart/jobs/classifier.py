"""A model folder, loaded and ready to predict. Never imports Keras where OpenVINO is installed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset
from headstart.features.engine import Engine, engine_for
from headstart.features.extract import vectors_of
from headstart.features.store import FeatureStore
from headstart.jobs.extraction import extracted
from headstart.networks.converted import ConvertedNetwork, network_with
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
    network: ConvertedNetwork

    @functools.cached_property
    def engine(self) -> Engine:
        """What runs the network, started when it is first needed."""
        return engine_for(self.network)

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
        listen(Started(len(paths)))
        listen(Entered("predicting"))
        rows, failed = vectors_of(paths, [None] * len(paths), self.engine, self.bundle.geometry, listen)
        predictions = []
        for key, path in enumerate(paths):
            if key in failed:
                predictions.append(Prediction(path, error=failed[key]))
                continue
            # One row at a time: the result must not depend on what else was asked.
            proba = self.bundle.head.predict_proba(rows[key][np.newaxis])[0]
            order = np.argsort(-proba, kind="stable")[:top]
            predictions.append(Prediction(path, tuple((self.classes[i], float(proba[i])) for i in order)))
        return predictions

    def predict_proba(
        self, dataset: Dataset, store: FeatureStore | None, listen: Listener
    ) -> tuple[Dataset, NDArray[np.float32]]:
        """Return the readable part of ``dataset`` and its probabilities, ``(n_pictures, n_classes)`` float32."""
        features = extracted(dataset, self.network, self.bundle.geometry, store, listen)
        if not features.dataset.records:
            return features.dataset, np.empty((0, len(self.classes)), np.float32)
        return features.dataset, self.bundle.head.predict_proba(features.matrix)


def load(path: str | Path, listen: Listener = silent) -> Classifier:
    """Return the model in the folder ``path``, checked and ready to predict.

    Raises
    ------
    UserError
        If it is no model folder, or an incomplete or altered one.
    """
    bundle = read_bundle(Path(path))
    return Classifier(bundle, network_with(bundle.backbone, bundle.layer, bundle.backbone_arrays, listen))
