"""Real servers for the tests: a process on a free port, and clients of every kind, the hostile ones too."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from headstart.server.connection import Connection
from models import HEADSTART

LOOPBACK = "127.0.0.1"
SECONDS = 60
_PROGRAM = (HEADSTART, "serve")


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON document in the body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the error in the body."""
        return str(self.document["error"]["code"])


@dataclass
class Clients:
    """Whoever asks the server at ``port`` of this machine."""

    port: int = 0

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{LOOPBACK}:{self.port}"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request on a connection of its own; ``content_type`` is the header Content-Type, and so on."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=SECONDS)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named, encode_chunked=isinstance(body, Iterator))
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def predict(self, picture: bytes, query: str = "", **headers: str) -> Answer:
        """Ask for the classes of one picture."""
        return self.ask("POST", f"/v1/predict{query}", picture, **({"content_type": "image/jpeg"} | headers))

    def predict_all(self, pictures: Sequence[bytes], query: str = "") -> Answer:
        """Ask for the classes of several pictures in a form."""
        body, content_type = form(pictures)
        return self.ask("POST", f"/v1/predict{query}", body, content_type=content_type)

    def connected(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection((LOOPBACK, self.port), timeout=SECONDS)

    def raw(self, *sent: bytes) -> bytes:
        """Send bytes as they are, and return all that comes back until the server hangs up."""
        with self.connected() as connection:
            for each in sent:
                connection.sendall(each)
            return everything(connection)

    def metric(self, line: str) -> float:
        """Return a figure of ``/metrics``, 0 if it isn't there."""
        text = self.ask("GET", "/metrics").body.decode()
        found = [each for each in text.splitlines() if each.startswith(f"{line} ")]
        return float(found[0].rpartition(" ")[2]) if found else 0.0


@dataclass
class Server(Clients):
    """A server that runs in a process of its own."""

    process: subprocess.Popen[str] = field(kw_only=True)
    said: list[str] = field(default_factory=list)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


def everything(connection: socket.socket) -> bytes:
    """Return what comes until the other side hangs up, however it does."""
    came = b""
    try:
        while some := connection.recv(65536):
            came += some
    except ConnectionError:
        pass
    return came


def form(pictures: Sequence[bytes], name: str = "file") -> tuple[bytes, str]:
    """Return pictures as the body of a form, and its content type."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{number}.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode()
        + picture
        + b"\r\n"
        for number, picture in enumerate(pictures)
    ]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


@contextmanager
def starting(
    model: Path, *options: str | Path, program: Sequence[str | Path] = _PROGRAM, **environment: str
) -> Iterator[Server]:
    """Start a server on a free port without waiting for it, and end it at last."""
    command = [str(part) for part in (*program, model, *options)]
    with subprocess.Popen(
        [*command, *(() if "--port" in command else ("--port", "0"))],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=os.environ | environment,
    ) as process:
        server = Server(process=process)
        try:
            yield server
        finally:
            process.kill()


@contextmanager
def serving(
    model: Path, *options: str | Path, program: Sequence[str | Path] = _PROGRAM, **environment: str
) -> Iterator[Server]:
    """Start a server on a free port, wait until it is ready, and end it at last; ``said`` grows with its stderr."""
    with starting(model, *options, program=program, **environment) as server:
        assert server.process.stderr is not None
        for line in server.process.stderr:
            server.said.append(line.rstrip("\n"))
            if line.startswith("Serving "):
                server.port = int(line.split(" on http://")[1].split(" ")[0].rpartition(":")[2])
                break
        assert server.port, f"the server ended: {server.said}"
        reading = threading.Thread(target=server.said.extend, args=(map(str.rstrip, server.process.stderr),))
        reading.start()
        try:
            yield server
        finally:
            server.process.kill()
            reading.join(SECONDS)


@contextmanager
def answering(app: ASGIApp) -> Iterator[Clients]:
    """Have an application answer in a thread of this process, on connections as the server has them."""
    options: dict[str, Any] = {"ws": "none", "lifespan": "off", "log_config": None, "server_header": False}
    server = uvicorn.Server(uvicorn.Config(app, http=Connection, **options))
    with socket.create_server((LOOPBACK, 0)) as listening:
        running = threading.Thread(target=server.run, args=([listening],))
        running.start()
        try:
            yield Clients(listening.getsockname()[1])
        finally:
            server.should_exit = True
            running.join(SECONDS)
