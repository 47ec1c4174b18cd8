"""The server as a program: how it starts, what it says, and how it stops."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models import Trained
from picture_files import kinds
from processes import eventually
from servers import LOOPBACK, serving, starting


@pytest.fixture(scope="module")
def content(trained: Trained) -> bytes:
    return sorted(trained.data.rglob("*.png"))[0].read_bytes()


def ended(model: Path, *options: str) -> tuple[int, str]:
    """Return the exit code and the stderr of a server that doesn't stay."""
    with starting(model, *options) as server:
        _, said = server.process.communicate(timeout=60)
        return server.process.returncode, said


def test_it_says_where_it_is_and_ends_well_at_a_signal(trained: Trained, content: bytes) -> None:
    with serving(trained.model) as server:
        assert server.said == [f"Serving {trained.model} on http://127.0.0.1:{server.port} (Ctrl-C stops)"]
        assert server.predict(content).status == 200
        assert server.stop(signal.SIGINT) == 0
    assert len(server.said) == 1


def test_at_a_signal_under_load_every_accepted_request_is_answered(trained: Trained) -> None:
    large = kinds()["jpeg-exif"]
    statuses: list[int] = []
    refused: list[str] = []

    def ask_until_it_is_gone() -> None:
        while True:
            try:
                statuses.append(server.predict(large).status)
            except ConnectionRefusedError:
                return
            except OSError as error:
                refused.append(repr(error))
                return

    with serving(trained.model) as server, ThreadPoolExecutor(12) as clients:
        asking = [clients.submit(ask_until_it_is_gone) for _ in range(12)]
        assert eventually(lambda: len(statuses) > 20)
        assert server.stop() == 0
        for each in asking:
            each.result()
    assert set(statuses) == {200}
    # What had come no farther than the system's own queue of connections was never accepted.
    assert all("reset" in each for each in refused)
    assert len(server.said) == 1


def test_while_it_stops_it_answers_what_is_still_being_sent(trained: Trained, content: bytes) -> None:
    head = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    with serving(trained.model) as server, server.connected() as slow:
        slow.sendall(head + content[:100])
        time.sleep(0.2)
        server.process.terminate()
        time.sleep(0.5)
        slow.sendall(content[100:])
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert server.process.wait(30) == 0


def test_a_second_signal_ends_it_at_once(trained: Trained) -> None:
    with serving(trained.model) as server, server.connected() as slow:
        slow.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
        time.sleep(0.2)
        server.process.terminate()
        time.sleep(0.5)
        assert server.process.poll() is None
        assert server.stop() == -signal.SIGTERM


def test_while_it_loads_it_lives_and_is_not_ready_and_a_signal_ends_it_well(trained: Trained, tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    # With an empty cache the network has to be converted first.
    with starting(trained.model, "--port", str(port), HEADSTART_CACHE=str(tmp_path)) as server:
        server.port = port
        assert eventually(lambda: answers(port))
        assert server.ask("GET", "/healthz").status == 200
        assert (server.ask("GET", "/readyz").status, server.predict(b"x").code) == (503, "starting")
        assert server.stop() == 0


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex((LOOPBACK, port)) == 0


def test_a_port_that_is_in_use_is_told(trained: Trained) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        assert ended(trained.model, "--port", port) == (
            2,
            f"headstart: port {port} of 127.0.0.1 is in use; name another with --port, or 0 for any.\n",
        )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--host", "no.such.host.invalid"), "there is no such address here."),
        (("--host", "192.0.2.1"), "there is no such address here."),
        (("--port", "70000"), "--port 70000: ports go from 1 to 65535"),
        (("--top", "0"), "--top 0: name at least 1 class"),
        (("--queue", "5"), "--queue 5 has no room for a request of 64 pictures"),
        (("--timeout", "0"), "must be over 0"),
        (("--max-body", "much"), "--max-body much: write a size"),
        (("--token", "t\u00f6ken"), "--token must be made of ASCII"),
        (("--allow-origin", "example.org"), "write a web site as in https://example.org"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_sentence(
    trained: Trained, options: tuple[str, str], sentence: str
) -> None:
    code, said = ended(trained.model, *options)
    assert code == 2
    assert sentence in said
    assert said.count("\n") == 1


def test_a_model_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    code, said = ended(tmp_path)
    assert code == 2
    assert said.startswith("headstart: ") and "is not a model folder" in said
    assert said.count("\n") == 1


def test_beyond_this_machine_and_without_a_token_it_warns(trained: Trained) -> None:
    with serving(trained.model, "--host", "0.0.0.0") as server:  # noqa: S104 - what is warned of
        assert server.said[0].startswith("Warning: 0.0.0.0 can be reached from other machines")
        assert f"http://localhost:{server.port} " in server.said[1]
        assert server.ask("GET", "/healthz").status == 200
        assert server.ask("GET", "/healthz", Host="evil.example").status == 421


def test_the_token_of_the_environment_is_asked_for_and_not_said(trained: Trained, content: bytes) -> None:
    with serving(trained.model, "--host", "0.0.0.0", HEADSTART_TOKEN="se cret") as server:  # noqa: S104, S106
        assert server.predict(content).status == 401
        assert server.predict(content, Authorization="Bearer se cret").status == 200
        assert server.ask("GET", "/readyz").status == 200
        assert "cret" not in " ".join(server.said)
        assert len(server.said) == 1


def test_with_a_tiny_queue_what_is_too_much_is_refused_at_once_and_the_rest_answered(
    trained: Trained, content: bytes
) -> None:
    with serving(trained.model, "--queue", "2", "--max-pictures", "1") as server:
        with ThreadPoolExecutor(16) as clients:
            answers = list(clients.map(lambda number: server.predict(content), range(64)))
        statuses = {answer.status for answer in answers}
        assert statuses == {200, 429}
        assert {a.headers.get("retry-after") for a in answers if a.status == 429} == {"1"}
        assert server.predict(content).status == 200


def test_serving_imports_nothing_of_training(trained: Trained) -> None:
    code = (
        "import sys; from pathlib import Path; import headstart.server.running; from headstart.server.served import "
        "served; served(Path(sys.argv[1]), print); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, trained.model], capture_output=True, text=True, check=True)
    assert not {"keras", "tensorflow", "sklearn", "scipy", "h5py"} & set(done.stdout.split())
