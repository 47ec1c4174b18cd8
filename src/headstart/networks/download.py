"""The child process in which Keras downloads its published weight file, into our cache."""

from __future__ import annotations

import importlib
import socket
from pathlib import Path
from typing import Any

from headstart.child import child_main
from headstart.errors import MissingError
from headstart.progress import Listener

_SECONDS_WITHOUT_ANSWER = 30


def _download(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    socket.setdefaulttimeout(_SECONDS_WITHOUT_ANSWER)
    module, function = job["builder"].split(":")
    builder = getattr(importlib.import_module(module), function)
    try:
        builder(include_top=job["include_top"], weights="imagenet")
    except Exception as error:
        # Keras raises a plain Exception for every network failure.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MissingError(f"Keras couldn't download {job['file']} ({reason[:200]}): {job['way_out']}.") from error
    return {}


if __name__ == "__main__":
    child_main(_download)
