"""The server as its clients see it: a real process, real pictures, and whatever else may be sent to it."""

from __future__ import annotations

import io
import json
import socket
import struct
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headstart.jobs.classifier import load
from models import Trained
from picture_files import chunk, kinds
from pictures import encoded, picture
from processes import held_megabytes, workers_of
from servers import Answer, Server, everything, form, serving

MODEL_KEYS = {"approach", "backbone", "precision", "headstart"}


@pytest.fixture(scope="module")
def server(trained: Trained) -> Iterator[Server]:
    with serving(trained.model, "--max-body", "2MB") as running:
        yield running


@pytest.fixture(scope="module")
def files(trained: Trained) -> list[Path]:
    return sorted(trained.data.rglob("*.png"))


@pytest.fixture(scope="module")
def expected(trained: Trained, files: list[Path]) -> list[dict[str, float]]:
    """What the model says of each file, as `headstart predict` does."""
    return [dict(each.top) for each in load(trained.model).predict(files)]


def bomb(side: int) -> bytes:
    """Return a small PNG file that would unfold to ``side`` × ``side`` pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(side))) + chunk(b"IEND", b"")


def said_of(prediction: dict[str, Any]) -> dict[str, float]:
    """Return the probabilities in an answer by class."""
    return {each["class"]: each["probability"] for each in prediction["top"]}


# --- answers --------------------------------------------------------------------------------------------------


def test_a_picture_gets_what_predict_says_of_its_file(
    server: Server, files: list[Path], expected: list[dict[str, float]]
) -> None:
    for file, own in zip(files[::5], expected[::5], strict=True):
        answer = server.predict(file.read_bytes())
        [prediction] = answer.document["predictions"]
        assert answer.status == 200
        assert said_of(prediction) == pytest.approx(own, abs=1e-6)
        assert prediction["class"] == max(own, key=lambda name: own[name])
        assert prediction["probability"] == prediction["top"][0]["probability"]
        assert set(answer.document["model"]) == MODEL_KEYS


def test_several_pictures_of_a_form_are_answered_in_their_order(
    server: Server, files: list[Path], expected: list[dict[str, float]]
) -> None:
    answer = server.predict_all([file.read_bytes() for file in files])
    found = [said_of(each) for each in answer.document["predictions"]]
    assert found == [pytest.approx(own, abs=1e-6) for own in expected]


def test_clients_at_the_same_time_get_exactly_what_a_lone_one_gets(server: Server, files: list[Path]) -> None:
    contents = [file.read_bytes() for file in files[:12]]
    alone = [server.predict(content).document for content in contents]
    with ThreadPoolExecutor(32) as clients:
        together = list(clients.map(lambda number: server.predict(contents[number % 12]).document, range(96)))
    assert together == alone * 8


def test_so_many_classes_are_named_as_are_asked_for(server: Server, files: list[Path]) -> None:
    content = files[0].read_bytes()
    assert [len(server.predict(content, f"?top={top}").document["predictions"][0]["top"]) for top in (1, 3)] == [1, 3]
    for query in ("?top=0", "?top=4", "?top=many", "?top=-1", "?top=1e400"):
        answer = server.predict(content, query)
        assert (answer.status, answer.code) == (422, "bad-request")


@pytest.mark.parametrize("content_type", ["image/png", "image/x-whatever", "application/octet-stream", "IMAGE/JPEG"])
def test_what_kind_of_picture_it_is_is_told_by_its_content(
    server: Server, files: list[Path], content_type: str
) -> None:
    assert server.predict(files[0].read_bytes(), content_type=content_type).status == 200


def test_a_body_without_a_type_may_be_a_picture(server: Server, files: list[Path]) -> None:
    assert server.ask("POST", "/v1/predict", files[0].read_bytes()).status == 200


def test_every_kind_of_picture_is_answered(server: Server) -> None:
    answer = server.predict_all(list(kinds().values()))
    assert [each.get("error") for each in answer.document["predictions"]] == [None] * len(kinds())


def test_a_picture_that_cannot_be_used_has_an_error_in_its_place(server: Server, files: list[Path]) -> None:
    good = files[0].read_bytes()
    answer = server.predict_all([good, b"<!DOCTYPE html>", good[:300], bomb(20_000), b"", good])
    predictions = answer.document["predictions"]
    assert answer.status == 200
    assert [each.get("error", {}).get("code") for each in predictions] == [
        None,
        "not-a-picture",
        "unreadable",
        "too-many-pixels",
        "empty-file",
        None,
    ]
    assert predictions[0] == predictions[5]


# --- what is told of the model and the server -----------------------------------------------------------------


def test_the_model_says_what_it_is_and_how_good_and_not_where(server: Server, trained: Trained) -> None:
    facts = server.ask("GET", "/v1/model").document
    assert facts["classes"] == list(trained.bundle.classes)
    assert facts["test"]["accuracy"] == trained.entry["test"]["accuracy"]
    assert facts["backbone"] == "efficientnet_lite0"
    assert str(trained.model.parent) not in json.dumps(facts)


def test_the_server_says_that_it_lives_and_is_ready(server: Server) -> None:
    answers = [server.ask("GET", path) for path in ("/healthz", "/readyz")]
    assert [(each.status, each.document) for each in answers] == [
        (200, {"status": "alive"}),
        (200, {"status": "ready"}),
    ]


def test_what_was_done_is_counted_by_route_and_outcome(server: Server, files: list[Path]) -> None:
    names = (
        'headstart_requests_total{route="/v1/predict",status="200"}',
        'headstart_requests_total{route="other",status="404"}',
        'headstart_pictures_total{outcome="answered"}',
        'headstart_pictures_total{outcome="not-a-picture"}',
        'headstart_stage_seconds_count{stage="engine"}',
    )
    before = [server.metric(name) for name in names]
    server.predict_all([files[0].read_bytes(), b"nothing", files[1].read_bytes()])
    server.ask("GET", "/whatever/a/client/writes")
    assert [server.metric(name) - was for name, was in zip(names, before, strict=True)] == [1, 1, 2, 1, 2]
    assert server.metric("headstart_pictures_in_work") == 0
    assert "whatever" not in server.ask("GET", "/metrics").body.decode()


def test_the_description_has_every_route_and_no_page_loads_scripts_from_elsewhere(server: Server) -> None:
    described = server.ask("GET", "/openapi.json").document
    assert {"/v1/predict", "/v1/model", "/healthz", "/readyz", "/metrics"} <= set(described["paths"])
    assert [server.ask("GET", path).status for path in ("/docs", "/redoc")] == [404, 404]


# --- what isn't a request for it ------------------------------------------------------------------------------


def test_what_is_not_there_is_answered_in_json(server: Server) -> None:
    answers = [server.ask("GET", "/nothing"), server.ask("GET", "/v1/predict"), server.ask("PUT", "/v1/model", b"x")]
    assert [(each.status, each.code) for each in answers] == [
        (404, "not-found"),
        (405, "method-not-allowed"),
        (405, "method-not-allowed"),
    ]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"url": "http://127.0.0.1/x.jpg"}'),
        ("text/plain", b"/etc/passwd"),
        ("application/x-www-form-urlencoded", b"url=http://127.0.0.1/x.jpg"),
        ("", b"x"),
        ("multipart/mixed; boundary=x", b"--x--"),
        ("\xff", b"x"),
    ],
)
def test_another_type_of_body_is_refused_and_nothing_is_fetched(server: Server, content_type: str, body: bytes) -> None:
    answer = server.predict(body, content_type=content_type)
    assert (answer.status, answer.code) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "empty-file"),
        (b"nonsense" * 1000, 422, "not-a-picture"),
        (encoded(picture((9, 9, 9), 1))[:200], 422, "unreadable"),
        (bomb(20_000), 422, "too-many-pixels"),
        (b"\xff\xd8\xff" + bytes(100_000), 422, "unreadable"),
    ],
)
def test_a_lone_body_that_is_no_picture_is_refused_with_the_reason(
    server: Server, body: bytes, status: int, code: str
) -> None:
    answer = server.predict(body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.document["error"]["message"].endswith(".")


def test_a_body_over_the_limit_is_refused_by_its_announcement(server: Server) -> None:
    head = (
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 9999999999\r\n\r\n"
    )
    assert server.raw(head).startswith(b"HTTP/1.1 413 ")
    assert server.predict(bytes(3_000_000)).code == "too-large"


def test_a_body_over_the_limit_is_refused_while_it_comes_in_chunks(server: Server) -> None:
    answer = server.ask("POST", "/v1/predict", iter([bytes(100_000)] * 30), content_type="image/png")
    assert (answer.status, answer.code) == (413, "too-large")


def test_a_picture_in_chunks_is_answered(server: Server, files: list[Path]) -> None:
    content = files[0].read_bytes()
    assert server.ask("POST", "/v1/predict", iter([content[:50], content[50:]]), content_type="image/png").status == 200


def test_clients_that_hang_up_leave_nothing_behind(server: Server, files: list[Path]) -> None:
    content = files[0].read_bytes()
    head = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    for sent in (b"", b"POST", head, head + content[:100], head + content):
        for _ in range(5):
            server.connected().close()
            connection = server.connected()
            connection.sendall(sent)
            # Not even a farewell: the system sends a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
    assert server.predict(content).status == 200
    assert server.metric("headstart_pictures_in_work") == 0


def test_a_client_that_only_stops_sending_does_no_harm(server: Server, files: list[Path]) -> None:
    with server.connected() as connection:
        connection.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)
        everything(connection)
    assert server.predict(files[0].read_bytes()).status == 200


def test_one_connection_serves_several_requests(server: Server, files: list[Path]) -> None:
    content = files[0].read_bytes()
    head = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n".encode()
    answers = server.raw(head + b"\r\n" + content, head + b"Connection: close\r\n\r\n" + content)
    assert answers.count(b"HTTP/1.1 200 OK") == 2


# --- a small version of the 10,000 requests -------------------------------------------------------------------


def malformed(number: int, good: bytes) -> bytes:
    """Return bytes that are no picture, another each time."""
    return (b"", good[: number % len(good)], bytes([number % 256]) * 999, bomb(12_000), b"GIF89a" + good)[number % 5]


def one_of_many(server: Server, number: int, files: list[Path]) -> Answer:
    """Send request ``number``: every fifth has a body that is no picture."""
    content = files[number % len(files)].read_bytes()
    if number % 5 == 0:
        return server.predict(malformed(number // 5, content))
    return server.predict(content) if number % 3 else server.predict_all([content, content])


def test_of_300_requests_the_good_ones_are_answered_and_the_others_refused(server: Server, files: list[Path]) -> None:
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda number: one_of_many(server, number, files), range(300)))
    good = [answer.status for number, answer in enumerate(answers) if number % 5]
    bad = [answer.status for number, answer in enumerate(answers) if number % 5 == 0]
    assert set(good) == {200}
    assert set(bad) <= {400, 422}
    assert server.said[1:] == []


def held_by(server: Server) -> float:
    """Return the memory that the server and its workers hold, in MB."""
    pids = [server.process.pid, *workers_of(server.process.pid)]
    return sum(held_megabytes(pid) for pid in pids)


@pytest.mark.trust
@pytest.mark.timeout(1800)
def test_after_10000_requests_of_which_a_fifth_is_malformed_the_memory_is_what_it_was(
    server: Server, files: list[Path]
) -> None:
    def ask(numbers: range) -> set[int]:
        with ThreadPoolExecutor(32) as clients:
            return set(clients.map(lambda number: one_of_many(server, number, files).status, numbers))

    ask(range(1_000))
    before = held_by(server)
    assert ask(range(10_000)) <= {200, 400, 422}
    assert held_by(server) < 1.1 * before
    assert server.metric("headstart_pictures_in_work") == 0
    assert server.said[1:] == []


def test_a_body_of_a_form_can_be_an_iterator(server: Server, files: list[Path]) -> None:
    body, content_type = form([files[0].read_bytes()])
    stream = io.BytesIO(body)
    chunks = iter(lambda: stream.read(7), b"")
    assert server.ask("POST", "/v1/predict", chunks, content_type=content_type).status == 200
