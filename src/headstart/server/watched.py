"""Every request counted, timed and answered: what fails in the app is told on stderr, and to the client."""

from __future__ import annotations

import sys
import time
import traceback

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.server.metrics import Metrics
from headstart.server.refusals import FAILED, refusal_response

GONE = 499
"""The status under which requests are counted whose client went away before the answer."""


class Watched:
    """Passes requests on to ``app`` and notes in ``metrics`` what came of them."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = GONE
        since = time.perf_counter()

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except ClientDisconnect:
            status = GONE
        except Exception:
            traceback.print_exc(file=sys.stderr)
            if status != GONE:
                raise  # half an answer was sent: the connection has to break
            await refusal_response(FAILED)(scope, receive, send_watched)
        finally:
            self._metrics.count_request(_route(scope), status, time.perf_counter() - since)


def _route(scope: Scope) -> str:
    """Return the path of a request as our table of routes has it: a client can't make up names."""
    known = getattr(scope.get("route"), "path", None)
    return str(known) if known else "other"
