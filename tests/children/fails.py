"""A child that fails in the way that it is told to."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from headstart.child import child_main
from headstart.errors import MissingError, UserError
from headstart.progress import Listener, Said


def _fail(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    sys.stderr.buffer.write(bytes.fromhex(job.get("stderr", "")))
    sys.stderr.flush()
    match job["how"]:
        case "UserError":
            raise UserError(job["sentence"])
        case "MissingError":
            raise MissingError(job["sentence"])
        case "OSError":
            (folder / "nowhere" / "file").touch()
        case "ValueError":
            raise ValueError(job["sentence"])
        case "SystemExit":
            sys.exit(0)
        case "_exit":
            os._exit(7)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hangs":
            listen(Said(str(os.getpid())))
            time.sleep(30)
            os._exit(1)  # what was not told by now is lost
    return {}


if __name__ == "__main__":
    child_main(_fail)
