"""A child that tells what happens, and between that prints what it is given, as a library might."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from headstart.child import child_main
from headstart.progress import Advanced, Entered, Listener, Said, Started


def _talk(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    for event in (Started(3), Entered("looking"), Advanced(), Advanced(2), Said("Größe: 5 µm [red]\nnext line")):
        listen(event)
        sys.stdout.buffer.write(bytes.fromhex(job["printed"]))
        sys.stdout.flush()
    return {"done": True}


if __name__ == "__main__":
    child_main(_talk)
