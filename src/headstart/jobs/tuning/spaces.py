"""What `tune` searches: one table, an entry for each family of approaches, around what the fixed rule chooses.

How classes are weighted isn't searched: trials are judged by a log loss that counts every picture the same, which would
always be for no weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headstart.data.decode import FITS
from headstart.data.views import MOST_VIEWS
from headstart.errors import HeadstartError, UserError
from headstart.jobs.learning.given import Given
from headstart.learn import rules
from headstart.learn.approaches import FINE_TUNE, FROZEN, HANDCRAFTED, SCRATCH
from headstart.networks.backbones import BACKBONES, Backbone, backbone
from headstart.networks.cuts import AVERAGE, cut_text
from headstart.networks.weights import find_weights
from headstart.progress import silent
from headstart.settings import TrainSettings

Value = bool | int | float | str


@dataclass(frozen=True)
class Among:
    """One of some ``values``; ``rule`` is the fixed rule's."""

    values: tuple[Value, ...]
    rule: Value

    def document(self) -> list[Value]:
        """Return the values."""
        return list(self.values)


@dataclass(frozen=True)
class Between:
    """A number from ``low`` to ``high``, the same chance for each factor; ``rule`` is the fixed rule's."""

    low: float
    high: float
    rule: float

    def document(self) -> dict[str, float]:
        """Return the bounds."""
        return {"low": self.low, "high": self.high}


Space = dict[str, Among | Between]
"""What is searched, by the name of the option or of what several options say together."""

LARGER = 5 / 4
"""How much larger than its own size pictures may be for a frozen network."""

OWN, BESIDE, BOTH = "own", "larger", "both"
LAST, LAST_TWO = "last", "last two"


def space_of(given: Given) -> Space:
    """Return what is searched for the approach, the data, and what the user left open; values that are alone aside.

    Raises
    ------
    UserError
        If nothing is left open.
    """
    space = {
        name: dimension
        for name, dimension in SPACES[given.way.family](given).items()
        if isinstance(dimension, Between) or len(dimension.values) > 1
    }
    if not space:
        raise UserError(
            f"Nothing is left to be searched for {given.way.name} on these pictures; leave options out, or run "
            "`headstart train`."
        )
    return space


def rule_of(space: Space) -> dict[str, Value]:
    """Return what the fixed rule chooses."""
    return {name: dimension.rule for name, dimension in space.items()}


def size_of(space: Space) -> int | None:
    """Return how many combinations there are; None if a number between bounds is among them."""
    sizes = [len(each.values) for each in space.values() if isinstance(each, Among)]
    return math.prod(sizes) if len(sizes) == len(space) else None


def options_of(chosen: Mapping[str, Any], record: Backbone) -> dict[str, Any]:
    """Return what was ``chosen`` as options of `train`; ``record`` is the network, if none was chosen."""
    record = backbone(chosen["backbone"]) if "backbone" in chosen else record
    options = {name: value for name, value in chosen.items() if name not in ("layer", "scale")}
    if chosen.get("layer") == LAST_TWO:
        options["layer"] = _last_two(record)
    if isinstance(chosen.get("scale"), str):
        sizes = {OWN: (), BESIDE: (_larger(record),), BOTH: (record.image_size, _larger(record))}
        options["scale"] = sizes[chosen["scale"]]
    elif "scale" in chosen:
        options["scale"] = (chosen["scale"],)
    return {name: value for name, value in options.items() if value != ()}


def _frozen(given: Given) -> Space:
    record = given.wish.record
    space: Space = {"flip": Among((False, True), rule=False), "l2": Among((False, True), rule=False)}
    if len(record.stages) > 1:
        space["layer"] = Among((LAST, LAST_TWO), LAST)
    space["scale"] = Among((OWN, BESIDE, BOTH), OWN)
    if _is_open(given, "backbone") and _is_open(given, "weights"):
        space["backbone"] = Among(_installed(record), record.name)
    return space


def _handcrafted(given: Given) -> Space:
    fits = FITS if _is_open(given, "fit") else (given.settings.fit,)
    return {"fit": Among(tuple(fits), given.settings.fit)}


def _fine_tune(given: Given) -> Space:
    pictures = len(given.part("train").records)
    plan = rules.plan_for(FINE_TUNE, pictures, given.settings, given.settings.seed)
    views = rules.views_for(pictures)
    most = max(1, min(3, len(given.wish.record.stages) - 1))
    return {
        "learning_rate": _around(plan.learning_rate, 10),
        "unfreeze": Among(tuple(range(1, most + 1)), 1),
        "label_smoothing": _among(plan.label_smoothing, 0.0, 0.05, 0.1),
        "views": _among(views, 1, min(2 * views, MOST_VIEWS)),
        "epochs": _among(plan.epochs, max(1, plan.epochs // 2), 2 * plan.epochs),
    }


def _scratch(given: Given) -> Space:
    settings = given.settings
    plan = rules.plan_for(SCRATCH, len(given.part("train").records), settings, settings.seed)
    side = rules.side_for(given.sides)
    blocks = rules.blocks_for(side)
    sides = [each for each in rules.SIDES if each <= side]
    most = min(sides).bit_length() - 1  # a block halves the picture
    return {
        "learning_rate": _around(plan.learning_rate, 5),
        "width": _among(rules.WIDTH, rules.WIDTH // 2, rules.WIDTH * 3 // 2),
        "blocks": _among(blocks, *(each for each in (blocks - 1, blocks + 1) if 1 <= each <= most)),
        "augment": Among(("none", "light", "strong"), plan.augment),
        "label_smoothing": _among(plan.label_smoothing, 0.0, 0.1),
        "scale": _among(side, *sides),
    }


SPACES: dict[str, Callable[[Given], Space]] = {
    FROZEN: _frozen,
    HANDCRAFTED: _handcrafted,
    FINE_TUNE: _fine_tune,
    SCRATCH: _scratch,
}


def _around(rule: float, factor: float) -> Between:
    return Between(rule / factor, min(1.0, rule * factor), rule)


def _among(rule: Value, *others: Value) -> Among:
    return Among(tuple(sorted({rule, *others})), rule)


def _is_open(given: Given, option: str) -> bool:
    """Return whether the user left the option of `train` at its default."""
    default = TrainSettings.__dataclass_fields__[option].default
    return bool(getattr(given.settings, option) == default)


def _installed(own: Backbone) -> tuple[str, ...]:
    """Return the networks whose weights come as packages that are installed, and ``own``."""
    return tuple(record.name for record in BACKBONES.values() if record == own or _comes_with_a_package(record))


def _comes_with_a_package(record: Backbone) -> bool:
    if not record.package:
        return False
    try:
        find_weights(record, "imagenet", layer=AVERAGE, seed=0, offline=True, listen=silent)
    except HeadstartError:
        return False
    return True


def _last_two(record: Backbone) -> str:
    """Return the layers of the last stage and the one before it, side by side, as ``--layer`` takes them."""
    layers = f"{record.stages[-2]}+{AVERAGE}"
    cut_text(record, layers, "avg")
    return layers


def _larger(record: Backbone) -> int:
    return int(record.image_size * LARGER)
