"""The table of approaches. A new way to learn is one new entry here and a file of its own."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.errors import UserError, nearest
from headstart.learn.head_fits import HEAD_FITS, FitInPasses, HeadFit
from headstart.networks.keras_backend import required_training_backend

FROZEN, HANDCRAFTED, FINE_TUNE, SCRATCH = "frozen", "handcrafted", "fine-tune", "scratch"

_TRAINING = ("epochs", "learning_rate", "batch_size", "augment", "label_smoothing", "budget")
_NETWORK = ("backbone", "weights", "layer", "pool", "scale", "combine", "flip", "l2", "engine", "precision", "offline")
_ONE_LOOK = ("backbone", "weights", "scale", "engine", "precision", "offline")
OPTIONS = {
    FROZEN: (*_NETWORK, "folds", "refit"),
    HANDCRAFTED: ("folds", "refit"),
    FINE_TUNE: (*_ONE_LOOK, *_TRAINING, "unfreeze", "views", "map_budget"),
    SCRATCH: ("scale", "engine", "precision", *_TRAINING, "blocks", "width"),
}
"""The options of `train` that mean something to each family, beside those that mean the same to all."""

_EVERY_FAMILYS = frozenset(name for names in OPTIONS.values() for name in names)


@dataclass(frozen=True)
class Approach:
    """One way to learn: what makes vectors of pictures, and what is fitted to them.

    ``family`` says where vectors come from: a frozen network, hand-crafted features, or a network that is trained
    (fine-tune, scratch). ``head`` is what is fitted to vectors; for a network that is trained, what it starts from,
    if any. Whatever it is, learning sees the train part, and for stopping and choosing the val part; never the test
    part.
    """

    name: str
    family: str
    summary: str
    head: HeadFit | None

    @property
    def trains_a_network(self) -> bool:
        """Whether it changes a network, and not only a head."""
        return self.family in (FINE_TUNE, SCRATCH)

    @property
    def in_passes(self) -> FitInPasses | None:
        """How its head is fitted to features that memory doesn't hold; None if it can't be."""
        return self.head.in_passes if self.head else None

    def takes(self, option: str) -> bool:
        """Return whether the option of `train` means something to this approach."""
        return option not in _EVERY_FAMILYS or option in OPTIONS[self.family]

    def check_installed(self) -> None:
        """Raise `MissingError` if what this approach needs isn't installed."""
        if self.trains_a_network or (self.head and self.head.needs_training_backend):
            required_training_backend(self.name)


def _on_features(family: str, head: str, features: str) -> Approach:
    return Approach(f"{family}+{head}", family, f"{HEAD_FITS[head].summary}, on {features}", HEAD_FITS[head])


APPROACHES: dict[str, Approach] = {
    entry.name: entry
    for entry in (
        *(_on_features(FROZEN, head, "the frozen network's features") for head in HEAD_FITS),
        *(
            _on_features(HANDCRAFTED, head, "grey values, colours, gradients and textures")
            for head in ("svm", "logistic", "tree", "forest")
        ),
        Approach(
            FINE_TUNE,
            FINE_TUNE,
            "the frozen network's softmax layer first, then its last stages with it (LP-FT)",
            HEAD_FITS["logistic"],
        ),
        Approach(SCRATCH, SCRATCH, "a small VGG-style network, trained from nothing on these pictures alone", None),
    )
}


COMPARED = (
    "handcrafted+svm",
    "handcrafted+tree",
    "handcrafted+logistic",
    "frozen+logistic",
    "frozen+svm",
    "frozen+tree",
    "frozen+knn",
    "frozen+mlp",
    "scratch",
    "fine-tune",
)
"""What is compared where nothing is named: every kind of learning, and what most people would try of it."""


def approach(name: str) -> Approach:
    """Return the entry ``name``; raise `UserError` with the nearest name if there is none."""
    if name in APPROACHES:
        return APPROACHES[name]
    raise UserError(f"No approach is called {name!r}.{nearest(name, APPROACHES)} Choose from: {', '.join(APPROACHES)}.")
