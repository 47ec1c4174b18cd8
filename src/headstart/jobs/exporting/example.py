"""The example beside an export, run as a stranger runs it: in a new process that knows nothing of headstart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from headstart.errors import HeadstartError
from headstart.folders import scratch_folder
from headstart.learn.heads import Floats
from headstart.progress import Advanced, Entered, Listener, Started
from headstart.ship.exports.folder import EXAMPLE, Export

_OURS = ("HEADSTART_", "KERAS_", "PYTHON", "TF_")
"""How variables begin that a stranger doesn't have, or has otherwise."""


def answers_of_example(export: Export, pictures: Sequence[Path], listen: Listener) -> Floats:
    """Return what the example beside ``export`` says of picture files, ``(n_pictures, n_classes)`` float32.

    Raises
    ------
    HeadstartError
        If it can't be run here, or doesn't give each picture one number for each class.
    """
    listen(Started(len(pictures)))
    listen(Entered("running the export"))
    with scratch_folder() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        # KERAS_HOME, TMPDIR: what Keras and TensorFlow write when they are imported goes away with the folder.
        environment = kept | {"KERAS_HOME": str(folder), "TMPDIR": str(folder)}
        # -P: nothing beside the example is imported. (Not -I, which hides what a user installed for himself.)
        command = [sys.executable, "-P", EXAMPLE, "--json", *(str(path.absolute()) for path in pictures)]
        with (folder / "stderr.txt").open("wb") as errors:
            lines = _lines(command, export.folder, environment, errors, listen)
        said = (folder / "stderr.txt").read_text(encoding="utf-8", errors="replace").strip()
    return _probabilities(export, lines, len(pictures), said)


def _lines(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], errors: BinaryIO, listen: Listener
) -> list[str]:
    """Return what a program prints that is run in ``folder``; its errors go to the file ``errors``."""
    lines = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
    ) as child:
        try:
            assert child.stdout is not None  # noqa: S101 - it was asked for
            for line in child.stdout:
                lines.append(line)
                listen(Advanced())
        except BaseException:
            child.kill()
            raise
    return lines


def _probabilities(export: Export, lines: Sequence[str], count: int, said: str) -> Floats:
    """Return what the lines say; raise `HeadstartError`, with the last line that was ``said``, if that isn't enough."""
    try:
        documents = [dict(json.loads(line)) for line in lines]
        said = next((str(document["error"]) for document in documents if "error" in document), said)
        found = np.array([document.get("probabilities") for document in documents], np.float32)
    except (TypeError, ValueError):
        found = np.empty(0, np.float32)
    if found.shape != (count, len(export.classes)) or not np.isfinite(found).all():
        reason = said.splitlines()[-1] if said else "it gives no probabilities"
        raise HeadstartError(
            f"The example of the export to {export.to} doesn't work here ({reason}); nothing was written. Export to "
            "another format, and please report this."
        )
    return found
