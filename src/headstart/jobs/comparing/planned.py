"""Which approaches a comparison runs, each as settings of `train`, and in which order: cheapest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from headstart.errors import UserError, nearest
from headstart.jobs.comparing.place import PARTS
from headstart.jobs.learning import FAMILIES
from headstart.jobs.learning.options import check_options
from headstart.jobs.outcome import approach_id
from headstart.jobs.setup import Wish
from headstart.learn.approaches import COMPARED, FINE_TUNE, FROZEN, HANDCRAFTED, SCRATCH, Approach, approach
from headstart.settings import CompareSettings, TrainSettings, shared

ON_SOURCE = ("frozen+logistic", FINE_TUNE)
"""What is made of a network that was pretrained on a source of the user's own."""

_ORDER = (HANDCRAFTED, FROZEN, SCRATCH, FINE_TUNE)


@dataclass(frozen=True)
class Planned:
    """One approach to be run: its id in the results, and what `train` would be told to do the same."""

    id: str
    way: Approach
    wish: Wish
    settings: TrainSettings

    @property
    def transfers(self) -> bool:
        """Whether it begins with what a network has learnt elsewhere."""
        return self.way.family in (FROZEN, FINE_TUNE) and self.wish.weights != "none"


def planned(settings: CompareSettings) -> list[Planned]:
    """Return what is to be run, cheapest first; raise what is wrong with that before a picture is read."""
    ways = [approach(name) for name in settings.approaches or COMPARED]
    _check_backbones_are_meant(settings, ways)
    weights = weights_by_backbone(settings)
    return _in_order(
        _planned(settings, way, name, weights.get(name, "imagenet"))
        for way in ways
        for name in (settings.backbones if way.takes("backbone") else ("",))
    )


def _check_backbones_are_meant(settings: CompareSettings, ways: Sequence[Approach]) -> None:
    """Raise `UserError` for backbones and weights that none of the approaches begins with."""
    if any(way.takes("backbone") for way in ways):
        return
    for each in fields(CompareSettings):
        if each.name in ("backbones", "weights") and getattr(settings, each.name) != each.default:
            names = ", ".join(way.name for way in ways)
            raise UserError(f"--{each.name} means nothing to {names}; leave it out, or add frozen+logistic.")


def planned_on_source(settings: CompareSettings, folder: Path) -> list[Planned]:
    """Return what is to be run on the network that was pretrained into ``folder``."""
    names = settings.approaches or COMPARED
    wanted = [name for name in ON_SOURCE if name in names] or ON_SOURCE[:1]
    return _in_order(_planned(settings, approach(name), str(folder), "imagenet") for name in wanted)


def weights_by_backbone(settings: CompareSettings) -> Mapping[str, str]:
    """Return what ``--weights`` says of each backbone; raise `UserError` where it isn't clear which is meant."""
    backbones, found = settings.backbones, {}
    for value in settings.weights:
        name, is_named, weights = value.partition("=")
        if is_named and name in backbones:
            found[name] = weights
        elif value in ("imagenet", "none"):
            found |= dict.fromkeys(backbones, value)
        elif len(backbones) == 1:
            found[backbones[0]] = value
        else:
            raise UserError(
                f"--weights {value}: name one of the backbones it is for, as in --weights {backbones[0]}=FILE."
                f"{nearest(name, backbones) if is_named else ''}"
            )
    return found


def _planned(settings: CompareSettings, way: Approach, backbone_name: str, weights: str) -> Planned:
    """Return one approach; only options that mean something to it are handed on."""
    options = shared(settings, TrainSettings, but=("data", "out", "weights", "budget"))
    handed = {name: value for name, value in options.items() if way.takes(name)}
    if way.takes("backbone"):
        handed |= {"backbone": backbone_name, "weights": weights}
    trained = TrainSettings(settings.data, out=settings.out, approach=way.name, **handed)
    check_options(trained, way)
    wish = FAMILIES[way.family].wish(trained)
    name = approach_id(way, wish.record.name)
    return Planned(name, way, wish, replace(trained, out=settings.out / PARTS / name))  # checkpoints are known by it


def _in_order(found: Iterable[Planned]) -> list[Planned]:
    """Return approaches by what they cost: heads before networks that are trained, small backbones before large."""
    by_id: dict[str, Planned] = {}
    for each in found:
        other = by_id.setdefault(each.id, each)
        if other.wish.weights != each.wish.weights:
            raise UserError(
                f"{other.wish.weights} and {each.wish.weights} are both {each.wish.record.name}, and results couldn't "
                "tell them apart; compare them in two runs."
            )

    def cost(each: Planned) -> tuple[int, int, bool]:
        needs_keras = bool(each.way.head and each.way.head.needs_training_backend)
        return _ORDER.index(each.way.family), each.wish.record.parameters, needs_keras

    return sorted(by_id.values(), key=cost)
