"""An export on disk: a graph, what it needs to be used, and what was found when it was compared with its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from headstart.data.decode import FITS
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import file_digest
from headstart.manifests import EXPORT, MANIFEST, read_manifest, write_manifest
from headstart.ship.exports.examples import example_for
from headstart.ship.exports.formats import FORMATS
from headstart.ship.exports.graph import PROBABILITIES, input_name
from headstart.ship.exports.labels import labels_text

LABELS, EXAMPLE, AGREEMENT = "labels.txt", "example.py", "agreement.json"

_MOST_PIXELS = 4096
"""A side of a square that no network of ours comes near to."""


@dataclass(frozen=True)
class Input:
    """One input of the graph: a picture as ``(1, size, size, 3)`` uint8 RGB in [0, 255].

    ``fit`` says how it becomes a square, see `headstart.data.decode.Geometry`.
    """

    name: str
    size: int
    fit: str


@dataclass(frozen=True)
class Export:
    """An export that was read and checked.

    ``to`` is a name in `FORMATS`, ``classes`` are in the order of the probabilities, ``inputs`` in that of the
    model's sizes; ``facts`` say which model it was made of.
    """

    folder: Path
    to: str
    precision: str
    classes: tuple[str, ...]
    inputs: tuple[Input, ...]
    facts: dict[str, Any]

    @property
    def graph(self) -> Path:
        """The file, or folder, that the runtime opens."""
        return self.folder / FORMATS[self.to].file


def write_beside_graph(export: Export, decoder: str) -> None:
    """Write into a folder that has the graph what belongs to it, but `AGREEMENT`; it can be run, and isn't sealed."""
    (export.folder / LABELS).write_text(labels_text(export.classes), encoding="utf-8", newline="\n")
    example = example_for(FORMATS[export.to])
    (export.folder / EXAMPLE).write_text(example, encoding="utf-8", newline="\n")
    _write_manifest(export, decoder)


def seal(export: Export, decoder: str, agreement: dict[str, Any]) -> None:
    """Write what was found, and the manifest anew, with the digest of every file."""
    write_document(agreement, export.folder / AGREEMENT)
    _write_manifest(export, decoder)


def _write_manifest(export: Export, decoder: str) -> None:
    entries = {
        "to": export.to,
        "precision": export.precision,
        "classes": list(export.classes),
        "inputs": [asdict(each) for each in export.inputs],
        "output": PROBABILITIES,
        "decoder": decoder,
        "model": export.facts,
    }
    write_manifest(export.folder, EXPORT, entries, tuple(files_in(export.folder)))


def files_in(folder: Path) -> list[str]:
    """Return every file in an export folder but the manifest, with forward slashes."""
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in names if name != MANIFEST)


def files_written(folder: Path) -> tuple[str, ...]:
    """Return what an export in ``folder`` consists of, as its manifest says; nothing if there is none."""
    try:
        return (MANIFEST, *read_manifest(folder, EXPORT)["files"])
    except (UserError, KeyError, TypeError):
        return ()


def read_export(path: Path) -> Export:
    """Return the export in the folder ``path``, the digests of all its files compared.

    Raises
    ------
    UserError
        If it is no such folder, or incomplete, altered, or of another format.
    """
    manifest = read_manifest(path, EXPORT)
    try:
        export = _export(path, manifest)
        _check_files(path, manifest["files"], FORMATS[export.to].file)
    except UserError as error:
        raise UserError(f"{path} is refused: {error}; export again or fetch the export again.") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} is refused: {MANIFEST} lacks or spoils {error}; export again.") from None
    return export


def _export(path: Path, manifest: dict[str, Any]) -> Export:
    form = FORMATS.get(manifest["to"])
    if form is None or manifest["precision"] not in form.precisions or manifest["output"] != PROBABILITIES:
        raise UserError(f"this headstart doesn't know exports to {manifest['to']!r} in {manifest['precision']!r}")
    classes, inputs, facts = manifest["classes"], manifest["inputs"], manifest["model"]
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        raise UserError("its classes aren't a list of names")
    if not isinstance(inputs, list) or not inputs or not isinstance(facts, dict):
        raise UserError("it doesn't say what it takes, or of which model it was made")
    taken = tuple(_input(entry) for entry in inputs)
    if len(set(taken)) < len(taken):
        raise UserError("it takes one input twice")
    return Export(path, form.name, manifest["precision"], tuple(classes), taken, facts)


def _input(entry: dict[str, Any]) -> Input:
    found = Input(**entry)
    is_size = type(found.size) is int and 0 < found.size <= _MOST_PIXELS
    if not is_size or found.fit not in FITS or found.name != input_name(found.size):
        raise UserError(f"it takes an input that this headstart doesn't know ({entry})")
    return found


def _check_files(folder: Path, listed: dict[str, Any], graph: str) -> None:
    if not any(name == graph or name.startswith(f"{graph}/") for name in listed):
        raise UserError(f"its manifest lists no {graph}")
    for name, entry in listed.items():
        file = folder / name
        if file.is_symlink() or not file.is_file():
            raise UserError(f"{name} is missing")
        if file.stat().st_size != entry["bytes"] or file_digest(file) != entry["sha256"]:
            raise UserError(f"{name} isn't the file that the manifest lists (altered or half copied)")


def inputs_of(sizes: Sequence[int], fit: str) -> tuple[Input, ...]:
    """Return the inputs of a graph whose recipe has these sizes, in their order."""
    return tuple(Input(input_name(size), size, fit) for size in sizes)
