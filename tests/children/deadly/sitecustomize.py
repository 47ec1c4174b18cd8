"""What a decoder does to a few contents in tests: on PYTHONPATH, it is imported when a worker process starts.

It takes the place of the hash that a worker makes of every content.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

_sha256 = hashlib.sha256
_setitimer = signal.setitimer


def _mocked_sha256(data: bytes) -> Any:
    kind, _, rest = data.partition(b" ")
    if kind == b"deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == b"deadly-once" and not Path(os.fsdecode(rest)).exists():
        Path(os.fsdecode(rest)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == b"endless":
        while True:
            pass
    elif kind == b"asleep":
        time.sleep(3600)
    elif kind == b"raising":
        raise RuntimeError("no decoder expects this")
    elif kind == b"chatty":
        sys.stdout.write("a line on standard output\n")
        sys.stdout.flush()
        os.write(1, b"{}\n")
        sys.stderr.write("a line on standard error\n")
    return _sha256(data)


def _mocked_setitimer(which: int, seconds: float) -> tuple[float, float]:
    return _setitimer(which, seconds / 10)  # half a second for each picture


hashlib.sha256 = _mocked_sha256  # type: ignore[assignment]
signal.setitimer = _mocked_setitimer  # type: ignore[assignment]
