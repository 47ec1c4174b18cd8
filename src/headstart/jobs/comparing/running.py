"""The approaches of a comparison run one after the other; one that fails is told and doesn't end the others."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headstart.durations import in_time
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.features.store import FeatureStore
from headstart.folders import file_digest
from headstart.jobs.comparing.parts import Part, as_json, read_part, remove_part, said_of, write_part
from headstart.jobs.comparing.planned import Planned
from headstart.jobs.environment import environment
from headstart.jobs.holdout import Prepared
from headstart.jobs.learning import FAMILIES, Given, Learned
from headstart.jobs.learning.given import given_of, labels_of
from headstart.jobs.outcome import answers_of, bundle_of, entry_of, settings_document
from headstart.jobs.pictures import Pictures
from headstart.judge.judged import plain_figures
from headstart.manifests import MANIFEST, MODEL, read_manifest
from headstart.progress import Entered, Listener, Said, Standing, Stood
from headstart.settings import as_document
from headstart.ship.bundle import write_model

LEAST_SECONDS = 60.0
"""What a network gets to be trained in, even where the budget is used up: less is no trial of it."""

MISSING, FAILED, STOPPED = "missing", "failed", "stopped"
"""Why an approach wasn't run to its end: something isn't installed; it went wrong; the user ended the comparison."""


@dataclass(frozen=True)
class Ground:
    """What all approaches of a comparison share.

    ``parts`` is the folder where what is done is kept; ``models`` are those where the best model may be, the first of
    which is written while approaches run; without any no model is wanted. ``end`` is when the budget is used up, by
    ``time.monotonic``.
    """

    pictures: Pictures
    prepared: Prepared
    store: FeatureStore
    parts: Path
    models: tuple[Path, ...]
    end: float

    def given(self, plan: Planned, deadline: float | None = None) -> Given:
        """Return what one approach learns from."""
        return given_of(
            plan.settings,
            plan.way,
            plan.wish,
            prepared=self.prepared,
            pictures=self.pictures,
            store=self.store,
            deadline=deadline,
        )

    def identity(self, plan: Planned) -> dict[str, Any]:
        """Return what must be the same for a part that was kept to hold."""
        return {
            "dataset": self.prepared.dataset.sha256,
            "split": self.prepared.split.sides_sha256,
            "weights": _weights_known(plan.wish.weights),
            "settings": as_document(plan.settings),
        }


def _weights_known(weights: str) -> str:
    """Return what tells these weights from others: of a file its digest, of a folder that of its manifest."""
    place = Path(weights)
    file = place / MANIFEST if place.is_dir() else place
    return file_digest(file) if file.is_file() else weights


@dataclass
class Ran:
    """What came of a comparison's approaches: those that are done, why others aren't, and whether the user ended it.

    ``order`` are the ids of all, as they are to stand in the results.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    not_run: dict[str, dict[str, str]] = field(default_factory=dict)
    interrupted: bool = False
    order: list[str] = field(default_factory=list)

    @property
    def best(self) -> Part | None:
        """The best on val; of several the first, by ``order``."""
        return max(self.parts.values(), key=lambda part: part.merit, default=None)

    def add(self, part: Part) -> None:
        """Add an approach that is done, at its place in ``order``, whenever it was run."""
        parts = {**self.parts, part.id: part}
        self.parts = {name: parts[name] for name in self.order if name in parts}

    def would_be_best(self, part: Part) -> bool:
        """Return whether ``part`` would be the best if it were added."""
        added = replace(self)
        added.add(part)
        return added.best is part

    def is_open(self, plan: Planned) -> bool:
        """Return whether the approach is still to be run."""
        return plan.id not in self.parts and plan.id not in self.not_run


def run_all(plans: Sequence[Planned], ground: Ground, ran: Ran, listen: Listener) -> None:
    """Run ``plans``, but for what is kept of an earlier run, and add what came of them to ``ran``.

    Ctrl-C ends it with what is done; what was running is lost, but for a network in training, whose best epoch so far
    counts.
    """
    ran.order += [plan.id for plan in plans if plan.id not in ran.order]
    kept = _take_up(plans, ground, ran)
    if kept:
        listen(Said(f"{kept} of {len(plans)} approaches were done before, and are kept."))
    _run_open(plans, ground, ran, listen)
    listen(_stood(plans, ran, ground, None))


def run_best_without_model(plans: Sequence[Planned], ground: Ground, ran: Ran, listen: Listener) -> None:
    """Run the best again if it was kept and its model wasn't, for a model of a better one took its place.

    If that fails, or the user has ended the comparison, the next best must have its model.
    """
    for _ in plans:
        best = ran.best
        if best is None or model_of(best, ground.models):
            break
        remove_part(ground.parts, best.id)
        del ran.parts[best.id]
        _run_open(plans, ground, ran, listen)


def _run_open(plans: Sequence[Planned], ground: Ground, ran: Ran, listen: Listener) -> None:
    for plan in filter(ran.is_open, plans):
        if ran.interrupted:
            ran.not_run[plan.id] = {"reason": STOPPED, "why": "The comparison was ended before its turn."}
            continue
        listen(_stood(plans, ran, ground, plan))
        try:
            _run(plan, ground, ran, [each for each in plans if ran.is_open(each)], listen)
        except KeyboardInterrupt:
            ran.interrupted = True
            if ran.is_open(plan):
                ran.not_run[plan.id] = {"reason": STOPPED, "why": "The comparison was ended while it ran."}
        except MissingError as error:
            _left_out(plan, MISSING, str(error), ran, listen)
        except HeadstartError as error:
            _left_out(plan, FAILED, str(error).replace("--budget is", "its share of the budget is"), ran, listen)
        except OSError:
            raise  # a full disk: the others would fail too
        except Exception as error:  # whatever it is, the other approaches may still be compared
            first = (str(error).splitlines() or [""])[0]
            _left_out(plan, FAILED, f"It ended with an error ({type(error).__name__}: {first}).", ran, listen)


def _take_up(plans: Sequence[Planned], ground: Ground, ran: Ran) -> int:
    """Add what is kept of an earlier run and return how many."""
    before = len(ran.parts)
    for plan in plans:
        part = read_part(ground.parts, plan.id, ground.identity(plan))
        if part and not _may_go_on(part, ground):
            ran.add(part)
    return len(ran.parts) - before


def _may_go_on(part: Part, ground: Ground) -> bool:
    """Return whether it is a network that was starved by a smaller budget than it would have now."""
    training, had = part.entry.get("training"), part.entry["budget_seconds"]
    return bool(training and not training["converged"] and had < (ground.end - time.monotonic()) / 2)


def model_of(part: Part, folders: Sequence[Path]) -> Path | None:
    """Return the one of the ``folders`` that holds the part's model; None if none does."""
    for folder in folders:
        with suppress(UserError):
            if read_manifest(folder, MODEL).get("entry") == as_json(part.entry):
                return folder
    return None


def _run(plan: Planned, ground: Ground, ran: Ran, left: Sequence[Planned], listen: Listener) -> None:
    """Run one approach and keep what comes of it; ``left`` are those still to be run, this one among them."""
    plan.way.check_installed()
    begun = time.monotonic()
    budget = None
    if plan.way.trains_a_network:
        networks = sum(each.way.trains_a_network for each in left)
        budget = max(LEAST_SECONDS, (ground.end - begun) / networks)
        listen(Said(f"{plan.id} has {in_time(budget)} of the budget."))
    given = ground.given(plan, begun + budget if budget else None)
    listen(Entered(plan.id))
    learned = FAMILIES[plan.way.family].learn(given, listen)
    part = _part(plan, given, learned, budget)
    is_best = ran.would_be_best(part)
    ran.add(part)  # before anything of it is kept: Ctrl-C from here on can't undo that it is done
    if ground.models and is_best:
        facts = {"approach": plan.way.name, "entry": part.entry, "environment": environment(learned.features.engine)}
        facts |= {"weights": part.entry["weights"], "settings": settings_document(plan.settings, learned)}
        write_model(ground.models[0], bundle_of(given.dataset.classes, learned, facts))
    if learned.training and learned.training["stopped"] == "interrupted":
        ran.interrupted = True  # and it isn't kept: given more time it would go on
    else:
        write_part(ground.parts, part, ground.identity(plan))


def _part(plan: Planned, given: Given, learned: Learned, budget: float | None) -> Part:
    begun = time.monotonic()
    val, test = answers_of(learned, given.split)
    entry = entry_of(plan.way, learned) | {
        "seconds": learned.seconds | {"predict": round(time.monotonic() - begun, 3)},
        "val": plain_figures(labels_of(val.dataset), val.proba),
        "transfers": plan.transfers,
        "budget_seconds": round(budget, 1) if budget else None,
        "engine": learned.features.engine,
        "warnings": list(learned.warnings),
    }
    return Part(entry, said_of(val), said_of(test))


def _left_out(plan: Planned, reason: str, why: str, ran: Ran, listen: Listener) -> None:
    ran.parts.pop(plan.id, None)
    ran.not_run[plan.id] = {"reason": reason, "why": why}
    listen(Said(f"{plan.id} is left out: {why}"))


def _stood(plans: Sequence[Planned], ran: Ran, ground: Ground, running: Planned | None) -> Stood:
    """Return how far all approaches are, and what is left of the budget where networks are still to be trained."""

    def standing(plan: Planned) -> Standing:
        if part := ran.parts.get(plan.id):
            return Standing(plan.id, "done", part.entry["val"]["accuracy"], sum(part.entry["seconds"].values()))
        if plan.id in ran.not_run:
            return Standing(plan.id, "left out")
        return Standing(plan.id, "running" if plan is running else "waiting")

    trains = any(plan.way.trains_a_network and ran.is_open(plan) for plan in plans)
    left = max(0.0, ground.end - time.monotonic()) if trains else None
    return Stood(tuple(standing(plan) for plan in plans), left)
