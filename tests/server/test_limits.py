"""What a request may cost before it is understood: bytes, time, and how many at once; more is refused at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headstart.errors import UserError
from headstart.server.limits import Bounded, Limits, limits_of
from headstart.server.refusals import RefusedError, on_refused
from headstart.settings import ServeSettings
from processes import eventually
from servers import Clients, answering

LIMITS = Limits(max_body=1000, max_held=2500, max_requests=4, max_pictures=1, seconds=0.5)
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"

released = threading.Event()
arrived: list[int] = []


async def length(request: Request) -> Response:
    """Answer with the length of the body; one of ``/held`` only when it is released."""
    size = len(await request.body())
    arrived.append(size)
    while request.url.path == "/held" and not released.is_set():
        await asyncio.sleep(0.01)
    return Response(str(size))


@pytest.fixture
def clients() -> Iterator[Clients]:
    arrived.clear()
    released.clear()
    routes = [Route(path, length, methods=["POST", "GET"]) for path in ("/", "/held")]
    app = Starlette(routes=routes, exception_handlers={RefusedError: on_refused})
    with answering(Bounded(app, LIMITS)) as running:
        yield running
        released.set()


def test_a_body_up_to_the_limit_comes_through(clients: Clients) -> None:
    assert clients.ask("POST", "/", bytes(1000)).body == b"1000"
    assert clients.ask("POST", "/", iter([bytes(500), bytes(500)])).body == b"1000"


def test_a_larger_one_is_refused_as_soon_as_it_is_announced(clients: Clients) -> None:
    answer = clients.raw(HEAD + b"Content-Length: 1001\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"too-large"' in answer
    assert arrived == []


def test_a_larger_one_is_refused_once_too_much_has_come(clients: Clients) -> None:
    answer = clients.ask("POST", "/", iter([bytes(500), bytes(500), bytes(1)]))
    assert (answer.status, answer.code) == (413, "too-large")
    assert answer.headers["connection"] == "close"


def test_a_client_that_sends_all_of_a_large_body_sees_the_answer(clients: Clients) -> None:
    assert clients.ask("POST", "/", bytes(20_000_000)).status == 413


def test_a_body_that_does_not_come_to_its_end_is_given_up(clients: Clients) -> None:
    since = time.monotonic()
    with clients.connected() as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nhalf")
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - since >= 0.5
    assert arrived == []


def test_a_body_that_trickles_without_end_is_given_up(clients: Clients) -> None:
    with clients.connected() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(8):
            connection.sendall(b"1\r\nx\r\n")
            time.sleep(0.1)
        assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_so_many_at_once_are_answered_and_the_next_is_told_to_come_again(clients: Clients) -> None:
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(clients.ask, "POST", "/held", b"x") for _ in range(4)]
        assert eventually(lambda: len(arrived) == 4)
        busy = clients.ask("POST", "/", b"x")
        assert clients.ask("GET", "/").status == 200
        released.set()
        assert [each.result().status for each in waiting] == [200] * 4
    assert (busy.status, busy.code, busy.headers["retry-after"]) == (429, "busy", "1")
    assert clients.ask("POST", "/", b"x").status == 200


def test_all_together_hold_so_many_bytes_and_no_more(clients: Clients) -> None:
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(clients.ask, "POST", "/held", bytes(900)) for _ in range(2)]
        assert eventually(lambda: len(arrived) == 2)
        assert clients.ask("POST", "/", bytes(701)).status == 429
        assert clients.ask("POST", "/", bytes(700)).status == 200
        released.set()
        assert [each.result().status for each in waiting] == [200] * 2
    assert clients.ask("POST", "/", bytes(1000)).status == 200


def test_refused_requests_give_back_what_they_held(clients: Clients) -> None:
    for _ in range(10):
        assert clients.ask("POST", "/", iter([bytes(600), bytes(600)])).status == 413
    assert clients.ask("POST", "/", bytes(1000)).status == 200


def test_the_limits_are_those_of_the_settings() -> None:
    limits = limits_of(ServeSettings(Path("m"), max_body="5MB", max_pictures=3, timeout=7, queue=9))
    assert limits == Limits(5_000_000, 40_000_000, 9, 3, 7)
    with pytest.raises(UserError, match="--max-body much: write a size"):
        limits_of(ServeSettings(Path("m"), max_body="much"))
