"""``manifest.json`` in folders that headstart writes: what the folder is, checked before anything in it is used."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from headstart import __version__
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import file_digest
from headstart.manifests.fields import Field, check_fields, is_count, is_digest, is_text
from headstart.manifests.strangers import brief, content_of, json_of

MANIFEST, WEIGHTS, SOURCE = "manifest.json", "weights.safetensors", "source.json"
FORMAT = 1
"""Raised when an older reader would take a new folder for something that it isn't; see docs/formats.md."""

_MAX_BYTES = 48 * 2**20
_MOST_FILES = 1000


@dataclass(frozen=True)
class Kind:
    """One kind of folder: its name in the manifest, what people call it, and the command that writes it."""

    name: str
    noun: str
    command: str

    @property
    def way_out(self) -> str:
        """What to do about a folder of this kind that is spoilt."""
        return f"{self.command} again or fetch the {self.noun.split()[0]} again"


MODEL = Kind("classifier", "model folder", "train")
BACKBONE = Kind("backbone", "backbone folder", "pretrain")
EXPORT = Kind("export", "export folder", "export")

_FILE = {"bytes": Field("a number of bytes", is_count), "sha256": Field("a digest", is_digest)}


def write_manifest(folder: Path, kind: Kind, entries: dict[str, Any], files: tuple[str, ...]) -> None:
    """Write the manifest of ``folder``, with the digests of ``files`` in it and its own."""
    digests = {name: {"bytes": (folder / name).stat().st_size, "sha256": file_digest(folder / name)} for name in files}
    manifest = {"format": FORMAT, "kind": kind.name, "headstart": __version__, **entries, "files": digests}
    manifest["manifest_sha256"] = _self_digest(manifest)
    write_document(manifest, folder / MANIFEST)


def read_manifest(folder: Path, kind: Kind) -> dict[str, Any]:
    """Return the manifest of ``folder``, whose ``files`` are plain names with digests.

    Raises
    ------
    UserError
        If there is no folder of this ``kind``, or its manifest is damaged, altered, or of another format.
    """
    if not folder.exists():
        raise UserError(f"{folder} doesn't exist; name a {kind.noun} that `headstart {kind.command}` wrote.")
    if not (folder / MANIFEST).is_file():
        raise UserError(
            f"{folder} is not a {kind.noun} (no {MANIFEST}); name one that `headstart {kind.command}` wrote."
        )
    manifest = _parsed(folder / MANIFEST)
    form = manifest.get("format")
    if type(form) is not int or form != FORMAT:
        raise UserError(
            f"{folder} has format {brief(form)}; this headstart ({__version__}) reads format {FORMAT}. "
            f"Use the headstart that wrote it, or {kind.command} again."
        )
    if manifest.get("manifest_sha256") != _self_digest(manifest):
        raise UserError(f"{folder}: {MANIFEST} was altered after it was written; {kind.way_out}.")
    if manifest.get("kind") != kind.name:
        raise UserError(
            f"{folder} is no {kind.noun} (its kind is {brief(manifest.get('kind'))}); name one that `headstart "
            f"{kind.command}` wrote."
        )
    try:
        check_fields(manifest, {"headstart": Field("a version", is_text)})
        _check_files(manifest.get("files"))
    except UserError as error:
        raise UserError(f"{folder} is refused: {error}; {kind.way_out}.") from None
    return manifest


def checked_file(folder: Path, name: str, manifest: dict[str, Any], most: int | None = None) -> bytes:
    """Return the content of the file ``name`` that ``manifest`` lists, read once and compared with its digest.

    Raises
    ------
    UserError
        If it isn't what the manifest lists, or is said to be larger than ``most`` bytes.
    """
    listed = manifest["files"].get(name)
    if listed is None:
        raise UserError(f"its {MANIFEST} lists no {name}")
    if most is not None and listed["bytes"] > most:
        raise UserError(f"{name} is said to have {listed['bytes']:,} bytes, and may have {most:,}")
    altered = f"{name} isn't the file that the manifest lists (altered or half copied)"
    file = folder / name
    if file.is_file() and not file.is_symlink() and file.stat().st_size != listed["bytes"]:
        raise UserError(altered)
    data = content_of(file, listed["bytes"])
    if hashlib.sha256(data).hexdigest() != listed["sha256"]:
        raise UserError(altered)
    return data


def _parsed(file: Path) -> dict[str, Any]:
    if not file.is_symlink() and file.stat().st_size > _MAX_BYTES:
        raise UserError(f"{file} is larger than any manifest; fetch the model again.")
    try:
        data = content_of(file, _MAX_BYTES)
    except UserError as error:
        raise UserError(f"{file.parent} is refused: {error}.") from None
    try:
        manifest = json_of(data)
    except UserError as error:
        raise UserError(f"{file} can't be read as JSON ({error}); fetch the model again.") from None
    if not isinstance(manifest, dict):
        raise UserError(f"{file} isn't a manifest; fetch the model again.")
    return manifest


def _check_files(files: object) -> None:
    """Raise `UserError` unless every name stays inside the folder, whatever the system, and has size and digest."""
    if not isinstance(files, dict) or len(files) > _MOST_FILES:
        raise UserError("it lists no files, or too many")
    for name, listed in files.items():
        is_plain = len(name) <= 200 and name.isprintable() and not set(name) & set('\\:*?"<>|')
        if not is_plain or name != str(PurePosixPath(name)) or {"..", "."} & set(name.split("/")) or name[0] == "/":
            raise UserError(f"it lists {brief(name)}, which is no name of a file in the folder")
        if not isinstance(listed, dict):
            raise UserError(f"it doesn't say what {brief(name)} is")
        check_fields(listed, _FILE)


def _self_digest(manifest: dict[str, Any]) -> str:
    """Return the digest of the manifest without its own digest."""
    rest = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
