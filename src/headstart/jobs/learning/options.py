"""Options of `train` that mean nothing to an approach are refused: none is silently ignored."""

from __future__ import annotations

from dataclasses import fields

from headstart.errors import UserError, check_choice
from headstart.learn.approaches import APPROACHES, SCRATCH, Approach
from headstart.learn.class_weights import CLASS_WEIGHTS
from headstart.learn.rules import DEFAULT_BUDGET
from headstart.settings import TrainSettings

REFITS = ("none", "train+val")


def check_options(settings: TrainSettings, way: Approach) -> None:
    """Raise `UserError` for an option that means nothing to the approach, or a name that isn't known."""
    check_choice("--class-weight", settings.class_weight, CLASS_WEIGHTS)
    check_choice("--refit", settings.refit, REFITS)
    for field in fields(settings):
        if field.name in ("data", "out") or getattr(settings, field.name) == field.default or way.takes(field.name):
            continue
        takers = [other.name for other in APPROACHES.values() if other.takes(field.name)]
        raise UserError(
            f"--{field.name.replace('_', '-')} means nothing to {way.name}; leave it out (it is for "
            f"{_in_short(takers)})."
        )


def budget_of(settings: TrainSettings, way: Approach) -> str | None:
    """Return the time that may be spent in all: what the settings say, or what the approach has by default."""
    return settings.budget or (DEFAULT_BUDGET[SCRATCH] if way.family == SCRATCH else None)


def _in_short(names: list[str]) -> str:
    """Return names of approaches in few words: frozen+... for all heads on a frozen network."""
    families = dict.fromkeys(name.split("+")[0] + ("+..." if "+" in name else "") for name in names)
    return ", ".join(families)
