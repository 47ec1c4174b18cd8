"""S3 servers on this machine, for the tests of data in object storage: moto's, and some that only refuse."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from processes import eventually

SECRET = "a-secret-that-nobody-may-read"  # noqa: S105 - a made-up one
KEY = "A-KEY-THAT-NOBODY-MAY-READ"

_REQUEST = re.compile(r'"(?:\x1b\[\d+m)*([A-Z]+ [^ "]+)')  # what was refused is noted in colour


@dataclass(frozen=True)
class ObjectStorage:
    """A server that runs: its URL, and the requests that it answered so far, as ``GET /bucket/key`` and the like."""

    url: str
    requests: list[str]

    def put(self, bucket: str, objects: Mapping[str, bytes]) -> None:
        """Make the bucket if there is none, and put objects into it."""
        with closing(self._client()) as client:
            client.create_bucket(Bucket=bucket)
            for key, content in objects.items():
                client.put_object(Bucket=bucket, Key=key, Body=content)

    def put_folder(self, folder: Path, bucket: str, prefix: str = "") -> str:
        """Put every file of a folder into a bucket, and return the address of the whole."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        start = f"{prefix}/" if prefix else ""
        self.put(bucket, {start + path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
        return f"s3://{bucket}/{prefix}".rstrip("/")

    def remove(self, bucket: str, key: str) -> None:
        """Remove an object."""
        with closing(self._client()) as client:
            client.delete_object(Bucket=bucket, Key=key)

    def answered(self, beginning: str) -> int:
        """Return how many requests that begin so were answered so far, once all are noted."""
        with closing(HTTPConnection(self.url.removeprefix("http://"))) as last:
            path = f"/noted-{len(self.requests)}"
            last.request("DELETE", path)
            last.getresponse().read()
        assert eventually(lambda: f"DELETE {path}" in self.requests)
        return sum(each.startswith(beginning) and "/noted-" not in each for each in self.requests)

    def _client(self) -> Any:
        import boto3

        return boto3.client("s3")


@contextmanager
def object_storage() -> Iterator[ObjectStorage]:
    """Run a server, for this process and its children the one of Amazon, and end it whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from moto.server import main; main(['-H', '127.0.0.1', '-p', '0'])"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    storage = None
    try:
        for line in process.stderr:
            if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", line):
                storage = ObjectStorage(found[1], [])
                break
        assert storage, "moto's server didn't start"
        # Whoever writes into a pipe that nobody reads stops at last.
        reader = threading.Thread(target=_note_requests, args=(process.stderr, storage.requests), daemon=True)
        reader.start()
        with credentials_for(storage.url):
            yield storage
    finally:
        process.kill()
        process.wait()
        if storage:
            reader.join()
        process.stderr.close()


@contextmanager
def credentials_for(url: str) -> Iterator[None]:
    """Let this process and its children take the server at ``url`` for Amazon's, with made-up credentials."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        yield


@contextmanager
def refusing(status: int, code: str, message: str = "no") -> Iterator[None]:
    """Run a server in Amazon's place that answers every request with an error as S3 writes it."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    with _answering(lambda: (status, body, len(body))):
        yield


@contextmanager
def breaking_off(body: bytes, times: int) -> Iterator[None]:
    """Run a server in Amazon's place that has one object, and breaks off in the midst of it so many times."""
    ends = iter([len(body) // 2] * times)
    with _answering(lambda: (200, body[: next(ends, len(body))], len(body))):
        yield


@contextmanager
def _answering(answer: Callable[[], tuple[int, bytes, int]]) -> Iterator[None]:
    """Run a server in Amazon's place that gives a status, a body, and how long that claims to be."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, length = answer()
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - as the server asks for it

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with credentials_for(f"http://127.0.0.1:{server.server_port}"):
                yield
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def nobody() -> Iterator[None]:
    """Let nobody be where Amazon's server is looked for."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody else can have the port
        with credentials_for(f"http://127.0.0.1:{closed.getsockname()[1]}"):
            yield


@contextmanager
def silence() -> Iterator[None]:
    """Let Amazon's server be one that takes connections and never answers."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        credentials_for(f"http://127.0.0.1:{listening.getsockname()[1]}"),
    ):
        yield


def _note_requests(lines: Iterator[str], requests: list[str]) -> None:
    requests.extend(found[1] for line in lines if (found := _REQUEST.search(line)))
