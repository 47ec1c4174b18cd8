"""Names of pictures that come in from standard input, while what came before is already answered."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from queue import Empty, Queue

from headstart.addresses import Address, place_named
from headstart.errors import UserError
from headstart.jobs.predicting.named import Named

_MOST = 2048
"""Names that are answered together at most."""

_PAUSE_SECONDS = 0.1
"""So long is waited for the next name before what is there is answered."""

_PATIENCE_SECONDS = 1.0
"""So long is waited at most while names come one by one."""

_LONGEST = 2**15
"""Bytes of a line: no system has longer names."""

_AHEAD = 2 * _MOST
"""Lines that are read before they are wanted."""

_READ_BYTES = 2**16


def bursts_of(descriptor: int) -> Iterator[list[Named]]:
    """Yield the pictures that are named one a line, some at once: what came until nothing more came for a moment.

    Empty lines are passed over. Lines may be any bytes.

    Parameters
    ----------
    descriptor
        A file that is open for reading, a pipe or a terminal say.

    Raises
    ------
    UserError
        If a line is longer than any path.
    """
    lines = _Lines(descriptor)
    lines.start()
    while burst := list(_burst(lines)):
        yield burst


def _burst(lines: _Lines) -> Iterator[Named]:
    """Yield the names up to the next pause; none at the end."""
    line = lines.following()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for _ in range(_MOST - 1):
        if line is None:
            return
        yield _named(line)
        line = lines.following(max(0.0, min(_PAUSE_SECONDS, deadline - time.monotonic())))
    if line is not None:
        yield _named(line)


def _named(line: bytes) -> Named:
    text = os.fsdecode(line)
    place = place_named(text)
    return Named(str(place) if isinstance(place, Address) else text, place)


class _Lines(threading.Thread):
    """Reads lines ahead. It reads from the descriptor: a thread that waits in `sys.stdin` would hang Python's exit."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(name="standard input", daemon=True)
        self._descriptor = descriptor
        self._lines: Queue[bytes | Exception | None] = Queue(_AHEAD)
        self._ended = False

    def run(self) -> None:
        """Read to the end."""
        try:
            for line in self._read():
                self._lines.put(line)
            self._lines.put(None)
        except Exception as error:
            self._lines.put(error)

    def following(self, seconds: float | None = None) -> bytes | None:
        """Return the next line that isn't empty; None at the end, or if none comes in so many ``seconds``."""
        if self._ended:
            return None
        try:
            line = self._lines.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(line, Exception):
            raise line
        self._ended = line is None
        return line

    def _read(self) -> Iterator[bytes]:
        rest = b""
        while read := os.read(self._descriptor, _READ_BYTES):
            *whole, rest = (rest + read).split(b"\n")
            if any(len(line) > _LONGEST for line in (*whole, rest)):
                raise UserError("Standard input has a line that is longer than any path; give one path a line.")
            yield from filter(None, map(_stripped, whole))
        if last := _stripped(rest):
            yield last


def _stripped(line: bytes) -> bytes:
    return line.removesuffix(b"\r") if os.name == "nt" else line
