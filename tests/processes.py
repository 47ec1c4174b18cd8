"""Looking at worker processes from outside, and waiting for what happens in them. Linux only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

WORKER = b"\0-m\0headstart.data.worker\0"
"""How the command of a worker process ends."""


def workers_of(pid: int) -> list[int]:
    """Return the worker processes that are alive and whose parent is ``pid``."""
    return sorted(other for other in _all() if _parent(other) == pid and _command(other).endswith(WORKER))


def are_alive(pids: list[int]) -> bool:
    """Return whether any of these processes is a worker that is alive."""
    return any(_command(pid).endswith(WORKER) for pid in pids)


def peak_megabytes(pid: int) -> float:
    """Return the most memory that the process ever held, in MB."""
    return int(_status(pid)["VmHWM"].split()[0]) / 1024


def held_megabytes(pid: int) -> float:
    """Return the memory that the process holds now, in MB."""
    return int(_status(pid)["VmRSS"].split()[0]) / 1024


def eventually(holds: Callable[[], object], seconds: float = 20) -> bool:
    """Return whether ``holds()`` becomes true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def kill_all(pids: list[int], signal: int) -> None:
    """Send ``signal`` to every one of these processes."""
    for pid in pids:
        os.kill(pid, signal)


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _parent(pid: int) -> int:
    return int(_status(pid).get("PPid", -1))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()  # empty for one that has ended and isn't waited for yet
    except OSError:
        return b""
