"""Everything that the server says no to: a code for programs, a sentence for people, a status for HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headstart.documents import as_unicode

_LINGER_SECONDS = 2.0
"""How long what a refused client still sends is taken and thrown away: cut off earlier, it wouldn't see the answer."""


@dataclass(frozen=True)
class Refused:
    """Why a picture, or a whole request, gets no answer: a stable ``code``, a sentence and the HTTP ``status``."""

    code: str
    message: str
    status: int

    def document(self) -> dict[str, Any]:
        """Return what stands in place of an answer, as plain JSON values."""
        return {"error": {"code": self.code, "message": self.message}}


class RefusedError(Exception):
    """A whole request is refused; raised wherever that is noticed, answered by the app."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


BODY_IS_OVER = "headstart.body_is_over"
"""Under this name the scope of a request notes that its body came to its end."""

_OF_PICTURES = {
    "empty-file": ("The picture is empty: it has no bytes.", 400),
    "not-a-picture": ("This is no picture. JPEG, PNG, WebP, GIF, BMP and TIFF are read.", 422),
    "too-many-pixels": ("The picture would unfold to more pixels than is safe; send it smaller.", 422),
    "unsupported-mode": ("The picture holds values that can't be made colours; send it with 8 bits a value.", 422),
    "unreadable": ("The picture can't be read, or not to its end; send a good copy.", 422),
    "too-slow": ("The picture took too long to decode; save it anew with another program.", 422),
    "crashes-decoder": ("The picture made the decoder crash; save it anew with another program.", 422),
}
"""A sentence and a status for each reason for which a picture that a client sent may be unusable."""

BUSY = Refused("busy", "The server has all the work that it takes at a time; try again in a second.", 429)
STARTING = Refused("starting", "The model is still being loaded; try again in a second.", 503)
ENGINE_FAILED = Refused("engine-failed", "The model failed on this picture, which is not the picture's fault.", 500)
FAILED = Refused("failed", "The server failed at this request; what happened stands in its log.", 500)


def refused_picture(reason: str) -> Refused:
    """Return what a client is told of a picture that couldn't be used for ``reason``, a code of headstart's."""
    message, status = _OF_PICTURES.get(reason, (f"The picture can't be used ({reason}).", 422))
    return Refused(reason, message, status)


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401
    """Return a JSON document as a response; names that are no Unicode stand as JSON's own escapes."""
    text = as_unicode(json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    return Response(text.encode(), status, headers, "application/json")


def refusal_response(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for a request that is refused; the connection is closed, for more of it may be coming."""
    again = {"Retry-After": "1"} if refused.status in (429, 503) else {}
    written = json_response(refused.document(), refused.status, {**again, "Connection": "close", **(headers or {})})
    return _LastResponse(written.body, refused.status, written.headers)


class _LastResponse(Response):
    """A response after which the rest of the request is taken and thrown away for a while."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        if not scope.get(BODY_IS_OVER):
            await _rest_of(receive)
        await send({"type": "http.response.body", "body": b""})


async def _rest_of(receive: Receive) -> None:
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                pass
    except TimeoutError:
        return


async def on_refused(request: Request, error: Exception) -> Response:
    """Answer a request that was refused somewhere."""
    assert isinstance(error, RefusedError)  # noqa: S101 - what this is registered for
    return refusal_response(error.refused)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer a request for what isn't there, or in a way in which it isn't."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what this is registered for
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "-")
    sentence = {404: f"There is no {request.url.path} here.", 405: f"{request.method} isn't for {request.url.path}."}
    refused = Refused(code, sentence.get(status, f"{status.phrase}."), status)
    return refusal_response(refused, error.headers)
