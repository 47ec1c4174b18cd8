"""What a request may cost before it is understood: bytes, time, and how many there may be at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.server.refusals import BODY_IS_OVER, BUSY, Refused, RefusedError, refusal_response
from headstart.settings import ServeSettings
from headstart.sizes import bytes_of, in_words

_BODIES = 8
"""All requests together may hold the bytes of so many of the largest."""


@dataclass(frozen=True)
class Limits:
    """The most that requests may take.

    Parameters
    ----------
    max_body
        Bytes of one.
    max_held
        Bytes of all that are being answered.
    max_requests
        How many with a body are answered at once.
    max_pictures
        Pictures in one.
    seconds
        How long one may take to come.
    """

    max_body: int
    max_held: int
    max_requests: int
    max_pictures: int
    seconds: float

    @property
    def too_large(self) -> Refused:
        """What is said of a request with a larger body."""
        return Refused("too-large", f"A request may have {in_words(self.max_body)}; send less at a time.", 413)

    @property
    def too_slow(self) -> Refused:
        """What is said of a request that doesn't come to its end."""
        return Refused("request-timeout", f"The request wasn't there after {self.seconds:g} seconds.", 408)


def limits_of(settings: ServeSettings) -> Limits:
    """Return the limits that the settings ask for; raise `UserError` for a size that is none."""
    max_body = bytes_of(settings.max_body, "--max-body")
    return Limits(max_body, _BODIES * max_body, settings.queue, settings.max_pictures, settings.timeout)


class Bounded:
    """Lets requests through to ``app`` that stay inside ``limits``; others are refused as soon as that is seen."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.limits = limits
        self._app = app
        self._requests = 0
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        if _announced(scope) > self.limits.max_body:
            await refusal_response(self.limits.too_large)(scope, receive, send)
            return
        if self._requests >= self.limits.max_requests:
            await refusal_response(BUSY)(scope, receive, send)
            return
        body = _Body(self, scope, receive)
        self._requests += 1
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._requests -= 1
            self._held -= body.held

    def hold(self, more: int) -> None:
        """Note that so many more bytes are held; raise `RefusedError` if they are too many."""
        if self._held + more > self.limits.max_held:
            raise RefusedError(BUSY)
        self._held += more


class _Body:
    """The body of one request, counted while it comes."""

    def __init__(self, bounded: Bounded, scope: Scope, receive: Receive) -> None:
        self._bounded, self._scope, self._receive = bounded, scope, receive
        self._until = time.monotonic() + bounded.limits.seconds
        self._is_over = False
        self.held = 0

    async def receive(self) -> Message:
        """Return the next message of the client, as ASGI has it."""
        if self._is_over:
            return await self._receive()
        try:
            async with asyncio.timeout(self._until - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            self._is_over = True
            raise RefusedError(self._bounded.limits.too_slow) from None
        self._is_over = self._scope[BODY_IS_OVER] = not message.get("more_body")
        try:
            self._count(len(message.get("body", b"")))
        except RefusedError:
            self._is_over = True
            raise
        return message

    def _count(self, size: int) -> None:
        if self.held + size > self._bounded.limits.max_body:
            raise RefusedError(self._bounded.limits.too_large)
        self._bounded.hold(size)
        self.held += size


def _announced(scope: Scope) -> int:
    """Return how many bytes the client says that it will send, 0 if it doesn't say."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return 0
