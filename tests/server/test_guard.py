"""Who may ask: names, web sites and the token, each refused before anything of the application is reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from headstart.server.guard import ANYWHERE, Allowed, Guarded, allowed_by, has_token
from headstart.settings import ServeSettings
from servers import Clients, answering

SITE, SECRET = "https://our.example", "secret"


async def anything(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request that is let through."""
    await Response(b"through")(scope, receive, send)


def settings(**options: object) -> ServeSettings:
    return ServeSettings(Path("model"), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def open_server() -> Iterator[Clients]:
    with answering(Guarded(anything, allowed_by(settings()))) as clients:
        yield clients


@pytest.fixture(scope="module")
def closed_server() -> Iterator[Clients]:
    """One with a token, another name and a web site that may ask."""
    allowed = allowed_by(settings(token=SECRET, allow_host="Other.Name", allow_origin=f"{SITE}/"))
    with answering(Guarded(anything, allowed)) as clients:
        yield clients


# --- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8000", "[::1]"])
def test_it_is_called_by_the_names_of_this_machine(open_server: Clients, host: str) -> None:
    assert open_server.ask("GET", "/", Host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[", ""]
)
def test_another_name_that_leads_here_is_refused(open_server: Clients, host: str) -> None:
    answer = open_server.ask("GET", "/healthz", Host=host)
    assert (answer.status, answer.code) == (421, "wrong-host")


def test_a_request_without_a_name_is_refused(open_server: Clients) -> None:
    assert open_server.raw(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421 ")


def test_a_name_can_be_allowed(closed_server: Clients) -> None:
    assert closed_server.ask("GET", "/healthz", Host="OTHER.name:9").status == 200
    assert closed_server.ask("GET", "/healthz", Host="another.name").status == 421


def test_the_address_to_listen_at_is_a_name_and_everywhere_is_none() -> None:
    assert "10.0.0.1" in allowed_by(settings(host="10.0.0.1")).hosts
    assert not ANYWHERE & {name for host in ANYWHERE for name in allowed_by(settings(host=host)).hosts}


# --- web sites ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "https://localhost.evil.example"]
)
def test_a_page_of_another_site_may_not_send_anything(open_server: Clients, origin: str) -> None:
    answer = open_server.ask("POST", "/", b"", Host="localhost", Origin=origin)
    assert (answer.status, answer.code) == (403, "wrong-origin")


def test_a_page_of_another_site_may_not_read_what_it_gets(open_server: Clients) -> None:
    answer = open_server.ask("GET", "/", Host="localhost", Origin="http://evil.example")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://localhost:8000", "HTTP://LOCALHOST:8000"])
def test_its_own_page_may_send(open_server: Clients, origin: str) -> None:
    assert open_server.ask("POST", "/", b"", Host="localhost:8000", Origin=origin).status == 200


def test_a_site_can_be_allowed_to_ask_and_to_read(closed_server: Clients) -> None:
    asked = closed_server.ask("OPTIONS", "/v1/predict", Origin=SITE, Access_Control_Request_Method="POST")
    answer = closed_server.ask("POST", "/v1/predict", b"", Origin=SITE, Authorization="Bearer secret")
    assert (asked.status, answer.status) == (204, 200)
    assert asked.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert [each.headers["access-control-allow-origin"] for each in (asked, answer)] == [SITE] * 2
    assert closed_server.ask("OPTIONS", "/", Origin="http://evil.example").status == 403


# --- the token ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent", ["", "secret", "Bearer", "Bearer ", "Bearer wrong", "Bearer secret1", "Basic secret", "Bearer s\xe9cret"]
)
def test_without_the_token_nothing_is_answered(closed_server: Clients, sent: str) -> None:
    answer = closed_server.ask("POST", "/v1/predict", b"", Authorization=sent)
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert closed_server.ask("GET", "/v1/model", Authorization=sent).status == 401
    assert closed_server.ask("GET", "/metrics", Authorization=sent).status == 401


def test_with_the_token_everything_is(closed_server: Clients) -> None:
    paths = ("/v1/model", "/metrics", "/openapi.json")
    assert [closed_server.ask("GET", path, Authorization="bearer secret").status for path in paths] == [200] * 3


def test_its_health_and_the_page_that_asks_for_the_token_need_none(closed_server: Clients) -> None:
    paths = ("/healthz", "/readyz", "/", "/static/page.js")
    assert [closed_server.ask("GET", path).status for path in paths] == [200] * 4
    assert closed_server.ask("POST", "/", b"").status == 401


def test_where_no_token_is_set_none_is_needed() -> None:
    assert has_token(Headers({}), None)
    assert not has_token(Headers({}), "secret")


# --- what a browser is told -----------------------------------------------------------------------------------


def test_browsers_are_told_to_be_careful(open_server: Clients) -> None:
    for answer in (open_server.ask("GET", "/"), open_server.ask("GET", "/", Host="evil.example")):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"


def test_a_header_of_the_application_is_left_as_it_is() -> None:
    async def cached(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(b"", headers={"Cache-Control": "max-age=9"})(scope, receive, send)

    with answering(Guarded(cached, Allowed(frozenset({"127.0.0.1"}), frozenset(), None))) as clients:
        assert clients.ask("GET", "/").headers["cache-control"] == "max-age=9"
