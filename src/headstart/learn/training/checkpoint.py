"""A training on disk, from which it can go on: whole or not at all, and only where it is the same training.

The folder holds ``state.json`` and the arrays, in a file that has their digest in its name. The JSON is written last
and names the arrays by it, so a kill at any moment leaves the checkpoint before, or the new one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import headstart
from headstart.documents import write_document
from headstart.folders import file_digest, file_in_place_of
from headstart.learn.training.budget import Speeds
from headstart.learn.training.reached import Arrays, Reached
from headstart.networks.weight_files import write_tensors

_DOCUMENT = "state.json"
_STATE, _BEST = "state/", "best/"


@dataclass(frozen=True)
class Checkpoint:
    """The learner's ``state``, what was ``reached``, and the ``seconds_used`` of the budget until then."""

    state: Arrays
    reached: Reached
    seconds_used: float


def write_checkpoint(folder: Path, checkpoint: Checkpoint, identity: Mapping[str, Any]) -> None:
    """Write the checkpoint of the training that ``identity``, a JSON document, tells from others.

    Raises
    ------
    OSError
        If the system refuses; what was in the folder before stays.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    reached = checkpoint.reached
    arrays = {_STATE + name: array for name, array in checkpoint.state.items()}
    arrays |= {_BEST + name: array for name, array in (reached.best or {}).items()}
    new = folder / "new.safetensors"
    try:
        write_tensors(arrays, new)
        _to_disk(new)
        digest = file_digest(new)
        new.replace(folder / _tensors_name(digest))
    finally:
        new.unlink(missing_ok=True)
    document = {
        "headstart": headstart.__version__,
        "identity": identity,
        "sha256": digest,
        "seconds_used": checkpoint.seconds_used,
        "reached": {name: value for name, value in vars(reached).items() if name not in ("best", "speeds")},
        "speeds": asdict(reached.speeds) if reached.speeds else None,
    }
    with file_in_place_of(folder / _DOCUMENT) as partial:
        write_document(document, partial)
        _to_disk(partial)
    for other in folder.glob(_tensors_name("*")):
        if other.name != _tensors_name(digest):
            other.unlink()


class UnusableError(Exception):
    """A checkpoint can't be gone on from; the text says why, to follow "the checkpoint"."""


def read_checkpoint(folder: Path, identity: Mapping[str, Any]) -> Checkpoint | None:
    """Return the checkpoint in ``folder``; None if there is none.

    Raises
    ------
    UnusableError
        If it is of another training, of another version of headstart, or damaged.
    """
    if not (folder / _DOCUMENT).exists():
        return None
    try:
        document = json.loads((folder / _DOCUMENT).read_text(encoding="utf-8"))
        if document["headstart"] != headstart.__version__:
            raise UnusableError(f"was written by headstart {document['headstart']}, not {headstart.__version__}")
        others = _different(document["identity"], json.loads(json.dumps(identity)))
        if others:
            raise UnusableError(f"is of another training (another {', '.join(others)})")
        return _read(folder, document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableError("is damaged") from error


def _read(folder: Path, document: Mapping[str, Any]) -> Checkpoint:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / _tensors_name(document["sha256"])
    if file_digest(path) != document["sha256"]:
        raise ValueError(path)
    try:
        arrays = load_file(path)
    except SafetensorError as error:
        raise ValueError(path) from error
    best = _under(_BEST, arrays)
    speeds = Speeds(**document["speeds"]) if document["speeds"] else None
    reached = Reached(**document["reached"], best=best or None, speeds=speeds)
    return Checkpoint(_under(_STATE, arrays), reached, document["seconds_used"])


def set_aside(folder: Path) -> Path:
    """Move the checkpoint out of the way, in place of the one that was set aside before; return where it is."""
    aside = folder.with_name(f"{folder.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    return folder.rename(aside)


def _tensors_name(digest: str) -> str:
    return f"state-{digest}.safetensors"


def _under(prefix: str, arrays: Mapping[str, Any]) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _different(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _to_disk(path: Path) -> None:
    """Have the file's content on the disk before its name: a power cut between them must not leave an empty file."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
