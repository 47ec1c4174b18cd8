"""``manifest.json`` in folders that headstart writes: what the folder is, checked before anything in it is used."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart import __version__
from headstart.documents import write_document
from headstart.errors import UserError
from headstart.folders import file_digest

MANIFEST, WEIGHTS, SOURCE = "manifest.json", "weights.safetensors", "source.json"
FORMAT = 1
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Kind:
    """One kind of folder: its name in the manifest, what people call it, and the command that writes it."""

    name: str
    noun: str
    command: str


MODEL = Kind("classifier", "model folder", "train")
BACKBONE = Kind("backbone", "backbone folder", "pretrain")
EXPORT = Kind("export", "export folder", "export")


def write_manifest(folder: Path, kind: Kind, entries: dict[str, Any], files: tuple[str, ...]) -> None:
    """Write the manifest of ``folder``, with the digests of ``files`` in it and its own."""
    digests = {name: {"bytes": (folder / name).stat().st_size, "sha256": file_digest(folder / name)} for name in files}
    manifest = {"format": FORMAT, "kind": kind.name, "headstart": __version__, **entries, "files": digests}
    manifest["manifest_sha256"] = _self_digest(manifest)
    write_document(manifest, folder / MANIFEST)


def read_manifest(folder: Path, kind: Kind) -> dict[str, Any]:
    """Return the manifest of ``folder``.

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
    if manifest.get("format") != FORMAT:
        raise UserError(
            f"{folder} has format {manifest.get('format')!r}; this headstart ({__version__}) reads format {FORMAT}. "
            f"Use the headstart that wrote it, or {kind.command} again."
        )
    if manifest.get("manifest_sha256") != _self_digest(manifest):
        raise UserError(
            f"{folder}: {MANIFEST} was altered after it was written; {kind.command} again or fetch the "
            f"{kind.noun.split()[0]} again."
        )
    if manifest.get("kind") != kind.name:
        raise UserError(
            f"{folder} is no {kind.noun} (its kind is {manifest.get('kind')!r}); name one that `headstart "
            f"{kind.command}` wrote."
        )
    return manifest


def checked_file(folder: Path, name: str, manifest: dict[str, Any]) -> bytes:
    """Return the content of the file ``name``; raise `UserError` unless it is what the manifest lists."""
    file = folder / name
    if not file.is_file():
        raise UserError(f"{name} is missing")
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != manifest["files"][name]["sha256"]:
        raise UserError(f"{name} isn't the file that the manifest lists (altered or half copied)")
    return data


def _parsed(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _MAX_BYTES:
        raise UserError(f"{file} is larger than any manifest; fetch the model again.")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise UserError(f"{file} can't be read as JSON; fetch the model again.") from None
    if not isinstance(manifest, dict):
        raise UserError(f"{file} isn't a manifest; fetch the model again.")
    return manifest


def _self_digest(manifest: dict[str, Any]) -> str:
    """Return the digest of the manifest without its own digest."""
    rest = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
