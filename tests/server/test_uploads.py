"""The pictures in a request: bodies, forms, and what only looks like one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from headstart.server.limits import Limits
from headstart.server.refusals import RefusedError, on_refused
from headstart.server.uploads import pictures_in
from servers import Answer, Clients, answering, form

LIMITS = Limits(10**7, 10**8, 10, 3, 10)


async def texts(request: Request) -> JSONResponse:
    return JSONResponse([each.decode("latin-1") for each in await pictures_in(request, LIMITS)])


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    app = Starlette(routes=[Route("/", texts, methods=["POST"])], exception_handlers={RefusedError: on_refused})
    with answering(app) as running:
        yield running


def sent(clients: Clients, body: bytes, content_type: str = "multipart/form-data; boundary=b") -> Answer:
    return clients.ask("POST", "/", body, content_type=content_type)


def part(content: str, head: str = 'Content-Disposition: form-data; name="f"; filename="x.png"') -> str:
    return f"--b\r\n{head}\r\n\r\n{content}\r\n"


def parts(*each: str, end: str = "--b--\r\n") -> bytes:
    return ("".join(each) + end).encode("latin-1")


def test_a_body_is_a_picture_as_it_is(clients: Clients) -> None:
    assert sent(clients, b"\0\xff\r\n--b--", "image/webp").document == ["\0\xff\r\n--b--"]
    assert sent(clients, b"", "application/octet-stream; charset=x").document == [""]


def test_files_come_in_the_order_of_the_form_to_the_last_byte(clients: Clients) -> None:
    contents = [b"one", bytes(range(256)) * 3000, b"\r\n--\r\n"]
    body, content_type = form(contents)
    assert [each.encode("latin-1") for each in sent(clients, body, content_type).document] == contents


def test_however_a_form_is_cut_into_pieces_its_files_are_the_same(clients: Clients) -> None:
    body = parts(part("one\r\n--c"), part("\r\n\r\ntwo"))
    pieces = iter([body[i : i + 1] for i in range(len(body))])
    answer = clients.ask("POST", "/", pieces, content_type="multipart/form-data; boundary=b")
    assert answer.document == ["one\r\n--c", "\r\n\r\ntwo"]


def test_fields_that_are_no_files_are_left_aside(clients: Clients) -> None:
    body = parts(part("5", 'Content-Disposition: form-data; name="top"'), part("one"), part("x", "X: y"))
    assert sent(clients, body).document == ["one"]


def test_a_file_without_a_name_counts_if_there_is_something_in_it(clients: Clients) -> None:
    unnamed = 'content-disposition: form-data; name="f"; filename=""'
    assert sent(clients, parts(part("one", unnamed), part("", unnamed), part(""))).document == ["one", ""]


@pytest.mark.parametrize("body", [parts(), parts(part("5", 'Content-Disposition: form-data; name="top"'))])
def test_a_form_without_files_is_told_so(clients: Clients, body: bytes) -> None:
    answer = sent(clients, body)
    assert (answer.status, answer.code) == (400, "no-picture")


def test_more_files_than_allowed_are_refused(clients: Clients) -> None:
    assert len(sent(clients, parts(*[part("x")] * 3)).document) == 3
    answer = sent(clients, parts(*[part("x")] * 4))
    assert (answer.status, answer.code) == (413, "too-many-pictures")
    assert sent(clients, parts(*[part("x", "A: b")] * 1000, part("x"))).code == "too-many-pictures"
    assert sent(clients, parts(*[part("x")] * 1000)).code == "too-many-pictures"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"nonsense",
        b"\r\n" * 100_000,
        parts(part("cut"), end=""),
        parts(part("one"), part("two"), end=""),
        parts(part("cut"))[:-20],
        b"--b\r\nContent-Disposition",
        parts(part("x", "Content Disposition: no header")),
        parts(part("x", "A: " + "y" * 9000)),
        parts(part("x", "\r\n".join(f"A{i}: b" for i in range(2000)))),
    ],
)
def test_a_damaged_form_is_refused(clients: Clients, body: bytes) -> None:
    answer = sent(clients, body)
    assert (answer.status, answer.code) == (400, "bad-form")


@pytest.mark.parametrize("boundary", ["", "; boundary=", f"; boundary={'b' * 300}"])
def test_a_form_without_a_usable_boundary_is_refused(clients: Clients, boundary: str) -> None:
    assert sent(clients, parts(part("x")), f"multipart/form-data{boundary}").code == "bad-form"


def test_names_of_files_lead_nowhere(clients: Clients) -> None:
    head = 'Content-Disposition: form-data; name="f"; filename="../../etc/passwd"'
    assert sent(clients, parts(part("one", head))).document == ["one"]


def test_nothing_is_written_to_disk(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", None)
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", None)
    body, content_type = form([bytes(3_000_000)])
    assert len(sent(clients, body, content_type).document[0]) == 3_000_000
