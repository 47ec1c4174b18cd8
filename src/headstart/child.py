"""A job in a Python process of its own: because Keras' backend is one per process, or because it must not stay.

The parent calls `run`; the child's module ends with ``if __name__ == "__main__": child_main(job)``. Both sides
share a folder: ``job.json`` in, whatever files the job makes out. The child's standard output carries progress
and at last the result, one JSON line an event.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from headstart.errors import HeadstartError, MissingError, UserError, refusal
from headstart.folders import cache_folder
from headstart.progress import Advanced, Entered, Event, Listener, Said, Started

Job = Callable[[dict[str, Any], Path, Listener], dict[str, Any]]

_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Started, Advanced, Entered, Said)}
_ERRORS: dict[str, type[HeadstartError]] = {kind.__name__: kind for kind in (UserError, MissingError)}
_RESULT = "Result"
_LITTLE_SPACE = 2**20


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
    # TMPDIR: TensorFlow writes a probe file when it is imported.
    environment = os.environ | quiet_environment(keras_backend) | {"TMPDIR": str(folder)}
    # -P: a file of the user's called keras.py in the current folder must not be imported.
    command = [sys.executable, "-P", "-m", module, str(folder)]
    result: dict[str, Any] | None = None
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            errors="replace",
        ) as child,
    ):
        try:
            assert child.stdout is not None  # noqa: S101 - it was asked for
            for line in child.stdout:
                document = json.loads(line)
                if document.get("event") == _RESULT:
                    result = document["result"]
                else:
                    listen(_EVENTS[document.pop("event")](**document))
            child.wait()
        except BaseException:
            child.kill()
            raise
    if result is None:
        if shutil.disk_usage(folder).free < _LITTLE_SPACE:
            raise MissingError(
                f"the disk of {cache_folder()} is full; free some space, or name another place in "
                "HEADSTART_CACHE. Nothing was lost."
            )
        tail = errors.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{module} ended with exit code {child.returncode} and no result:\n{tail}")
    if "error" in result:
        raise _ERRORS[result["error"]](result["message"])
    return result


def child_main(job: Job) -> None:
    """Run ``job`` on the folder named on the command line: the main function of a child's module."""
    folder = Path(sys.argv[1])
    pipe = pipe_to_parent()

    def tell(document: dict[str, Any]) -> None:
        pipe.write(json.dumps(document).encode() + b"\n")
        pipe.flush()

    def listen(event: Event) -> None:
        tell({"event": type(event).__name__, **vars(event)})

    silence_openvino_telemetry()
    try:
        result = job(json.loads((folder / "job.json").read_text(encoding="utf-8")), folder, listen)
    except (UserError, MissingError) as error:
        result = {"error": type(error).__name__, "message": str(error)}
    except OSError as error:
        result = {"error": MissingError.__name__, "message": refusal(error)}
    except KeyboardInterrupt:
        sys.exit(130)
    tell({"event": _RESULT, "result": result})


def pipe_to_parent() -> BinaryIO:
    """Return the standard output for ourselves alone: whatever a library prints, from C too, goes to stderr."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def silence_openvino_telemetry() -> None:
    """Keep a later ``import openvino`` from looking up hosts and writing files in the user's home.

    OpenVINO falls back to a stub of its own where this module can't be imported.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
