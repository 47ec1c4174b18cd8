"""A connection: what is no HTTP, what comes too slowly, and too many of them."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterator

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headstart.server import connection
from processes import eventually
from servers import Clients, answering, everything

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def anything(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b"through")(scope, receive, send)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(connection, "MOST", 8)
    with answering(anything) as running:
        yield running


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"nonsense\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        GET + b"Host: another\r\n\r\n",
        GET + b"Content-Length: -1\r\n\r\n",
        GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        GET + b"Transfer-Encoding: gzip\r\n\r\n",
        GET + b"a: " + b"x" * 1_000_000,
        GET + b"".join(b"h%d: x\r\n" % number for number in range(100_000)),
    ],
)
def test_what_is_no_request_is_refused_in_json(clients: Clients, sent: bytes) -> None:
    answer = clients.raw(sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert json.loads(body)["error"]["code"] == "bad-request"
    assert clients.ask("GET", "/").status == 200


@pytest.mark.parametrize("sent", [b"", b"G", GET, GET + b"X: 1\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(clients: Clients, sent: bytes) -> None:
    since = time.monotonic()
    assert clients.raw(sent).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - since >= 0.4


def test_a_head_that_trickles_is_not_waited_for_either(clients: Clients) -> None:
    with clients.connected() as slow:
        slow.sendall(b"GET /")
        while not select.select([slow], [], [], 0.05)[0]:
            slow.sendall(b"x")
        assert everything(slow).startswith(b"HTTP/1.1 408 ")


def test_the_second_request_of_a_connection_is_not_waited_for_longer(clients: Clients) -> None:
    with clients.connected() as slow:
        slow.sendall(GET + b"\r\n")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
        slow.sendall(b"GET")
        assert b"HTTP/1.1 408 " in everything(slow)


def test_too_many_connections_are_refused_at_once_and_later_served_again(clients: Clients) -> None:
    held = [clients.connected() for _ in range(8)]
    try:
        assert clients.raw().startswith(b"HTTP/1.1 429 ")
    finally:
        for each in held:
            each.close()
    assert eventually(lambda: clients.ask("GET", "/").status == 200)
