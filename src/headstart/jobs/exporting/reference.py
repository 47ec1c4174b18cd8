"""What a model itself says of pictures, in f32 and in its own precision: what an export is compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset, PictureRecord
from headstart.data.views import WHOLE
from headstart.errors import UserError
from headstart.features.store import store_in_memory
from headstart.jobs.classifier import setup_for
from headstart.jobs.extraction import Features
from headstart.jobs.precision import as_trained
from headstart.learn.heads import Floats
from headstart.progress import Listener
from headstart.ship.bundle import Bundle


@dataclass(frozen=True)
class Reference:
    """What the model says of the pictures in ``dataset``.

    ``features`` is ``(n_pictures, dimension)``, ``f32`` and ``own`` are ``(n_pictures, n_classes)``, all float32: in
    f32, and what it says in its own precision, None if that is f32 or can't be had here.
    """

    dataset: Dataset
    features: Floats
    f32: Floats
    own: Floats | None

    @property
    def labels(self) -> NDArray[np.intp]:
        """The class of each picture, ``(n_pictures,)``."""
        return np.array([self.dataset.label_index(record) for record in self.dataset.records], np.intp)

    @property
    def records(self) -> tuple[PictureRecord, ...]:
        """The pictures."""
        return self.dataset.records


def reference_of(bundle: Bundle, dataset: Dataset, listen: Listener) -> Reference:
    """Return what the model says of ``dataset``, computed anew; a picture that can't be read any more is left out.

    Raises
    ------
    UserError
        If none can be read.
    """
    setup = setup_for(bundle, listen)
    networks = as_trained(setup.networks, bundle.precision, bundle.calibration, setup.engine, listen)
    with store_in_memory() as store:
        plain = Features(dataset, setup, setup.networks, (WHOLE,), store).complete(listen)
        if not plain.dataset.records:
            raise UserError(f"{dataset.name}: none of the model's test pictures can be read here.")
        features = plain.matrix()
        own = None
        if networks != setup.networks:
            rounded = Features(plain.dataset, setup, networks, (WHOLE,), store).complete(listen)
            own = bundle.head.predict_proba(rounded.matrix())
    return Reference(plain.dataset, features, bundle.head.predict_proba(features), own)
