"""What answering costs beside the engine alone: `predict` on many files, and the server with its clients."""

from __future__ import annotations

import asyncio
import http.client
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from benchmarks.figure import ROUNDS, Figure, seconds_of
from benchmarks.rows import network_of
from benchmarks.runs import HEADSTART, run
from headstart.data.decode import Geometry, pixels_from
from headstart.features.engine import Engine, Pixels, engine_for
from headstart.jobs.classifier import load

PREDICTED = 2_000
ANSWERED = 800
ALONE = 200
MANY = 10_000
CLIENTS = 32
_HEADERS = "POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: "


def files(pictures: Path) -> list[Figure]:
    """Compare ``headstart predict`` on 2,000 files, start and end included, with the engine fed from memory."""
    listed = _files_of(pictures)
    with tempfile.TemporaryDirectory() as place, _engine_and_pixels(listed) as (engine, pixels):
        model = _model_of(pictures, Path(place))
        folder = Path(place, "pictures")
        folder.mkdir()
        for number, file in enumerate(islice(cycle(listed), PREDICTED)):
            (folder / f"{number:04}{file.suffix}").symlink_to(file.resolve())
        ours, engines, largest = [], [], 0.0
        for number in range(ROUNDS):
            engines.append(seconds_of(lambda: _run(engine, pixels, PREDICTED)))
            seconds, megabytes, _ = run("predict", model, folder, "--out", Path(place, f"{number}.csv"))
            ours.append(seconds)
            largest = max(largest, megabytes)
    by_us, by_engine = statistics.median(ours), statistics.median(engines)
    return [
        Figure(
            f"`headstart predict` on {PREDICTED:,} files against the engine from memory ({PREDICTED / by_us:.0f} and "
            f"{PREDICTED / by_engine:.0f} pictures/s)",
            f"{by_engine / by_us:.2f}",
            "≥ 0.75",
        ),
        Figure("its memory", f"{largest:,.0f} MB"),
    ]


def serve(pictures: Path) -> list[Figure]:
    """Compare the server, with its clients on the same processors, with the engine fed from memory and `predict`."""
    listed = _files_of(pictures)
    bodies = [file.read_bytes() for file in listed]
    with tempfile.TemporaryDirectory() as place, _engine_and_pixels(listed) as (engine, pixels):
        model = _model_of(pictures, Path(place))
        with _serving(model):
            pass  # whatever is read for the first time was read
        starts = []
        for _ in range(ROUNDS):
            with _serving(model) as server:
                starts.append(server.seconds)
        classifier = load(model)
        classifier.predict(listed[:20])
        served, engines, alone, here = [], [], [], []
        with _serving(model) as server:
            asyncio.run(_asked(server.port, bodies, 100, CLIENTS))
            for _ in range(ROUNDS):
                engines.append(seconds_of(lambda: _run(engine, pixels, ANSWERED)))
                since = time.perf_counter()
                asyncio.run(_asked(server.port, bodies, ANSWERED, CLIENTS))
                served.append(time.perf_counter() - since)
                alone += asyncio.run(_asked(server.port, bodies, ALONE, 1))
                some = islice(cycle(listed), ALONE)
                here += [seconds_of(lambda file=file: classifier.predict([file])) for file in some]  # type: ignore[misc]
    by_server, by_engine = statistics.median(served), statistics.median(engines)
    last, one = _percentile(alone, 99), statistics.median(here)
    return [
        Figure("start to ready, a converted model", f"{statistics.median(starts):.1f} s", "< 2 s"),
        Figure(
            f"{CLIENTS} clients on the same processors against the engine from memory ({ANSWERED / by_server:.0f} and "
            f"{ANSWERED / by_engine:.0f} pictures/s)",
            f"{by_engine / by_server:.2f}",
            "≥ 0.5",
        ),
        Figure(
            f"99th percentile of one client's {last * 1000:.0f} ms against the median of a prediction in one process, "
            f"{one * 1000:.0f} ms",
            f"{last / one:.2f}",
            "≤ 2",
        ),
        Figure("the 99th percentile of that", f"{_percentile(here, 99) / one:.2f}"),
        Figure("median of one client against it", f"{statistics.median(alone) / one:.2f}"),
    ]


def many(pictures: Path) -> list[Figure]:
    """Ask the server 10,000 times, 20 % of the requests malformed, and compare its memory before and after."""
    bodies = [file.read_bytes() for file in _files_of(pictures)]
    drawn = random.Random(0)  # noqa: S311 - which requests are bad, no secret
    with tempfile.TemporaryDirectory() as place:
        model = _model_of(pictures, Path(place))
        with _serving(model) as server:
            asyncio.run(_asked(server.port, _some_spoilt(bodies, 1_000, drawn), 1_000, CLIENTS))
            before = server.megabytes()
            statuses: list[int] = []
            asyncio.run(_asked(server.port, _some_spoilt(bodies, MANY, drawn), MANY, CLIENTS, statuses))
            after = server.megabytes()
    good, bad = statuses.count(200), sum(400 <= status < 500 for status in statuses)
    return [
        Figure(f"answered of {MANY:,} requests", f"{len(statuses):,}", f"{MANY:,}"),
        Figure("of them with classes, and refused (4xx)", f"{good:,} and {bad:,}", "80 and 20 %"),
        Figure(f"memory afterwards against before ({before:.0f} MB)", f"{after / before:.2f}", "≤ 1.1"),
    ]


def _files_of(pictures: Path) -> list[Path]:
    """Return pictures of all classes, in turns."""
    folders = sorted(folder for folder in pictures.iterdir() if folder.is_dir())
    by_class = [sorted(folder.iterdir()) for folder in folders]
    return [file for some in zip(*by_class, strict=False) for file in some]


def _model_of(pictures: Path, place: Path) -> Path:
    """Return a model for the first ten classes, trained on twenty pictures of each."""
    for folder in sorted(folder for folder in pictures.iterdir() if folder.is_dir())[:10]:
        (place / "training" / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:20]:
            (place / "training" / folder.name / file.name).symlink_to(file.resolve())
    run("train", place / "training", "--out", place / "model")
    return place / "model"


@contextmanager
def _engine_and_pixels(listed: list[Path]) -> Iterator[tuple[Engine, list[Pixels]]]:
    network = network_of()
    pixels = [pixels_from(file.read_bytes(), Geometry(network.image_size)) for file in listed[:400]]
    engine = engine_for(network)
    _run(engine, pixels, 50)
    yield engine, pixels


def _run(engine: Engine, pixels: list[Pixels], count: int) -> None:
    for _ in engine.vectors(enumerate(islice(cycle(pixels), count))):
        pass


@dataclass(frozen=True)
class _Server:
    """A running server, and how long it took until it was ready."""

    process: subprocess.Popen[bytes]
    port: int
    seconds: float

    def megabytes(self) -> float:
        """Return the memory of the server and of its decoding processes."""
        ours = [self.process.pid, *_children_of(self.process.pid)]
        return sum(_held(pid) for pid in ours)


@contextmanager
def _serving(model: Path) -> Iterator[_Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    since = time.perf_counter()
    command = [HEADSTART, "serve", str(model), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _is_ready(port):
            if process.poll() is not None:
                sys.exit("headstart serve failed")
            time.sleep(0.01)
        yield _Server(process, port, time.perf_counter() - since)
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


async def _asked(
    port: int, bodies: list[bytes], count: int, clients: int, statuses: list[int] | None = None
) -> list[float]:
    """Return the seconds of each of ``count`` requests, sent by so many clients that each keep their connection."""
    left = iter(islice(cycle(bodies), count))
    seconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in left:
            since = time.perf_counter()
            writer.write(f"{_HEADERS}{len(body)}\r\n\r\n".encode() + body)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            seconds.append(time.perf_counter() - since)
            if statuses is not None:
                statuses.append(int(head.split(b" ", 2)[1]))
            if b"connection: close" in head:
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return seconds


def _some_spoilt(bodies: list[bytes], count: int, drawn: random.Random) -> list[bytes]:
    """Return ``count`` bodies, every fifth of them spoilt: empty, cut, or no picture at all."""
    some = list(islice(cycle(bodies), count))
    for number in range(0, count, 5):
        whole = some[number]
        some[number] = drawn.choice((b"", whole[: len(whole) // 3], b"<html>no picture</html>", drawn.randbytes(500)))
    return some


def _percentile(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1]


def _children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    tasks = Path(f"/proc/{pid}/task").glob("*/children") if listed.parent.exists() else ()
    return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]


def _held(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
