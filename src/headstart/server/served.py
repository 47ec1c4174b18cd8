"""What can be served, behind one small protocol: a model folder, or an export that OpenVINO runs by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from headstart.data.decode import Geometry
from headstart.features.engine import engine_name
from headstart.jobs.classifier import load
from headstart.jobs.looking import Looking, Squares
from headstart.learn.heads import Floats
from headstart.manifests import EXPORT, MANIFEST
from headstart.progress import Listener
from headstart.server.facts import facts_of
from headstart.server.served_export import served_export
from headstart.ship.bundle import Bundle
from headstart.ship.neighbours import Neighbours, read_neighbours


class Served(Protocol):
    """A model that answers for pictures."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the probabilities."""
        ...

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """What pictures are brought to: one for each of the model's sizes, never mirrored."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """What a client may know of the model."""
        ...

    @property
    def bundle(self) -> Bundle | None:
        """The model folder's content; an export has none."""
        ...

    @property
    def looking(self) -> Looking | None:
        """The same, ready to run."""
        ...

    @property
    def neighbours(self) -> Neighbours | None:
        """The training pictures that the model carries."""
        ...

    @property
    def parallel(self) -> int:
        """How many pictures are worked on at once."""
        ...

    def probabilities(self, pictures: Sequence[Squares]) -> Iterator[tuple[int, Floats]]:
        """Yield each picture's position and its ``(n_classes,)`` float32 probabilities, in the order of completion."""
        ...


@dataclass(frozen=True)
class ServedModel:
    """A model folder; see `Served`."""

    classes: tuple[str, ...]
    geometries: tuple[Geometry, ...]
    facts: dict[str, Any]
    bundle: Bundle
    looking: Looking
    neighbours: Neighbours | None

    @property
    def parallel(self) -> int:
        """How many pictures are worked on at once."""
        return min(engine.parallel for engine in self.looking.engines.values())

    def probabilities(self, pictures: Sequence[Squares]) -> Iterator[tuple[int, Floats]]:
        """Yield positions and probabilities; see `Served`."""
        return self.looking.probabilities(pictures)


def served(path: Path, listen: Listener) -> Served:
    """Return the model, or the export, in the folder ``path``, checked and warm.

    Raises
    ------
    UserError
        If it is neither, or an incomplete or altered one, or an export to another format than OpenVINO's.
    """
    model: Served = served_export(path) if _is_export(path) else _served_model(path, listen)
    # What is compiled at the first picture is compiled now.
    blank = {each.size: np.zeros((each.size, each.size, 3), np.uint8) for each in model.geometries}
    for _ in model.probabilities([blank]):
        pass
    return model


def _served_model(path: Path, listen: Listener) -> Served:
    classifier = load(path, listen)
    bundle, recipe = classifier.bundle, classifier.bundle.recipe
    looking = Looking(bundle, classifier.networks, classifier.setup.engine)
    told = {
        **bundle.facts,
        "backbone": bundle.backbone.name,
        "head": bundle.head.kind,
        "features": recipe.document(),
        "precision": classifier.networks[0].precision,
    }
    facts = facts_of(told, bundle.facts.get("test", {}), bundle.classes, engine_name(looking.kind))
    geometries = tuple(Geometry(size, recipe.fit) for size in recipe.sizes)
    neighbours = read_neighbours(path, bundle.head.dimension, len(bundle.classes))
    return ServedModel(bundle.classes, geometries, facts, bundle, looking, neighbours)


def _is_export(path: Path) -> bool:
    """Return whether the folder says that it is an export; what is wrong with it is said by who reads it."""
    try:
        return bool(json.loads((path / MANIFEST).read_bytes())["kind"] == EXPORT.name)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
