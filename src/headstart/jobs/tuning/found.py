"""What a search has found: the best settings so far, as options of `train`, and as a command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.documents import write_document
from headstart.folders import file_in_place_of
from headstart.jobs.command import command_of
from headstart.jobs.tuning.spaces import Space, options_of
from headstart.jobs.tuning.study import Tried
from headstart.manifests import FORMAT
from headstart.networks.backbones import Backbone
from headstart.settings import TrainSettings, TuneSettings, shared
from headstart.ship.bundle import FILES

STUDY, BEST, SPLIT, MODEL = "study.db", "best.json", "split.json", "model"
OURS = (STUDY, f"{STUDY}-journal", BEST, SPLIT, *(f"{MODEL}/{name}" for name in FILES))
"""What headstart writes into the folder of a search."""

FLATTERED = (
    "The val figures of the best trial are flattered, for it was chosen by them. The test figures aren't: no trial saw "
    "the test part."
)


@dataclass(frozen=True)
class Found:
    """What a search has found: its best trial and the fixed rule's own, and how many ended how.

    ``record`` is the network, where none was searched; ``importance`` as `Search.importance` gives it.
    """

    space: Space
    best: Tried
    rules_own: Tried
    counts: dict[str, int]
    record: Backbone
    importance: dict[str, float] | None = None
    interrupted: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """The best trial's options of `train`."""
        return options_of(self.best.chosen, self.record)

    def settings(self, base: TrainSettings) -> TrainSettings:
        """Return the settings by which the best is trained, into the folder ``base.out``."""
        return replace(base, **self.options, out=base.out / MODEL, split=base.out / SPLIT)

    def document(self, base: TrainSettings) -> dict[str, Any]:
        """Return what is kept of it while the search goes on."""
        return {
            "approach": base.approach,
            "options": {name: list(v) if isinstance(v, tuple) else v for name, v in self.options.items()},
            "trial": self.best.number,
            "val": on_val(self.best),
            "default_val": on_val(self.rules_own),
            "val_sentence": FLATTERED,
            "trials": self.counts,
            "command": command_of("train", self.settings(base)),
        }

    def sentence(self) -> str:
        """Return what is said of a trial that is better than all before it."""
        best = self.best
        chosen = ", ".join(f"{name} {_shown(value)}" for name, value in best.chosen.items())
        whose = " (the fixed rule's)" if best.number == self.rules_own.number else ""
        figures = f"log loss {best.loss:.4f}, accuracy {best.figures['accuracy']:.3f} on val"
        return f"Trial {best.number}: {figures}, with {chosen}{whose}."


def on_val(tried: Tried) -> dict[str, float]:
    """Return the figures of a trial that are told."""
    return {name: round(float(tried.figures[name]), 6) for name in ("log_loss", "accuracy")}


def train_settings(settings: TuneSettings) -> TrainSettings:
    """Return the settings of `train` that say the same, without a budget."""
    return TrainSettings(**shared(settings, TrainSettings, but=("budget",)))


def write_best(found: Found, settings: TuneSettings) -> None:
    """Write what was found so far into the folder of the search, whole or not at all."""
    with file_in_place_of(settings.out / BEST) as partial:
        write_document({"format": FORMAT, **found.document(train_settings(settings))}, partial)


def halves_in(out: Path) -> list[Path]:
    """Return what a kill left in the folder of a search of a file, or a model, that was to take its place."""
    if not (out / STUDY).is_file():
        return []
    return [
        half for name in (BEST, SPLIT, MODEL) for end in ("partial", "old") for half in out.glob(f".{name}.*.{end}")
    ]


def _shown(value: object) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)
