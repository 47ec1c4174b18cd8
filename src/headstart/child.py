"""A job in a Python process of its own: because Keras' backend is one per process, or because it must not stay.

The parent calls `run`; the child's module ends with ``if __name__ == "__main__": child_main(job)``. Both sides
share a folder: ``job.json`` in, whatever files the job makes and ``result.json`` out. The child's standard
output carries progress, one JSON line an event.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from headstart.errors import HeadstartError, MissingError, UserError
from headstart.folders import cache_folder
from headstart.progress import Advanced, Entered, Event, Listener, Said, Started

Job = Callable[[dict[str, Any], Path, Listener], dict[str, Any]]

_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Started, Advanced, Entered, Said)}
_ERRORS: dict[str, type[HeadstartError]] = {kind.__name__: kind for kind in (UserError, MissingError)}


def quiet_environment(keras_backend: str) -> dict[str, str]:
    """Return the variables under which Keras uses ``keras_backend``, writes in our cache alone and says little."""
    return {
        "KERAS_BACKEND": keras_backend,
        "KERAS_HOME": str(cache_folder() / "keras"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def run(module: str, job: Mapping[str, Any], folder: Path, keras_backend: str, listen: Listener) -> dict[str, Any]:
    """Run the job of ``module`` in a new Python process and return its result.

    Raises
    ------
    UserError, MissingError
        If the child raised one: the same sentence.
    RuntimeError
        If it failed in another way; with the end of what it wrote to stderr.
    """
    (folder / "job.json").write_text(json.dumps(dict(job)), encoding="utf-8")
    errors = folder / "stderr.txt"
    environment = os.environ | quiet_environment(keras_backend)
    # -P: a file of the user's called keras.py in the current folder must not be imported.
    command = [sys.executable, "-P", "-m", module, str(folder)]
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as child,
    ):
        try:
            assert child.stdout is not None  # noqa: S101 - it was asked for
            for line in child.stdout:
                _tell(line, listen)
            child.wait()
        except BaseException:
            child.kill()
            raise
    result = folder / "result.json"
    if not result.exists():
        tail = errors.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{module} ended with exit code {child.returncode} and no result:\n{tail}")
    document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    if "error" in document:
        raise _ERRORS[document["error"]](document["message"])
    return document


def _tell(line: str, listen: Listener) -> None:
    try:
        document = json.loads(line)
        event = _EVENTS[document.pop("event")](**document)
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # a library of the child's printed something
    listen(event)


def child_main(job: Job) -> None:
    """Run ``job`` on the folder named on the command line: the main function of a child's module."""
    folder = Path(sys.argv[1])

    def listen(event: Event) -> None:
        print(json.dumps({"event": type(event).__name__, **vars(event)}), flush=True)  # noqa: T201 - the protocol

    silence_openvino_telemetry()
    try:
        result = job(json.loads((folder / "job.json").read_text(encoding="utf-8")), folder, listen)
    except (UserError, MissingError) as error:
        result = {"error": type(error).__name__, "message": str(error)}
    except KeyboardInterrupt:
        sys.exit(130)
    partial = folder / "result.partial"
    partial.write_text(json.dumps(result), encoding="utf-8")
    partial.replace(folder / "result.json")


def silence_openvino_telemetry() -> None:
    """Keep a later ``import openvino`` from looking up hosts and writing files in the user's home.

    OpenVINO falls back to a stub of its own where this module can't be imported.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
