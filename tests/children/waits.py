"""A child that waits to be interrupted, and then does as it is told to."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from headstart.child import child_main, interruption
from headstart.progress import Listener, Said


def _wait(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    came = interruption()
    listen(Said(str(os.getpid())))
    end = time.monotonic() + 20
    while not came() and time.monotonic() < end:
        time.sleep(0.01)
    match job["then"]:
        case "nothing":
            raise KeyboardInterrupt
        case "goes on":
            listen(Said("going on"))
            time.sleep(30)
    return {"came": came()}


if __name__ == "__main__":
    child_main(_wait)
