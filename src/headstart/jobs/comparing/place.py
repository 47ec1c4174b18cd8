"""The folder of a comparison: what lies where in it."""

from __future__ import annotations

from pathlib import Path

from headstart.addresses import Address
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import check_out, file_in_place_of
from headstart.manifests import FORMAT

MARK = "compare.json"
RESULTS, REPORT, TEXT, PREDICTIONS, SPLIT = (
    "results.json",
    "report.html",
    "report.md",
    "predictions.csv",
    "split.json",
)
PICTURES, PARTS, MODEL, BEST, SOURCE = "pictures", "parts", "model", "best", "source"
"""Folders: small pictures for the report; what is done; the winner; the best so far; a network pretrained here."""

_FILES = (MARK, RESULTS, REPORT, TEXT, PREDICTIONS, SPLIT)
_FOLDERS = (PICTURES, PARTS, MODEL, BEST, SOURCE)


def check_place(out: Path, data: Path | Address) -> None:
    """Raise `UserError` unless a comparison may be written to ``out``, or go on there."""
    check_out(out, data, names_in(out), MARK)


def begin(out: Path) -> None:
    """Make ``out`` the folder of a comparison."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / MARK).is_file():
        with file_in_place_of(out / MARK) as partial:
            write_document({"format": FORMAT, "kind": "comparison"}, partial)


def check_is_comparison(run: Path) -> None:
    """Raise `UserError` unless ``run`` is the folder of a finished comparison."""
    if not (run / MARK).is_file() or not (run / RESULTS).is_file():
        raise UserError(f"{run} holds no finished comparison; name a folder that `headstart compare` wrote.")


def names_in(out: Path) -> set[str]:
    """Return what a comparison left in ``out``, halves that a kill left too; nothing if there was none."""
    if not (out / MARK).is_file():
        return set()
    names = [*_FILES, *_FOLDERS]
    halves = [half for name in names for end in ("partial", "old") for half in out.glob(f".{name}.*.{end}")]
    folders = [out / name for name in _FOLDERS] + [half for half in halves if half.is_dir()]
    files = [each for folder in folders if folder.is_dir() for each in folder.rglob("*")]
    return {*_FILES, *(each.relative_to(out).as_posix() for each in (*halves, *files))}
