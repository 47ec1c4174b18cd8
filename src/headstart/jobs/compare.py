"""``headstart compare``: every approach on the same held-out pictures, and a verdict."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from headstart.data.records import skipped_sentence
from headstart.data.split import READY_MADE, Split, read_split, write_split
from headstart.durations import seconds_of
from headstart.errors import MissingError, UserError
from headstart.jobs.command import command_of, name_of
from headstart.jobs.comparing.curve import curve_of
from headstart.jobs.comparing.judged import Tested, entries_of, in_order, tested, verdict_of
from headstart.jobs.comparing.parts import Part
from headstart.jobs.comparing.place import BEST, MODEL, PARTS, PREDICTIONS, SPLIT, begin, check_place
from headstart.jobs.comparing.planned import Planned, planned, planned_on_source
from headstart.jobs.comparing.repeated import repeats_of
from headstart.jobs.comparing.running import Ground, Ran, model_of, run_all, run_best_without_model
from headstart.jobs.comparing.seeing import seen
from headstart.jobs.comparing.source import pretrained, source_folder
from headstart.jobs.comparing.written import check_language, write_reports, write_results
from headstart.jobs.environment import environment
from headstart.jobs.extraction import store_of
from headstart.jobs.holdout import Prepared, opened_once_more, prepared_split, summary
from headstart.jobs.learning import Given
from headstart.jobs.outcome import Answers, dataset_document, facts_of
from headstart.jobs.pictures import check_classes_left, pictures_of
from headstart.jobs.places import remember_place
from headstart.jobs.seen import without_pictures_seen, without_pictures_seen_by_any
from headstart.judge.statements import repeats_statements
from headstart.learn.approaches import FROZEN, HANDCRAFTED, SCRATCH
from headstart.manifests import FORMAT
from headstart.progress import Entered, Listener, once_each
from headstart.report.words import sentence_of
from headstart.settings import CompareSettings, TrainSettings, as_document, shared
from headstart.ship.bundle import Bundle, read_bundle, write_bundle, write_predictions
from headstart.ship.model_card import model_card

CURVE_DRAWS = 5
_CURVE_SHARE = 0.25  # of the budget, beside it, for the points of a network from scratch


def run_compare(settings: CompareSettings, listen: Listener) -> dict[str, Any]:
    """Compare approaches on one split, write the report, the results and the best model, and return the results.

    What is done is kept in ``out``: the same command goes on after a kill, and more approaches can be added later. The
    results are those of ``results.json`` (``docs/formats.md``).

    Raises
    ------
    UserError
        For settings or data that the user can put right.
    MissingError
        If nothing that was asked for is installed.
    KeyboardInterrupt
        If the user ended it before any approach was done.
    """
    begun, listen = time.monotonic(), once_each(listen)
    budget = seconds_of(settings.budget, "--budget")
    check_language(settings.lang)
    if settings.repeats < 1:
        raise UserError(f"--repeats {settings.repeats}: at least 1.")
    if settings.split and settings.repeats > 1:
        raise UserError("--repeats draws a split for each repeat, and --split names one; leave one of them out.")
    plans = planned(settings)
    _check_installed(plans)
    check_place(settings.out, settings.data)
    lock = read_split(settings.split) if settings.split else None
    with (
        store_of(settings.cache, settings.no_cache, settings.data, listen) as store,
        pictures_of(
            settings.data, listen, exclude=settings.exclude, group_by=settings.group_by, resplit=settings.resplit
        ) as pictures,
    ):
        check_classes_left(pictures)
        prepared = prepared_split(_base(settings), lock, pictures, listen)
        prepared = without_pictures_seen_by_any(prepared, (plan.wish.weights for plan in plans), listen)
        begin(settings.out)
        run = settings.out
        ground = Ground(pictures, prepared, store, run / PARTS, (run / BEST, run / MODEL), begun + budget)
        compared = _compared(settings, plans, ground, listen)
        on = tested(compared.prepared.dataset, compared.prepared.split, pictures.units(), compared.parts)
        bundle = _best_bundle(compared)
        results = _results(settings, compared, on, bundle, begun=begun, listen=listen)
    _write(settings, compared, on, bundle, results)
    remember_place(results["dataset"]["sha256"], settings.data)
    return results


@dataclass(frozen=True)
class Compared:
    """Approaches that ran, and the ground that they ran on; ``prepared`` lacks test pictures that a source has."""

    plans: Sequence[Planned]
    ground: Ground
    prepared: Prepared
    ran: Ran
    source: dict[str, Any] | None

    @property
    def parts(self) -> list[Part]:
        """What is done."""
        return list(self.ran.parts.values())

    def plan(self, part_id: str) -> Planned:
        """Return what was to be run under this id."""
        return next(plan for plan in self.plans if plan.id == part_id)


def _compared(settings: CompareSettings, plans: Sequence[Planned], ground: Ground, listen: Listener) -> Compared:
    ran, source, prepared, everything = Ran(), None, ground.prepared, list(plans)
    run_all(plans, ground, ran, listen)
    if settings.source and not ran.interrupted:
        folder = source_folder(settings.out, settings.source)
        source = pretrained(settings, folder, ground.end, ran, listen)
        if source:
            more = planned_on_source(settings, folder)
            prepared = without_pictures_seen(prepared, more[0].wish.weights, listen)
            run_all(more, ground, ran, listen)
            everything += more
    run_best_without_model(everything, ground, ran, listen)
    if ran.interrupted and not ran.parts:
        raise KeyboardInterrupt
    return Compared(everything, ground, prepared, ran, source)


def _results(
    settings: CompareSettings, compared: Compared, on: Tested, bundle: Bundle | None, *, begun: float, listen: Listener
) -> dict[str, Any]:
    ground, prepared, parts, ran = compared.ground, compared.prepared, compared.parts, compared.ran
    dataset = prepared.dataset
    listen(Entered("judging"))
    split = opened_once_more(prepared.split, settings.split, listen)
    entries = entries_of(parts, on, dataset, settings.seed)
    repeats = None
    if settings.repeats > 1 and not ran.interrupted:
        repeats = repeats_of(settings, ground, entries, ran, listen)
    document = verdict_of(entries, parts, on, settings.repeats if repeats else 1)
    statements = document["verdict"]["statements"] + repeats_statements(repeats)
    document["verdict"] |= {"statements": statements, "sentence": sentence_of(statements, "en")}
    curve = None
    if settings.curve and parts and not ran.interrupted:
        seconds = _CURVE_SHARE * seconds_of(settings.budget, "--budget")
        curve = curve_of(_on_curve(compared, entries), CURVE_DRAWS, seconds, listen)
    seeing = None
    if ran.best and bundle:
        best_frozen = next((n for n in in_order(entries) if compared.plan(n).way.family == FROZEN), None)
        seeing = seen(
            ran.best,
            bundle,
            on,
            ground.given(compared.plan(best_frozen)) if best_frozen else None,
            run=settings.out,
            with_pictures=not settings.no_pictures,
            listen=listen,
        )
    named = {name: [name_of(value) for value in getattr(settings, name)] for name in ("backbones", "weights")}
    return {
        "format": FORMAT,
        "kind": "comparison",
        "dataset": {"name": name_of(settings.data)}
        | dataset_document(dataset)
        | {"findings": [summary(f) | {"what": f.what, "advice": f.advice} for f in prepared.findings]},
        "split": {side: len(split.part(dataset.records, side)) for side in ("train", "val")}
        | {
            "test": len(on.labels),
            "groups": len(set(on.units)),
            "seed": split.seed,
            "rule": split.rule,
            "test_opened": split.test_opened,
            "sha256": split.sides_sha256,
        },
        "approaches": entries,
        "not_run": [{"id": name, **why} for name, why in ran.not_run.items()],
        **document,
        "curve": curve,
        "seeing": seeing,
        "repeats": repeats,
        "source": compared.source,
        "warnings": _warnings(settings, compared, entries, split),
        "environment": environment(entries[0]["engine"] if entries else "none"),
        "settings": as_document(settings) | named,
        "command": command_of("compare", settings, folders=False),
        "seconds": round(time.monotonic() - begun, 1),
    }


def _write(
    settings: CompareSettings, compared: Compared, on: Tested, bundle: Bundle | None, results: dict[str, Any]
) -> None:
    """Write everything; the reports last, for they are drawn from the rest."""
    run, parts = settings.out, compared.parts
    split = replace(compared.prepared.split, test_opened=results["split"]["test_opened"])
    said = {part.id: Answers(on.dataset, part.test.of(on.contents)).predictions(part.id) for part in parts}
    write_split(split, run / SPLIT)
    write_predictions((row for rows in said.values() for row in rows), run / PREDICTIONS)
    best = compared.ran.best
    if best and bundle:
        entry = next(each for each in results["approaches"] if each["id"] == best.id)
        facts = bundle.facts | facts_of(entry, results, bundle.facts["settings"])
        card = model_card(results, entry)
        write_bundle(run / MODEL, replace(bundle, facts=facts), results, split, said[best.id], card=card)
        shutil.rmtree(run / BEST, ignore_errors=True)
    write_results(results, run)
    write_reports(results, run, settings.lang, with_pictures=not settings.no_pictures)


def _base(settings: CompareSettings) -> TrainSettings:
    """Return settings of `train` as far as the split depends on them."""
    options = shared(settings, TrainSettings, but=("weights", "budget", "out"))
    return TrainSettings(out=settings.out / MODEL, **options)


def _check_installed(plans: Sequence[Planned]) -> None:
    """Raise `MissingError` if none of the approaches could be run here."""
    errors = []
    for plan in plans:
        try:
            plan.way.check_installed()
        except MissingError as error:
            errors.append(error)
    if len(errors) == len(plans):
        raise errors[0]


def _best_bundle(compared: Compared) -> Bundle | None:
    """Return the model of the best on val; None if nothing is done."""
    best = compared.ran.best
    if best is None:
        return None
    folder = model_of(best, compared.ground.models)
    assert folder  # noqa: S101 - it was written before its part was
    return read_bundle(folder)


def _on_curve(compared: Compared, entries: Sequence[dict[str, Any]]) -> list[Given]:
    """Return the approaches whose learning curves are drawn: the best of each family that has one."""
    plans = [compared.plan(name) for name in in_order(entries)]
    best = (next((p for p in plans if p.way.family == family), None) for family in (FROZEN, HANDCRAFTED, SCRATCH))
    return [compared.ground.given(plan) for plan in best if plan]


def _warnings(
    settings: CompareSettings, compared: Compared, entries: Sequence[dict[str, Any]], split: Split
) -> list[str]:
    """Return what belongs to the figures: of the data, of each approach by name, and of the winner's figures."""
    dataset = compared.prepared.dataset
    warnings = [*([skipped_sentence(dataset.skipped)] if dataset.skipped else []), *compared.prepared.warnings]
    warnings += [f"{entry['id']}: {warning}" for entry in entries for warning in entry["warnings"]]
    if compared.ran.interrupted:
        warnings.append("The comparison was ended early; the same command goes on with it.")
    if settings.repeats > 1 and split.rule.startswith(READY_MADE):
        warnings.append("The parts are ready-made: repeats differ in their seeds, and not in their pictures.")
    return warnings
