"""``headstart serve``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from headstart.settings import ServeSettings

if TYPE_CHECKING:
    from headstart.progress import Event

_TOKEN = "HEADSTART_TOKEN"  # noqa: S105 - the name of a variable
_NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")


def serve(settings: Annotated[ServeSettings, Parameter(name="*")]) -> None:
    """Answer for pictures over HTTP, and on a page for people, until Ctrl-C."""
    from headstart.errors import MissingError

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingError(f"serve needs {', '.join(missing)}: pip install 'headstart[serve]'.")
    from headstart.server.running import run_server

    token = settings.token or os.environ.get(_TOKEN) or None
    run_server(replace(settings, token=token), _say)


def _say(event: Event) -> None:
    from headstart.progress import Entered, Said

    match event:
        case Said(text):
            print(text, file=sys.stderr, flush=True)
        case Entered(stage):
            print(f"{stage} …", file=sys.stderr, flush=True)
