"""``headstart report``: the report of a comparison drawn again from what is stored, beside another one if wished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.split import read_split
from headstart.errors import UserError
from headstart.jobs.comparing.place import PREDICTIONS, SPLIT, check_is_comparison
from headstart.jobs.comparing.written import check_language, read_results, write_reports
from headstart.judge.pairs import compared
from headstart.judge.verdict import EXPLORATORY, pair_document
from headstart.progress import Listener, Said
from headstart.settings import ReportSettings
from headstart.ship.bundle import HeldOutPrediction, read_predictions


def run_report(settings: ReportSettings, listen: Listener) -> dict[str, Any]:
    """Write ``report.html`` and ``report.md`` of the comparison in ``run`` anew, and return its results.

    Raises
    ------
    UserError
        If there is no finished comparison.
    """
    check_language(settings.lang)
    check_is_comparison(settings.run)
    results = read_results(settings.run)
    beside = None
    if settings.beside:
        check_is_comparison(settings.beside)
        beside = _beside(settings.run, results, settings.beside)
        if not beside["same_test"]:
            listen(Said(f"{settings.beside} was judged on other pictures: the difference of the two can't be tested."))
    write_reports(results, settings.run, settings.lang, with_pictures=not settings.no_pictures, beside=beside)
    return results


def _beside(run: Path, results: dict[str, Any], other: Path) -> dict[str, Any]:
    """Return another comparison, and its winner paired with ours if both were judged on the same pictures."""
    theirs = read_results(other)
    ours, others = _winners_answers(run, results), _winners_answers(other, theirs)
    labels = {path: row.label for path, row in ours.items()}
    if not labels or labels != {path: row.label for path, row in others.items()}:
        return {"results": theirs, "same_test": False, "pair": None}
    paths = sorted(labels)
    a_right, b_right = (np.array([rows[path].predicted == labels[path] for path in paths]) for rows in (ours, others))
    a, b = results["verdict"]["winner"], theirs["verdict"]["winner"]
    pair = pair_document(a, b, EXPLORATORY, compared(a_right, b_right, _units(run, paths)))
    return {"results": theirs, "same_test": True, "pair": pair}


def _winners_answers(run: Path, results: dict[str, Any]) -> dict[str, HeldOutPrediction]:
    """Return what the winner said of each test picture, by path; raise `UserError` if that can't be read."""
    try:
        rows = read_predictions(run / PREDICTIONS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{run / PREDICTIONS} can't be read ({error}); compare again.") from None
    return {row.path: row for row in rows if row.approach == results["verdict"]["winner"]}


def _units(run: Path, paths: Sequence[str]) -> list[int]:
    """Return the number of the unit of each picture, as the split has them."""
    split = read_split(run / SPLIT)
    unit_by_path = {split.paths[content]: unit for content, unit in split.units.items() if content in split.paths}
    alone = max(split.units.values(), default=-1) + 1
    return [unit_by_path.get(path, alone + number) for number, path in enumerate(paths)]
