"""What is done of a comparison, kept in its folder: a kill loses the approach that was running, and no other."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import __version__
from headstart.documents import write_document
from headstart.folders import folder_in_place_of
from headstart.jobs.outcome import Answers
from headstart.judge.contenders import merit
from headstart.learn.heads import Floats

_ENTRY, _ANSWERS = "entry.json", "answers.npz"


@dataclass(frozen=True)
class Said:
    """What an approach says of pictures, known by content: ``proba`` is ``(n_pictures, n_classes)`` float32."""

    contents: tuple[str, ...]
    proba: Floats

    def of(self, contents: Collection[str]) -> Floats:
        """Return what is said of some of the pictures, ``(len(contents), n_classes)``, in their order."""
        rows = {content: row for row, content in enumerate(self.contents)}
        return np.asarray(self.proba[[rows[content] for content in contents]])


@dataclass(frozen=True)
class Part:
    """One approach that is done: its entry in the results, but for its figures, and what it says of val and test."""

    entry: dict[str, Any]
    val: Said
    test: Said

    @property
    def id(self) -> str:
        """The approach's name in the results."""
        return str(self.entry["id"])

    @property
    def merit(self) -> tuple[float, float]:
        """What is compared on val, the larger the better."""
        return merit_of(self.entry)


def merit_of(entry: Mapping[str, Any]) -> tuple[float, float]:
    """Return what is compared on val of an approach in results, the larger the better."""
    return merit(entry["val"]["accuracy"], entry["val"]["log_loss"])


def said_of(answers: Answers) -> Said:
    """Return answers without the names of the pictures."""
    return Said(tuple(record.sha256 for record in answers.dataset.records), answers.proba)


def part_folder(parent: Path, part_id: str) -> Path:
    """Return where the part is kept; its id may hold what a file system can't."""
    return parent / hashlib.sha256(part_id.encode()).hexdigest()[:16]


def write_part(parent: Path, part: Part, identity: Mapping[str, Any]) -> None:
    """Keep a part, whole or not at all; ``identity`` is what must be the same for it to hold."""
    parent.mkdir(parents=True, exist_ok=True)
    with folder_in_place_of(part_folder(parent, part.id)) as partial:
        write_document({"identity": _identity(identity), "entry": part.entry}, partial / _ENTRY)
        np.savez(
            partial / _ANSWERS,
            val_contents=_as_array(part.val.contents),
            val_proba=part.val.proba,
            test_contents=_as_array(part.test.contents),
            test_proba=part.test.proba,
        )


def read_part(parent: Path, part_id: str, identity: Mapping[str, Any]) -> Part | None:
    """Return the part as it was kept; None if there is none, if it is damaged, or if it is another ``identity``'s."""
    folder = part_folder(parent, part_id)
    try:
        document = json.loads((folder / _ENTRY).read_text(encoding="utf-8"))
        if document["identity"] != _identity(identity):
            return None
        # NumPy leaves a damaged file open if it opens it itself.
        with (folder / _ANSWERS).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            val = Said(_as_text(arrays["val_contents"]), arrays["val_proba"])
            test = Said(_as_text(arrays["test_contents"]), arrays["test_proba"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    return Part(document["entry"], val, test)


def remove_part(parent: Path, part_id: str) -> None:
    """Forget a part."""
    shutil.rmtree(part_folder(parent, part_id), ignore_errors=True)


def as_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as it is when it was written and read again."""
    return dict(json.loads(json.dumps(document)))


def _identity(identity: Mapping[str, Any]) -> dict[str, Any]:
    return as_json({**identity, "headstart": __version__})


def _as_array(contents: tuple[str, ...]) -> NDArray[np.str_]:
    return np.array(contents, "U64")


def _as_text(array: NDArray[np.str_]) -> tuple[str, ...]:
    return tuple(str(content) for content in array.tolist())
