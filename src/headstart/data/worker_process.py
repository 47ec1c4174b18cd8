"""A decoding process as its parent sees it: tasks in, replies out, and a reason why it ended."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from headstart.addresses import Address
from headstart.data.decode import Geometry
from headstart.data.worker import MAX_BYTES, READY, TASKS
from headstart.errors import MissingError

SECONDS = 30.0
"""A picture that isn't there after so many seconds, on a dead network drive say, is given up."""

START_SECONDS = 120.0
"""A process that isn't ready after so many seconds never will be."""

TOO_SLOW, CRASHES = "too-slow", "crashes-decoder"
"""Why a picture that ended the process has no other reply."""


@dataclass(frozen=True)
class Task:
    """A question about a picture; ``kind`` is one of `headstart.data.worker.TASKS`.

    ``file`` says where the picture is, in a file or at an address; or it is what would be in the file. Where ``sha256``
    is given, a file with other content is refused with the reason ``changed``.
    """

    file: Path | Address | bytes = field(repr=False)
    kind: str
    geometry: Geometry | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in TASKS:
            raise ValueError(f"unknown kind of task {self.kind!r}")
        if isinstance(self.file, bytes) and len(self.file) > MAX_BYTES:
            raise ValueError(f"no picture has {len(self.file)} bytes")

    def request(self) -> bytes:
        """Return the line that asks; what is in no file has to follow it."""
        document: dict[str, Any] = {"task": self.kind, "sha256": self.sha256}
        match self.file:
            case bytes():
                document["content"] = len(self.file)
            case Address():
                document["file"] = self.file.full
            case Path():
                document["file"] = str(self.file.absolute())
        if self.geometry:
            document |= asdict(self.geometry)
        return json.dumps(document).encode() + b"\n"


@dataclass(frozen=True)
class Reply:
    """What came of a task: a ``reason`` code why nothing did, or the content's hash and what was asked for."""

    reason: str | None = None
    sha256: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""


class WorkerProcess:
    """A process that runs `headstart.data.worker`. One thread talks to it; others may kill it."""

    def __init__(self) -> None:
        self.is_ready = False
        self._lock = threading.Lock()  # of the next two
        self._due: float | None = None
        self._late = False
        self._environment = _environment()
        self._process = subprocess.Popen(
            # -P: a file of the user's called json.py in the current folder must not be imported.
            [sys.executable, "-P", "-m", "headstart.data.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._in = cast("io.BufferedWriter", self._process.stdin)
        self._out = cast("io.BufferedReader", self._process.stdout)

    @property
    def has_old_environment(self) -> bool:
        """Whether this program's environment changed since the process was started."""
        return self._environment != _environment()

    def replies(self, tasks: Sequence[Task]) -> list[Reply]:
        """Return the replies in order; fewer than ``tasks`` if the process ended meanwhile.

        Raises
        ------
        MissingError
            If the process says that it can read nothing from where the pictures are.
        """
        done: list[Reply] = []
        try:
            self._await_start()
            self._expect(SECONDS)
            self._send(tasks[0])
            for following in (*tasks[1:], None):
                # The next request lies ready while the process works: it never waits for us. (No more than one, and
                # none with a content, or both sides could wait for the other to read.)
                is_small = following is not None and not isinstance(following.file, bytes)
                if following and is_small:
                    self._send(following)
                done.append(self._reply())
                self._expect(SECONDS)
                if following and not is_small:
                    self._send(following)
        except (OSError, EOFError):
            pass
        finally:
            self._expect(None)
        return done

    def _await_start(self) -> None:
        if not self.is_ready:
            self._expect(START_SECONDS)
            if self._line() != READY:
                raise EOFError
            self.is_ready = True

    def _send(self, task: Task) -> None:
        self._in.write(task.request())
        if isinstance(task.file, bytes):
            self._in.write(task.file)
        self._in.flush()

    def _expect(self, seconds: float | None) -> None:
        """Note that something must come within ``seconds``, or that nothing is waited for."""
        with self._lock:
            self._due = None if seconds is None else time.monotonic() + seconds
            # If the last reply came just as we were killed for it, the next picture isn't to blame.
            self._late = self._late and seconds is None

    def _reply(self) -> Reply:
        facts = json.loads(self._line())
        size = facts.pop("bytes")
        payload = self._out.read(size)
        if len(payload) < size:
            raise EOFError
        if "missing" in facts:
            raise MissingError(facts["missing"])
        return Reply(facts.pop("reason", None), facts.pop("sha256", ""), facts, payload)

    def _line(self) -> bytes:
        line = self._out.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def kill_if_late(self) -> None:
        """Kill the process if what is expected of it isn't there in time."""
        with self._lock:
            if self._due is not None and time.monotonic() > self._due:
                self._late = True
                self._process.kill()

    def kill(self) -> None:
        """Kill the process; whoever talks to it notices."""
        self._process.kill()

    def end(self) -> str:
        """End the process, and return the reason code for the picture at which it had ended by itself, if it had."""
        self._process.kill()
        with suppress(OSError):  # it may have died with a request half read
            self._in.close()
        code = self._process.wait()
        self._out.close()
        out_of_time = hasattr(signal, "SIGPROF") and code == -signal.SIGPROF
        return TOO_SLOW if self._late or out_of_time else CRASHES

    def forget(self) -> None:
        """Let go of the process: it belongs to the one of which this is a forked copy."""
        for pipe in (self._in, self._out):
            pipe.raw.close()  # without what a thread that isn't here may have begun to write


def _environment() -> dict[str, str]:
    """Return this program's environment, without what would make the process wait, or fail at a warning."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONINSPECT", "PYTHONWARNINGS")}
    return kept | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
