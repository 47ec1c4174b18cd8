"""A client's connection, with limits that uvicorn hasn't: how many there are, how long a request's head may take."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.h11_impl import H11Protocol

from headstart.server.refusals import BUSY, Refused

MOST = 512
"""Connections at a time."""

HEAD_SECONDS = 10.0
"""How long the head of a request may take to come, and how long a client may be silent before its first one."""

_BAD = Refused("bad-request", "This is no request that HTTP knows.", 400)
_SLOW = Refused("request-timeout", f"The head of the request wasn't there after {HEAD_SECONDS:g} seconds.", 408)


class Connection(H11Protocol):
    """Refuses what is too much or too slow before there is a request."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Greet a client, or send it away at once."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            self._refuse(BUSY)
        else:
            self._watch_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what a client sends."""
        super().data_received(data)
        self._watch_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a client."""
        self._stop_watching()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(_BAD)

    def _watch_for_head(self) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering or self.transport.is_closing():
            self._stop_watching()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._refuse, _SLOW)

    def _stop_watching(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, refused: Refused) -> None:
        """Say no and hang up; if an answer has begun, only hang up."""
        is_free = self.cycle is None or self.cycle.response_complete or not self.cycle.response_started
        if is_free and not self.transport.is_closing():
            body = json.dumps(refused.document()).encode()
            head = (
                f"HTTP/1.1 {refused.status} {HTTPStatus(refused.status).phrase}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
