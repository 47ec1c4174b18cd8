"""Which pictures a training learns from and which it holds out, and what must be said of them before."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.audit import audit
from headstart.data.audit.finding import ERROR, NOTE, Audited, Finding
from headstart.data.duplicates import components, copies
from headstart.data.records import Dataset, Skipped
from headstart.data.split import (
    LEFT_OUT,
    Split,
    locked_split,
    new_split,
    read_split,
    without_copies_in_test,
    without_left_out,
    write_split,
)
from headstart.errors import UserError, first_three
from headstart.jobs.pictures import Pictures
from headstart.progress import Listener, Said
from headstart.settings import TrainSettings
from headstart.ship.bundle import SPLIT

_DEDUPED = ("duplicate-across-splits", "near-duplicate-across-splits")  # what --dedupe-test deals with
_LABELS_IN_DOUBT = ("similar-class-names",)


@dataclass(frozen=True)
class Prepared:
    """The pictures to use, their split, what was found wrong with the data, and what else belongs to the figures."""

    dataset: Dataset
    split: Split
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]


def prepared_split(settings: TrainSettings, lock: Split | None, pictures: Pictures, listen: Listener) -> Prepared:
    """Return the split that the settings ask for, having told what is wrong with the data.

    Raises
    ------
    UserError
        If the data can't be split, or isn't what ``lock`` was made of, or has copies across ready-made parts and
        the settings don't say what to do with them.
    """
    findings = [f for f in audit(Audited(pictures.inspected, pictures.together, settings.fit)) if f.severity != NOTE]
    listen(Said(f"Checked {len(pictures.dataset.records)} pictures: {_counted(findings)}."))
    warnings = [f"{f.code}: {f.what} {f.advice}" for f in findings if _is_told(f, settings)]
    if lock is not None:
        assert settings.split is not None  # noqa: S101 - the lock was read from there
        if settings.folds and settings.folds != len(set(lock.folds.values())):
            raise UserError(
                f"{settings.split} isn't a split into {settings.folds} folds; leave --folds or --split out."
            )
        dataset = without_left_out(pictures.dataset, lock)
        return Prepared(dataset, locked_split(lock, settings.split, dataset), tuple(findings), tuple(warnings))
    dataset, units = pictures.dataset, pictures.together.units
    left_out: tuple[Skipped, ...] = ()
    if settings.dedupe_test:
        dataset, left_out = without_copies_in_test(dataset, _twins(pictures))
        paths = {skipped.path for skipped in left_out}
        units = units[[record.path not in paths for record in pictures.dataset.records]]
        listen(Said(f"--dedupe-test took {len(left_out)} copies of other pictures out of the test part."))
    split, more = new_split(dataset, settings.seed, units, settings.folds or 0)
    by_path = {record.path: record.sha256 for record in pictures.dataset.records}
    gone = {by_path[skipped.path] for skipped in left_out} - split.sides.keys()
    split = replace(split, sides=split.sides | dict.fromkeys(gone, LEFT_OUT))
    return Prepared(dataset, _as_often_opened(split, settings), tuple(findings), (*warnings, *more))


def _counted(findings: Sequence[Finding]) -> str:
    errors = [f"{finding.count} {finding.code}" for finding in findings if finding.severity == ERROR]
    warnings = [finding.code for finding in findings if finding.severity != ERROR]
    told = ", ".join(errors) or "no errors"
    return f"{told}; warnings: {', '.join(warnings)} (headstart check shows them)" if warnings else told


def _is_told(finding: Finding, settings: TrainSettings) -> bool:
    """Return whether the finding belongs to the figures: errors that weren't dealt with, and labels in doubt."""
    if finding.severity == ERROR:
        return not (settings.dedupe_test and finding.code in _DEDUPED)
    return finding.code in _LABELS_IN_DOUBT


def _twins(pictures: Pictures) -> NDArray[np.intp]:
    """Return numbers, ``(n_pictures,)``, that are the same for copies and near duplicates, whatever their groups."""
    near = set(pictures.together.near) - set(pictures.together.too_large)
    return components(len(pictures.dataset.records), [*copies(pictures.dataset.records), *near])


def _as_often_opened(split: Split, settings: TrainSettings) -> Split:
    """Return the split with the count of the one it repeats: trained anew in its own place, a model looks again."""
    with suppress(UserError):
        before = read_split(settings.out / SPLIT)
        # Test pictures that a network had seen were left out since.
        seen = {content: LEFT_OUT for content, side in before.sides.items() if side == LEFT_OUT}
        if before.sides == split.sides | seen:
            return replace(split, test_opened=before.test_opened)
    return split


def split_of_what_is_left(split: Split, dataset: Dataset, listen: Listener) -> Split:
    """Return the split without pictures that were lost since it was made, having said so."""
    here = {record.sha256 for record in dataset.records}
    sides = {content: side for content, side in split.sides.items() if content in here or side == LEFT_OUT}
    listen(Said(f"Warning: {len(split.sides) - len(sides)} pictures changed, or couldn't be decoded, after the check."))
    return replace(split, sides=sides, dataset_sha256=dataset.sha256)


def opened_once_more(split: Split, path: Path | None, listen: Listener) -> Split:
    """Return the split with its test part opened once more; the file ``path``, that it came from, counts that too."""
    split = split.opened()
    if path:
        try:
            write_split(split, path)
        except OSError as error:
            listen(Said(f"Warning: {path} couldn't count that its test part was opened ({error})."))
    if split.test_opened > 1:
        listen(Said(f"This test part was judged {split.test_opened} times now: a choice by its figures flatters them."))
    return split


def test_part(dataset: Dataset, split: Split, path: Path) -> Dataset:
    """Return the pictures of the split's test part; raise `UserError` unless all of it is there."""
    wanted = {content for content, side in split.sides.items() if side == "test"}
    here = {record.sha256 for record in dataset.records}
    if wanted - here:
        names = sorted(split.paths.get(content, content[:12]) for content in wanted - here)
        raise UserError(
            f"{dataset.name} lacks {len(names)} of the {len(wanted)} test pictures of {path} "
            f"({first_three(names)}); restore them, or leave --split out to judge all pictures."
        )
    return replace(dataset, records=tuple(record for record in dataset.records if record.sha256 in wanted))


def summary(finding: Finding) -> dict[str, Any]:
    """Return what the results keep of a finding."""
    return {"code": finding.code, "severity": finding.severity, "count": finding.count}
