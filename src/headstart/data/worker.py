"""The process that reads and decodes pictures for its parent, see `headstart.data.workers`.

A request is one JSON line on standard input, an answer one JSON line on standard output and as many bytes as its
``bytes`` says. A picture in no file follows its request's line: as many bytes as ``content`` says. A picture that makes
the decoder crash, hang or eat memory ends this process, and nothing else.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart.addresses import Address, is_address
from headstart.child import pipe_to_parent
from headstart.data import remote
from headstart.data.decode import DecodeError, Geometry, decoded, pixels_from
from headstart.data.facts import facts_of
from headstart.errors import MissingError

MAX_BYTES = 512 * 2**20
"""Larger files are skipped."""

CPU_SECONDS = 5.0
"""A picture that takes more of the processor ends the process. (Waiting, on a busy machine, doesn't count.)"""

MEMORY_BYTES = 960 * 2**20
"""What decoding may take beyond what the process holds when it starts: with those some 50 MB it stays below 1 GB."""

REASONS = ("not-a-file", "too-large", "changed", "unreadable", "vanished", "too-many-pixels")
"""Why a file isn't even looked into, or not to its end: every reason that is given here."""

READY = b"{}\n"
"""The first line of a worker that is ready."""

_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
"""Not to block: a pipe that took the place of the file must not be waited for, nor a terminal become ours."""

_HELD = Path("/proc/self/statm")
"""Where Linux says how many pages this process holds."""

Answer = tuple[dict[str, Any], bytes]


def _facts(data: bytes, request: dict[str, Any]) -> Answer:
    facts = facts_of(data)
    return {"format": facts.format, "mode": facts.mode, "camera": facts.camera}, facts.row.tobytes()


def _pixels(data: bytes, request: dict[str, Any]) -> Answer:
    return {}, pixels_from(data, Geometry(request["size"], request["fit"], request["view"])).tobytes()


def _thumbnail(data: bytes, request: dict[str, Any]) -> Answer:
    # Made anew from pixels: nothing of the file's metadata (place, time, camera) can be in it.
    image = decoded(data, request["size"]).rgb
    image.thumbnail((request["size"], request["size"]))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=75)
    return {}, stream.getvalue()


TASKS: dict[str, Callable[[bytes, dict[str, Any]], Answer]] = {
    "facts": _facts,
    "pixels": _pixels,
    "thumbnail": _thumbnail,
}
"""What can be asked of a picture's content."""


def main() -> None:
    """Answer requests until the parent is gone."""
    pipe = pipe_to_parent()
    _set_signals()
    _limit_memory()
    pipe.write(READY)
    pipe.flush()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if is_address(request.get("file", "")):
            _connect("/".join(request["file"].split("/")[:3]))
        _limit_time(CPU_SECONDS)
        header, payload = _answer(request)
        pipe.write(json.dumps(header | {"bytes": len(payload)}).encode() + b"\n" + payload)
        pipe.flush()


def _answer(request: dict[str, Any]) -> Answer:
    try:
        data = sys.stdin.buffer.read(request["content"]) if "content" in request else _content(request["file"])
        sha256 = hashlib.sha256(data).hexdigest()
        if request["sha256"] not in (None, sha256):
            return {"reason": "changed"}, b""
        header, payload = TASKS[request["task"]](data, request)
    except DecodeError as error:
        return {"reason": error.reason}, b""
    except MissingError as error:
        return {"missing": str(error)}, b""
    except MemoryError:
        return {"reason": "too-many-pixels"}, b""
    return header | {"sha256": sha256}, payload


def _content(file: str) -> bytes:
    """Return what is in the file, which must not change meanwhile, or in the object at that address."""
    if is_address(file):
        return remote.content(Address(file), MAX_BYTES)
    try:
        descriptor = os.open(file, _OPEN)
        try:
            return _unchanging(descriptor)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise DecodeError("unreadable", str(error)) from error


def _unchanging(descriptor: int) -> bytes:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise DecodeError("not-a-file")
    if before.st_size > MAX_BYTES:
        raise DecodeError("too-large")
    with os.fdopen(descriptor, "rb", closefd=False) as stream:
        data = stream.read(before.st_size + 1)
    if len(data) != before.st_size or os.fstat(descriptor).st_mtime_ns != before.st_mtime_ns:
        raise DecodeError("changed")
    return data


def _set_signals() -> None:
    # Ctrl-C reaches every process of the terminal; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGPROF"):
        # What ends a slow picture must end it, even if our parent ignores that signal and we have it from there.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)


@functools.cache
def _connect(place: str) -> None:
    """Connect to where pictures are, once; what that takes of the processor and of memory is on no picture's account.

    At ``place`` there may be nothing, for it is only the beginning of an address.
    """
    _limit_time(0)
    remote.connect(Address(place))
    _limit_memory()


def _limit_time(seconds: float) -> None:
    """Let this process end after so much more processor time, which it never takes while it waits; 0 for no limit.

    Not on Windows.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory() -> None:
    """Let allocations fail beyond `MEMORY_BYTES`, where the system can do that, and write no memory to disk."""
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
        held = int(_HELD.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        limits = held + MEMORY_BYTES, *_inherited_limits()
        lowest = min(limit for limit in limits if limit != resource.RLIM_INFINITY)
        resource.setrlimit(resource.RLIMIT_AS, (lowest, limits[-1]))
    except (ImportError, OSError, ValueError):
        return


@functools.cache
def _inherited_limits() -> tuple[int, int]:
    """Return the limits of memory that this process had before it set its own."""
    import resource

    return resource.getrlimit(resource.RLIMIT_AS)


if __name__ == "__main__":
    main()
