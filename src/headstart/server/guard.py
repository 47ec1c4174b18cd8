"""Who may ask: the name by which the server is called, the web site that asks, and the token.

A page of any web site can make a browser send requests to this machine. It can't choose the ``Origin`` that the browser
writes, and one that had its own name lead here (DNS rebinding) can't choose the ``Host`` either: both are compared.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.server.refusals import Refused, refusal_response
from headstart.settings import ServeSettings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ANYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, to warn of it
HEALTH = frozenset({"/healthz", "/readyz"})
"""What is said of the server without a token."""

PAGE = ("/", "/static/")
"""What a browser gets without a token: the page, which asks for it, and what that is made of. They are only read."""

_READING = ("GET", "HEAD")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: a browser would then hide the origin of a form that our own page sends.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_CORS = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}
_WRONG_HOST = Refused(
    "wrong-host", "This server isn't called by that name here; whoever runs it can add it with --allow-host.", 421
)
_WRONG_ORIGIN = Refused(
    "wrong-origin", "Pages of that web site may not ask here; whoever runs this can add it with --allow-origin.", 403
)
_NO_TOKEN = Refused("unauthorized", "Send the token of this server, as Authorization: Bearer TOKEN.", 401)


@dataclass(frozen=True)
class Allowed:
    """Names of this server, web sites whose pages may ask it, and the token that clients send, if there is one."""

    hosts: frozenset[str]
    origins: frozenset[str]
    token: str | None


def allowed_by(settings: ServeSettings) -> Allowed:
    """Return what the settings allow."""
    hosts = {settings.host.lower(), *(host.lower() for host in settings.allow_host)}
    origins = frozenset(origin.lower().rstrip("/") for origin in settings.allow_origin)
    return Allowed(LOOPBACK | hosts - ANYWHERE, origins, settings.token)


def has_token(headers: Headers, token: str | None) -> bool:
    """Return whether a request has the token, or needs none."""
    if token is None:
        return True
    kind, _, sent = headers.get("authorization", "").partition(" ")
    is_same = hmac.compare_digest(sent.strip().encode("utf-8", "surrogateescape"), token.encode())
    return is_same and kind.lower() == "bearer"


class Guarded:
    """Lets requests through to ``app`` that are allowed, and adds the headers that keep a browser careful."""

    def __init__(self, app: ASGIApp, allowed: Allowed) -> None:
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "").lower()
        is_welcome = origin in self._allowed.origins

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    added.setdefault(name, value)
                added.setdefault("Cache-Control", "no-store")
                if self._allowed.origins:
                    added.add_vary_header("Origin")
                if is_welcome:
                    added["Access-Control-Allow-Origin"] = origin
            await send(message)

        refused = self._refused(scope, headers, origin)
        if refused:
            asked = {"WWW-Authenticate": "Bearer"} if refused is _NO_TOKEN else {}
            await refusal_response(refused, asked)(scope, receive, send_guarded)
        elif is_welcome and scope["method"] == "OPTIONS":
            await Response(status_code=HTTPStatus.NO_CONTENT, headers=_CORS)(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    def _refused(self, scope: Scope, headers: Headers, origin: str) -> Refused | None:
        host = headers.get("host", "").lower()
        if not self._is_our_name(host, scope):
            return _WRONG_HOST
        is_ours = origin in ("", f"http://{host}", f"https://{host}", *self._allowed.origins)
        if not is_ours and scope["method"] not in _READING:
            return _WRONG_ORIGIN
        is_asked_first = scope["method"] == "OPTIONS" and origin in self._allowed.origins  # browsers send no token yet
        is_open = scope["path"] in HEALTH or (scope["method"] in _READING and _is_of_page(scope["path"]))
        if is_open or is_asked_first or has_token(headers, self._allowed.token):
            return None
        return _NO_TOKEN

    def _is_our_name(self, host: str, scope: Scope) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        # An address can't be made to lead elsewhere: whoever names the one that it reached us at is honest.
        reached = scope["server"][0] if scope.get("server") else ""
        return name in self._allowed.hosts or (name != "" and name == reached)


def _is_of_page(path: str) -> bool:
    return path == PAGE[0] or path.startswith(PAGE[1])
