"""A network pretrained on the user's own source, as a part of a comparison."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from headstart.addresses import Address
from headstart.errors import HeadstartError, UserError
from headstart.jobs.command import name_of
from headstart.jobs.comparing.place import SOURCE
from headstart.jobs.comparing.running import FAILED, LEAST_SECONDS, Ran
from headstart.jobs.pretrain import run_pretrain
from headstart.manifests import BACKBONE, read_manifest
from headstart.progress import Entered, Listener, Said
from headstart.settings import CompareSettings, PretrainSettings

PRETRAINING, INTERRUPTED = "pretraining", "interrupted"
_SHARE = 0.5  # of what is left of the budget; what is made of the network needs some too


def source_folder(out: Path, source: Path | Address) -> Path:
    """Return where the network that is pretrained on ``source`` is kept: another source has another folder."""
    place = os.fsencode(source.resolve() if isinstance(source, Path) else str(source))
    return out / SOURCE / f"{name_of(source)}-{hashlib.sha256(place).hexdigest()[:8]}"


def pretrained(
    settings: CompareSettings, folder: Path, end: float, ran: Ran, listen: Listener
) -> dict[str, Any] | None:
    """Return what the results say of the source, whose network is in ``folder`` then; None if that failed.

    A network that an earlier run of the comparison left in ``folder`` is used again, which is said, unless its training
    was interrupted.
    """
    assert settings.source is not None  # noqa: S101 - asked for where there is one
    name = name_of(settings.source)
    found = _found(folder)
    if found:
        listen(Said(f"{folder} holds a network pretrained before, which is used; delete it to pretrain anew."))
        return _document(name, found)
    seconds = max(LEAST_SECONDS, _SHARE * (end - time.monotonic()))
    listen(Entered(f"pretraining on {name}"))
    try:
        manifest = run_pretrain(
            PretrainSettings(settings.source, out=folder, budget=f"{round(seconds)}s", seed=settings.seed), listen
        )
    except KeyboardInterrupt:
        ran.interrupted = True
        return None
    except HeadstartError as error:
        ran.not_run[PRETRAINING] = {"reason": FAILED, "why": str(error)}
        listen(Said(f"Pretraining on {name} is left out: {error}"))
        return None
    ran.interrupted = manifest["training"]["stopped"] == INTERRUPTED
    return _document(name, manifest)


def _found(folder: Path) -> dict[str, Any] | None:
    with suppress(UserError):
        manifest = read_manifest(folder, BACKBONE)
        return None if manifest["training"]["stopped"] == INTERRUPTED else manifest
    return None


def _document(name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    training = manifest["training"]
    return {
        "name": name,
        "pictures": sum(manifest["pictures"].values()),
        "seconds": round(sum(epoch["seconds"] for epoch in training["history"]), 1),
        "sentence": training["sentence"],
        "dataset_sha256": manifest["dataset_sha256"],
    }
