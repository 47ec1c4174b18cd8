"""A job in a Python process of its own: because Keras' backend is one per process, or because it must not stay.

The parent calls `run`; the child's module ends with ``if __name__ == "__main__": child_main(job)``. Both sides
share a folder: ``job.json`` in, whatever files the job makes out. The child's standard output carries progress
and at last the result, one JSON line an event.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from headstart.errors import HeadstartError, MissingError, UserError, refusal
from headstart.folders import cache_folder
from headstart.progress import Advanced, Entered, Event, Listener, Said, Started, Validated

Job = Callable[[dict[str, Any], Path, Listener], dict[str, Any]]

_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Started, Advanced, Entered, Said, Validated)}
_ERRORS: dict[str, type[HeadstartError]] = {kind.__name__: kind for kind in (UserError, MissingError)}
_RESULT = "Result"
_LITTLE_SPACE = 2**20
_INTERRUPTED = 130
"""Exit code of a child that was interrupted and has no result: what a shell gives for SIGINT."""


def quiet_environment(keras_backend: str) -> dict[str, str]:
    """Return the variables under which Keras uses ``keras_backend``, writes in our cache alone and says little."""
    return {
        "KERAS_BACKEND": keras_backend,
        "KERAS_HOME": str(cache_folder() / "keras"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "ORT_DISABLE_TELEMETRY": "1",  # it must be there before onnxruntime is imported
    }


def run(
    module: str,
    job: Mapping[str, Any],
    folder: Path,
    keras_backend: str,
    listen: Listener,
    *,
    interruptible: bool = False,
) -> dict[str, Any]:
    """Run the job of ``module`` in a new Python process and return its result.

    Parameters
    ----------
    module
        The child's module, whose main function is `child_main`.
    job
        What it is told: a JSON document.
    folder
        What both sides share.
    keras_backend
        Which backend Keras has in the child.
    listen
        Told of the progress.
    interruptible
        Whether the job asks `interruption`: a first Ctrl-C is then passed on to it and its result awaited; a second
        one ends it.

    Raises
    ------
    UserError, MissingError
        If the child raised one: the same sentence.
    RuntimeError
        If it failed in another way; with the end of what it wrote to stderr.
    KeyboardInterrupt
        If the user ended it.
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
        _passing_on_the_first_interrupt(child) if interruptible else nullcontext(_NEVER) as interrupts,
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
        if interrupts.is_set() or child.returncode == _INTERRUPTED:
            raise KeyboardInterrupt
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


@contextmanager
def _passing_on_the_first_interrupt(child: subprocess.Popen[str]) -> Iterator[threading.Event]:
    """Pass the first SIGINT on to the child instead of raising; yield what is set by then.

    A handler and no ``except KeyboardInterrupt``: that could hit us between a line of the child's and its reading. In
    a thread that isn't the main one nothing is done, for Python raises no KeyboardInterrupt there.
    """
    interrupted = threading.Event()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()
        if sys.platform != "win32":  # whose consoles alone send it, to all of their processes
            child.send_signal(signal.SIGINT)  # from a terminal it got one already, which it doesn't mind

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


_NEVER = threading.Event()


def interruption() -> Callable[[], bool]:
    """From now on, let SIGINT not end this process; return a function that tells whether it came.

    For jobs that are `run` with ``interruptible`` and that end by themselves soon after it came.
    """
    came = threading.Event()
    signal.signal(signal.SIGINT, lambda number, frame: came.set())
    return came.is_set


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
        sys.exit(_INTERRUPTED)
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
