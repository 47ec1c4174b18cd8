"""Every request is counted, and none stays without an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from headstart.server.metrics import Metrics
from headstart.server.watched import Watched
from servers import answering


async def good(request: Request) -> Response:
    return Response(b"good")


async def failing(request: Request) -> Response:
    raise LookupError("what went wrong")


async def gone(request: Request) -> Response:
    raise ClientDisconnect


async def _half_an_answer() -> AsyncIterator[bytes]:
    yield b"half"
    raise LookupError("in the middle")


async def half(request: Request) -> Response:
    return StreamingResponse(_half_an_answer(), headers={"Content-Length": "100"})


def test_what_comes_of_a_request_is_counted_and_a_failure_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = Metrics(lambda: 0)
    routes = [Route(f"/{each.__name__}", each) for each in (good, failing, gone, half)]
    app = Starlette(routes=routes, middleware=[Middleware(Watched, metrics=metrics)])
    with answering(app) as clients:
        assert clients.ask("GET", "/good").body == b"good"
        failed = clients.ask("GET", "/failing")
        assert (failed.status, failed.code) == (500, "failed")
        clients.raw(b"GET /gone HTTP/1.1\r\nHost: x\r\n\r\n")
        assert clients.raw(b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n").endswith(b"\r\n\r\nhalf")
        clients.ask("GET", "/made/up")
    text = metrics.text().decode()
    counted = [line for line in text.splitlines() if line.startswith("headstart_requests_total")]
    assert 'headstart_requests_total{route="/good",status="200"} 1.0' in counted
    assert 'headstart_requests_total{route="/failing",status="500"} 1.0' in counted
    assert 'headstart_requests_total{route="/gone",status="499"} 1.0' in counted
    assert 'headstart_requests_total{route="/half",status="200"} 1.0' in counted
    assert 'headstart_requests_total{route="other",status="404"} 1.0' in counted
    assert "what went wrong" in capsys.readouterr().err
