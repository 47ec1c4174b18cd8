"""One trial: settings of `train` in, figures on the val part out. The test part isn't there to be seen."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.jobs.learning import FAMILIES, Given, Learned
from headstart.jobs.learning.fine_tuned import trained_stages
from headstart.jobs.learning.from_scratch import trained_from_scratch
from headstart.jobs.learning.given import labels_of, of_sides, probabilities, vectors_for
from headstart.jobs.learning.on_features import learnt_on_features
from headstart.jobs.learning.training import Inputs, checkpoint_folder
from headstart.judge.judged import plain_figures
from headstart.learn.approaches import FINE_TUNE, FROZEN, HANDCRAFTED, SCRATCH
from headstart.learn.rules import plan_for
from headstart.learn.training.plan import Trained
from headstart.progress import Entered, Event, Listener, Said, Validated


@dataclass(frozen=True)
class OnVal:
    """How a trial did on the val part: natural ``log_loss`` and ``accuracy``.

    ``features`` are the seconds that went into what the store keeps; ``shortened`` says that the clock allowed a
    network fewer epochs than its plan has, ``interrupted`` that the user ended the training.
    """

    log_loss: float
    accuracy: float
    features: float
    shortened: bool = False
    interrupted: bool = False


class TimeUpError(Exception):
    """The clock ended what was going on."""


class HopelessError(Exception):
    """A training was ended early, since others did better at that epoch."""


def trial_given(given: Given, options: dict[str, Any], number: int, deadline: float | None) -> Given:
    """Return what a trial with these ``options`` of `train` is given: all of ``given`` but the test part.

    Checkpoints are known by ``--out``, so that each trial has one of its own, in which nothing is written.
    """
    settings = replace(given.settings, **options, out=_own_out(given.settings.out, number))
    wish = FAMILIES[given.way.family].wish(settings)
    return replace(given, settings=settings, wish=wish, deadline=deadline)


def remove_checkpoint(out: Path, number: int, approach: str) -> None:
    """Remove what a trial leaves in the cache that was killed, or ended early."""
    shutil.rmtree(checkpoint_folder(_own_out(out, number), approach), ignore_errors=True)


def _own_out(out: Path, number: int) -> Path:
    return out / f"trial-{number}"


def clocked(end: float, listen: Listener) -> Listener:
    """Return a listener that tells ``listen``, and raises `TimeUpError` after ``end``, by ``time.monotonic``."""

    def told(event: Event) -> None:
        if time.monotonic() > end:
            raise TimeUpError
        listen(event)

    return told


def trial_listener(
    name: str, listen: Listener, is_hopeless: Callable[[int, float], bool], *, silently: bool
) -> Listener:
    """Return who listens to a trial: stages get its ``name``, sentences are left out if ``silently``.

    It raises `HopelessError` after an epoch of which ``is_hopeless(epoch, loss)`` says so.
    """

    def told(event: Event) -> None:
        if isinstance(event, Validated):
            if is_hopeless(event.epoch, event.loss):
                raise HopelessError
        elif isinstance(event, Entered):
            listen(Entered(f"{name}: {event.stage}"))
        elif not (silently and isinstance(event, Said)):
            listen(event)

    return told


Judge = Callable[[Given, Listener], OnVal]


def judge_of(family: str) -> Judge:
    """Return what does and judges trials of a ``family``; it may keep what all of them share."""
    return _JUDGES[family]()


def _by_head() -> Judge:
    """A head is judged as `train` judges it, after its own calibration."""

    def judge(given: Given, listen: Listener) -> OnVal:
        learned = FAMILIES[given.way.family].learn(given, listen)
        return _head_on_val(given, learned)

    return judge


def _by_stages() -> Judge:
    """Last stages are judged by the best epoch of their training; they all start from the same frozen network."""
    kept: list[Learned] = []

    def judge(given: Given, listen: Listener) -> OnVal:
        if not kept:
            kept.append(learnt_on_features(given, listen))
        frozen = kept[0]
        inputs, done, seconds = trained_stages(replace(given, dataset=frozen.dataset), frozen, 0.0, listen)
        return _network_on_val(given, inputs, done, seconds["maps"])

    return judge


def _from_scratch() -> Judge:
    """A network is judged by the best epoch of its training."""

    def judge(given: Given, listen: Listener) -> OnVal:
        inputs, done, _ = trained_from_scratch(given, 0.0, listen)
        return _network_on_val(given, inputs, done, 0.0)

    return judge


_JUDGES: dict[str, Callable[[], Judge]] = {
    FROZEN: _by_head,
    HANDCRAFTED: _by_head,
    FINE_TUNE: _by_stages,
    SCRATCH: _from_scratch,
}


def _head_on_val(given: Given, learned: Learned) -> OnVal:
    val = vectors_for(learned.features, of_sides(learned.dataset, given.split, "val").records)
    figures = plain_figures(labels_of(val.dataset), probabilities(learned.val_head, val))
    return OnVal(float(figures["log_loss"] or 0), float(figures["accuracy"] or 0), learned.seconds["features"])


def _network_on_val(given: Given, inputs: Inputs, done: Trained, features: float) -> OnVal:
    facts, settings = done.facts, given.settings
    best = facts["history"][facts["best_epoch"] - 1]
    wished = plan_for(given.way.family, len(inputs.rows.train_labels), settings, settings.seed).epochs
    return OnVal(
        best["val_loss"],
        best["val_accuracy"],
        features,
        shortened=facts["epochs_planned"] < wished,
        interrupted=facts["stopped"] == "interrupted",
    )
