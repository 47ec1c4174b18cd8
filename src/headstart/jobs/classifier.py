"""A model folder, loaded and ready to predict. Never imports Keras where OpenVINO is installed."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.addresses import Address
from headstart.data.decode import Geometry
from headstart.data.records import Dataset
from headstart.data.views import WHOLE
from headstart.errors import UserError
from headstart.features.engine import Engine, Vector, engine_for, engine_kind
from headstart.features.extract import computed
from headstart.features.recipe import brought_together
from headstart.features.store import FeatureStore
from headstart.jobs.extraction import Features
from headstart.jobs.precision import as_trained
from headstart.jobs.setup import Setup
from headstart.networks.converted import ConvertedNetwork, network_with
from headstart.networks.cuts import sized
from headstart.progress import Entered, Listener, Said, Started, silent
from headstart.ship.bundle import Bundle, read_bundle

AT_ONCE = 2048
"""Pictures that pass the engine in one go. Between two goes it waits for the first picture of the next: the larger, the
rarer."""

AT_ONCE_FOR_LOOKS = 256
"""The same where a picture is looked at several times: all that is known of them is held until the last look."""

Top = tuple[tuple[str, float], ...]
"""Classes with their probabilities, most likely first."""

Answer = Top | str
"""What a model says of a picture, or the reason code why nothing."""


@dataclass(frozen=True)
class Prediction:
    """What the model says of one picture: its classes with probabilities, most likely first; or an ``error`` code."""

    path: Path
    top: Top = ()
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
        listen(Started(len(paths)))
        answers = self.answers(paths, top=top, listen=listen)
        return [
            Prediction(path, error=answer) if isinstance(answer, str) else Prediction(path, answer)
            for path, answer in zip(paths, answers, strict=True)
        ]

    def answers(
        self, files: Iterable[Path | Address], *, top: int | None = None, listen: Listener = silent
    ) -> Iterator[Answer]:
        """Yield what the model says of each picture, in the order given, as soon as it is known.

        However many pictures there are, some `AT_ONCE` of them are held at a time, without their pixels. Arguments as
        for `predict`.
        """
        listen(Entered("predicting"))
        looks = self.setup.recipe.looks()
        rest = iter(files)
        while some := list(islice(rest, AT_ONCE if len(looks) == 1 else AT_ONCE_FOR_LOOKS)):
            for row in self._vectors(some, looks, listen):
                yield row if isinstance(row, str) else self.answer(row, top)

    def answer(self, vector: NDArray[np.float32], top: int | None) -> Top:
        """Return the classes that the head finds for one picture's features, ``(1, dimension)`` float32."""
        # One row at a time: the result must not depend on what else was asked.
        proba = self.bundle.head.predict_proba(vector)[0]
        order = np.argsort(-proba, kind="stable")[:top]
        return tuple((self.classes[i], float(proba[i])) for i in order)

    def predict_proba(
        self, dataset: Dataset, store: FeatureStore, listen: Listener
    ) -> tuple[Dataset, NDArray[np.float32]]:
        """Return the readable part of ``dataset`` and its probabilities, ``(n_pictures, n_classes)`` float32."""
        features = Features(dataset, self.setup, self.networks, (WHOLE,), store).complete(listen)
        return features.dataset, self.bundle.head.predict_proba(features.matrix())

    def _vectors(
        self, files: Sequence[Path | Address], looks: Sequence[Geometry], listen: Listener
    ) -> Iterator[NDArray[np.float32] | str]:
        """Yield ``(1, dimension)`` features, or the reason why there are none, for each of ``files`` in their order."""
        last = self._seen(files, looks[-1], listen)
        # What needs several looks is passed once for each; the last pass completes pictures one by one.
        passes = [*(list(self._seen(files, look, silent)) for look in looks[:-1]), last]
        for rows in zip(*passes, strict=True):
            reason = next((row for row in rows if isinstance(row, str)), None)
            yield reason or brought_together(
                self.setup.recipe,
                {look: row for look, row in zip(looks, rows, strict=True) if not isinstance(row, str)},
                self.networks[0].lengths,
                WHOLE,
            )

    def _seen(
        self, files: Sequence[Path | Address], look: Geometry, listen: Listener
    ) -> Iterator[NDArray[np.float32] | str]:
        """Yield the network's ``(1, n)`` vector, or a reason, for each of ``files`` in their order."""
        made: dict[int, Vector | str] = {}
        following = 0
        for key, row in computed(files, [None] * len(files), self.engines[look.size], look, listen):
            made[key] = row
            while following in made:
                known = made.pop(following)
                yield known if isinstance(known, str) else known[np.newaxis]
                following += 1


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
    try:
        setup = setup_for(bundle, listen)
    except UserError:  # which speaks of a copy in our cache
        name = bundle.backbone.name
        raise UserError(
            f"{path} is refused: its arrays aren't those of {name}; train again or fetch the model again."
        ) from None
    sign = setup.networks[0].untrained
    if sign and bundle.facts.get("weights", {}).get("kind") != "none":
        listen(Said(f"Warning: {path} holds no trained {bundle.backbone.name}: {sign}."))
    networks, kind = setup.networks, setup.engine
    if not bundle.backbone.builder and networks[0].content_sha256 != bundle.facts["weights"]["content_sha256"]:
        raise UserError(
            f"{path} was trained on {bundle.backbone.name} features of another version of headstart; train again."
        )
    if setup.dimension != bundle.head.dimension:
        raise UserError(f"{path} is refused: its head and its network don't fit together; fetch the model again.")
    pinned = as_trained(networks, bundle.precision, bundle.calibration, kind, listen)
    return Classifier(bundle, setup, pinned)
