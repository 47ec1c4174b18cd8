"""``headstart fix``: a cleaned copy of the data, without exact duplicates and unreadable files."""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from headstart.addresses import Address
from headstart.data.duplicates import copies
from headstart.data.records import Dataset, PictureRecord
from headstart.data.sources.names import FIX_REPORT, PARTS
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import check_out, folder_in_place_of
from headstart.jobs.pictures import pictures_of
from headstart.progress import Advanced, Entered, Listener, Said, Started
from headstart.settings import FixSettings

FORMAT = 1
LIST, PICTURES = "pictures.csv", "pictures"


def run_fix(settings: FixSettings, listen: Listener) -> dict[str, Any]:
    """Write a copy of every picture worth keeping, and return what was left out and why.

    Of copies in one class the first is kept, one in train before others. A picture that stands in several classes is
    left out under all of them, for the user to decide. The original is only read.

    Raises
    ------
    UserError
        If nothing is left, or a picture changes while it is copied.
    """
    if isinstance(settings.data, Address):
        raise UserError(f"fix copies local files, and {settings.data} is an address; copy it to a folder first.")
    check_out(settings.out, settings.data, (), FIX_REPORT)
    with pictures_of(settings.data, listen, exclude=settings.exclude, fewest_classes=1) as pictures:
        dataset = pictures.dataset
        left_out, to_decide = _left_out(dataset.records)
        kept = [record for record in dataset.records if record.path not in left_out]
        if not kept:
            raise UserError(f"{settings.data}: no picture would be left ({len(left_out)} copies of each other).")
        document = {
            "format": FORMAT,
            "kept": len(kept),
            "left_out": [{"path": path, "same_as": same_as} for path, same_as in left_out.items()],
            "to_decide": to_decide,
            "skipped": [s.document() for s in dataset.skipped],
        }
        listen(Started(len(kept)))
        listen(Entered("copying pictures"))
        settings.out.parent.mkdir(parents=True, exist_ok=True)
        with folder_in_place_of(settings.out) as partial:
            if all(_is_laid_out(record) for record in kept):
                _copy(dataset, ((record, record.path) for record in kept), partial, listen)
            else:
                _copy_with_list(dataset, kept, partial, listen)
            write_document(document, partial / FIX_REPORT)
        damaged = int(pictures.inspected.facts["damaged"].sum())
        if damaged:
            listen(Said(f"Warning: {damaged} damaged pictures that can be decoded were kept; see headstart check."))
    return document


def _left_out(records: Sequence[PictureRecord]) -> tuple[dict[str, str], list[list[str]]]:
    """Return the copies to leave out with what they are the same as, and the copies with several labels."""
    left_out: dict[str, str] = {}
    to_decide = []
    for group in copies(records):
        own = [records[position] for position in group]
        if len({record.label for record in own}) > 1:
            to_decide.append([record.path for record in own])
            left_out |= {record.path: own[1 if i == 0 else 0].path for i, record in enumerate(own)}
        else:
            first = min(own, key=lambda record: record.part not in (None, "train"))
            left_out |= {record.path: first.path for record in own if record is not first}
    return left_out, to_decide


def _is_laid_out(record: PictureRecord) -> bool:
    """Return whether the picture's path says its part and class as folders do."""
    folders = [unicodedata.normalize("NFC", folder) for folder in record.path.split("/")[:-1]]
    if record.part:
        return len(folders) > 1 and PARTS.get(folders[0].casefold()) == record.part and folders[1] == record.label
    return bool(folders) and folders[0] == record.label


def _copy(dataset: Dataset, places: Iterable[tuple[PictureRecord, str]], out: Path, listen: Listener) -> None:
    for record, place in places:
        data = (dataset.folder / (record.file or record.path)).read_bytes()
        if hashlib.sha256(data).hexdigest() != record.sha256:
            raise UserError(f"{record.path} changed while it was copied; wait until nothing writes to the data.")
        target = out / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        listen(Advanced())


def _copy_with_list(dataset: Dataset, kept: Sequence[PictureRecord], out: Path, listen: Listener) -> None:
    """Copy under numbers, with a list of the labels: these may be anything, and need not be names of folders."""
    listen(Said(f"The data isn't in class folders, so the copy is a list: {LIST}, its pictures in {PICTURES}/."))
    places = [f"{PICTURES}/{number:06}{_suffix(record.path)}" for number, record in enumerate(kept)]
    _copy(dataset, zip(kept, places, strict=True), out, listen)
    with (out / LIST).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "split", "group"])
        writer.writerows(
            (place, record.label, record.part or "", record.group or "")
            for record, place in zip(kept, places, strict=True)
        )


def _suffix(path: str) -> str:
    suffix = Path(path).suffix
    return suffix if suffix.isascii() and suffix[1:].isalnum() else ""
