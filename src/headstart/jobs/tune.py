"""``headstart tune``: what the fixed rule chooses is tried first, then what may be better, until the time is up."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from headstart import __version__
from headstart.data.split import Split, read_split, write_split
from headstart.durations import seconds_of
from headstart.errors import UserError
from headstart.folders import check_out, scratch_folder
from headstart.jobs.extraction import store_of
from headstart.jobs.holdout import opened_once_more, prepared_split
from headstart.jobs.learning import FAMILIES, Given
from headstart.jobs.learning.given import given_of
from headstart.jobs.learning.options import check_options
from headstart.jobs.pictures import pictures_of
from headstart.jobs.seen import without_pictures_seen
from headstart.jobs.train import run_train
from headstart.jobs.tuning.found import BEST, OURS, SPLIT, STUDY, Found, halves_in, train_settings
from headstart.jobs.tuning.search import SLOWER, Clock, Searching
from headstart.jobs.tuning.spaces import Space, space_of
from headstart.jobs.tuning.study import check_installed, is_search, opened_search
from headstart.jobs.tuning.trials import TimeUpError, clocked
from headstart.learn.approaches import approach
from headstart.manifests import FORMAT
from headstart.progress import Listener, Said, silent
from headstart.settings import TrainSettings, TuneSettings, as_document

_TO_JUDGE_SECONDS = {True: 12.0, False: 1.0}
"""What follows the last training: of a network, which has to be converted first, or of a head."""


def run_tune(settings: TuneSettings, listen: Listener) -> dict[str, Any]:
    """Search for better settings than the fixed rule's, train the best once, judge it, and return what was found.

    The folder ``out`` holds the search, which the same settings go on with, the best so far, and at the end a model;
    see ``docs/formats.md``.

    Raises
    ------
    UserError
        For settings or data that the user can put right, a budget that is too small, or another search in ``out``.
    MissingError
        If Optuna, weights or a backend can't be had.
    KeyboardInterrupt
        If the user ended it before anything was found, or while the best was trained.
    """
    begun = time.monotonic()
    budget = seconds_of(settings.budget, "--budget")
    base = train_settings(settings)
    _check(settings, base)
    with _vectors_kept(settings) as kept:
        try:
            found = _found(settings, replace(base, **kept), begun, listen)
        except TimeUpError:
            raise UserError(
                f"--budget {settings.budget} is too small: the pictures must be read, the fixed rule's own settings be "
                "tried, and time be left to train once more. Give it more; what was computed is kept."
            ) from None
        searched = time.monotonic()
        listen(Said(f"The search ended; {settings.out / BEST} has the best, which is trained now."))
        last = replace(found.settings(base), **kept)
        if approach(base.approach).trains_a_network:
            last = replace(last, budget=f"{max(1, int(begun + budget - searched))}s")
        results = run_train(last, listen)
    if settings.split:
        opened_once_more(read_split(settings.split), settings.split, silent)
    entry = results["approaches"][0]
    shortened = [_CUT_SHORT] if found.best.figures["shortened"] else []
    return {
        "format": FORMAT,
        **found.document(base),
        "searched": _searched_document(found.space),
        "importance": found.importance,
        "interrupted": found.interrupted,
        "model": {name: entry[name] for name in ("id", "val", "test")},
        "split": results["split"],
        "warnings": [*shortened, *results["warnings"]],
        "seconds": {"search": round(searched - begun, 1), "training": round(time.monotonic() - searched, 1)},
        "environment": results["environment"],
        "settings": as_document(settings),
    }


def _check(settings: TuneSettings, base: TrainSettings) -> None:
    """Raise what is wrong with the settings, as far as that can be told before a picture is read."""
    way = approach(base.approach)
    check_options(base, way)
    if settings.trials is not None and settings.trials < 1:
        raise UserError(f"--trials {settings.trials}: at least 1.")
    FAMILIES[way.family].wish(base)
    check_installed()
    way.check_installed()
    halves = halves_in(settings.out)
    names = [file.relative_to(settings.out).as_posix() for half in halves for file in (half, *half.rglob("*"))]
    check_out(settings.out, settings.data, {*OURS, *names}, STUDY)
    study = settings.out / STUDY
    if study.exists() and not is_search(study):
        raise UserError(f"{study} is no file of tune's; name a new folder, or delete it to search anew.")
    for half in halves:
        shutil.rmtree(half) if half.is_dir() else half.unlink()


@contextmanager
def _vectors_kept(settings: TuneSettings) -> Iterator[dict[str, Any]]:
    """Yield options under which trials and the last training share vectors: with --no-cache for this search alone."""
    if not settings.no_cache:
        yield {}
        return
    with scratch_folder() as folder:
        yield {"cache": folder, "no_cache": False}


def _found(settings: TuneSettings, base: TrainSettings, begun: float, listen: Listener) -> Found:
    """Return what a search finds in the pictures that had begun at that ``time.monotonic``."""
    budget, way = seconds_of(settings.budget, "--budget"), approach(base.approach)
    wish = FAMILIES[way.family].wish(base)
    lock = read_split(base.split) if base.split else None
    ticking = clocked(begun + budget, listen)
    with (
        store_of(base.cache, base.no_cache, base.data, listen) as store,
        pictures_of(base.data, ticking, exclude=base.exclude, group_by=base.group_by, resplit=base.resplit) as pictures,
    ):
        whole = prepared_split(base, lock, pictures, listen)
        prepared = without_pictures_seen(whole, wish.weights, listen)
        given = given_of(base, way, wish, prepared=prepared, pictures=pictures, store=store)
        given = replace(given, dataset=given.part("train", "val"))
        if not given.part("val").records:
            raise UserError(f"{given.dataset.name} has no val part, by which trials could be judged; add pictures.")
        overhead = SLOWER * (time.monotonic() - begun) + _TO_JUDGE_SECONDS[way.trains_a_network]
        test_share = len(prepared.dataset.records) / len(given.dataset.records) - 1
        clock = Clock(budget, begun + budget, overhead, test_share, way.trains_a_network)
        space = space_of(given)
        base.out.mkdir(parents=True, exist_ok=True)
        with opened_search(base.out / STUDY, _identity(settings, given, space), space, settings.seed) as search:
            _lock(whole.split, base.out / SPLIT)
            found = Searching(settings, given, space, search, clock).found(listen)
            return replace(found, importance=search.importance())


def _searched_document(space: Space) -> dict[str, Any]:
    return {name: dimension.document() for name, dimension in space.items()}


_CUT_SHORT = (
    "The trainings of the search were cut short to fit into the budget, all in the same way; the last one went on as "
    "long as it could."
)

_MAY_CHANGE = ("data", "out", "approach", "budget", "trials", "split", "offline", "cache", "no_cache")
"""What a search may go on with as it likes, or what is compared in another way."""


def _identity(settings: TuneSettings, given: Given, space: Space) -> dict[str, Any]:
    """Return what must be the same for a search to go on."""
    options = {each.name: getattr(settings, each.name) for each in fields(settings) if each.name not in _MAY_CHANGE}
    return {
        "dataset": given.dataset.sha256,
        "split": given.split.sides_sha256,
        "approach": settings.approach,
        "settings": {name: list(v) if isinstance(v, tuple) else v for name, v in options.items()},
        "searched": _searched_document(space),
        "headstart": __version__,
    }


def _lock(split: Split, path: Path) -> None:
    """Write the split that all trials and the last training share, unless it is there and counts already."""
    with suppress(UserError):
        if read_split(path).sides == split.sides:
            return
    write_split(split, path)
