"""The decoding process itself, talked to through its pipes: what it answers, refuses and survives."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from PIL import Image

from headstart.data import worker
from headstart.data.decode import FITS, DecodeError, Geometry, pixels_from
from headstart.data.facts import FACTS, facts_of
from headstart.data.worker import MAX_BYTES, MEMORY_BYTES, READY
from object_storage import KEY, ObjectStorage, nobody, refusing
from picture_files import exif, kinds
from pictures import encoded, picture

COMMAND = (sys.executable, "-P", "-m", "headstart.data.worker")
ELSEWHERE = "import os, runpy, signal, sys; {}; runpy.run_module('headstart.data.worker', run_name='__main__')"
"""A worker on a machine that lacks something."""

DEADLY = Path(__file__).parents[1] / "children" / "deadly"


def asked(
    *files: Path | str, task: str = "facts", sha256: str | None = None, size: int = 8, fit: str = "squash"
) -> bytes:
    """Return requests, one for each file."""
    rest = {"task": task, "sha256": sha256, "size": size, "fit": fit, "view": "whole"}
    return b"".join(json.dumps({"file": str(file), **rest}).encode() + b"\n" for file in files)


def answers(requests: bytes, command: Sequence[str] = COMMAND, **options: Any) -> list[tuple[dict[str, Any], bytes]]:
    """Return the header and payload of every answer of a worker that gets ``requests`` and then no more."""
    done = subprocess.run(command, input=requests, capture_output=True, check=True, timeout=60, **options)
    stream = io.BytesIO(done.stdout)
    assert stream.readline() == READY
    found = []
    while line := stream.readline():
        header = json.loads(line)
        found.append((header, stream.read(header.pop("bytes"))))
    return found


def reasons(*files: Path | str, **rest: Any) -> list[str | None]:
    """Return the reason why each file isn't answered for, or None."""
    return [header.get("reason") for header, _ in answers(asked(*files, **rest))]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.jpg"
    file.write_bytes(kinds()["jpeg-exif"])
    return file


# --- what it answers ------------------------------------------------------------------------------------------


def test_facts_are_those_of_the_content(good: Path) -> None:
    [(header, payload)] = answers(asked(good))
    content = good.read_bytes()
    assert header == {
        "format": "JPEG",
        "mode": "RGB",
        "camera": "Maker Model",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert np.frombuffer(payload, FACTS)[0] == facts_of(content).row


@pytest.mark.parametrize("fit", FITS)
def test_pixels_are_those_of_the_content(good: Path, fit: str) -> None:
    [(_, payload)] = answers(asked(good, task="pixels", size=9, fit=fit))
    assert payload == pixels_from(good.read_bytes(), Geometry(9, fit)).tobytes()


def test_a_thumbnail_is_a_small_upright_jpeg(good: Path) -> None:
    [(_, payload)] = answers(asked(good, task="thumbnail", size=12))
    thumbnail = Image.open(io.BytesIO(payload))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (10, 12))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_a_thumbnail_holds_nothing_of_the_files_metadata(tmp_path: Path, form: str) -> None:
    beside = {"comment": b"private", "exif": exif(1, "private"), "icc_profile": b"private", "xmp": b"private"}
    (tmp_path / "file").write_bytes(encoded(picture((9, 9, 9), 1), form, **beside))
    [(_, payload)] = answers(asked(tmp_path / "file", task="thumbnail"))
    assert b"private" in (tmp_path / "file").read_bytes()
    assert b"private" not in payload


def test_answers_come_in_the_order_of_the_requests(tmp_path: Path) -> None:
    files = [tmp_path / name for name in kinds()]
    for file, content in zip(files, kinds().values(), strict=True):
        file.write_bytes(content)
    found = [header["sha256"] for header, _ in answers(asked(*files))]
    assert found == [hashlib.sha256(content).hexdigest() for content in kinds().values()]


def test_what_a_library_prints_does_not_disturb_the_conversation(good: Path) -> None:
    talks = "print('text', flush=True), os.write(1, b'{}\\n'), os.write(2, b'error'), real()"
    talking = f"import PIL.Image; real = PIL.Image.preinit; PIL.Image.preinit = lambda: ({talks})"
    [(header, _)] = answers(asked(good), (sys.executable, "-c", ELSEWHERE.format(talking)))
    assert header["format"] == "JPEG"


def test_a_content_follows_its_request_whatever_is_in_it(good: Path) -> None:
    head = {"task": "facts", "sha256": None}
    contents = [good.read_bytes(), b'\n{"file": "/etc/passwd"}\n', b"", good.read_bytes()]
    requests = [json.dumps(head | {"content": len(each)}).encode() + b"\n" + each for each in contents]
    found = answers(b"".join([*requests, asked(good)]))
    assert [header.get("reason") for header, _ in found] == [None, "not-a-picture", "empty-file", None, None]
    assert found[0] == found[3] == found[4]


def test_another_content_than_the_expected_that_follows_is_changed() -> None:
    request = json.dumps({"task": "facts", "sha256": "0" * 64, "content": 3}).encode()
    assert [header for header, _ in answers(request + b"\nabc")] == [{"reason": "changed"}]


# --- what it refuses ------------------------------------------------------------------------------------------


def test_another_content_than_the_expected_is_changed(good: Path) -> None:
    assert reasons(good, sha256="0" * 64) == ["changed"]
    assert reasons(good, sha256=hashlib.sha256(good.read_bytes()).hexdigest()) == [None]


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path, good: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert reasons(tmp_path / "pipe", good) == ["not-a-file", None]


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device_in_place_of_a_file_is_not_read(tmp_path: Path, device: str) -> None:
    (tmp_path / "link").symlink_to(device)
    assert reasons(tmp_path / "link")[0] in {"not-a-file", "unreadable"}  # there may be no terminal


def test_a_folder_or_a_socket_in_place_of_a_file_is_none(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        assert reasons(tmp_path, tmp_path / "socket") == ["not-a-file", "unreadable"]


def test_no_descriptor_is_left_open(tmp_path: Path, good: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted
    worker._content(str(good))
    for other in (tmp_path, tmp_path / "missing", Path("/dev/null")):
        with pytest.raises(DecodeError):
            worker._content(str(other))
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - counted


def test_a_file_that_is_missing_or_may_not_be_read_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert reasons(tmp_path / "missing", tmp_path / "loop", tmp_path / "with\0zero") == ["unreadable"] * 3


def test_a_file_larger_than_any_picture_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    assert reasons(tmp_path / "large") == ["too-large"]


def test_a_file_for_which_there_is_no_memory_is_refused_and_the_next_is_answered(tmp_path: Path, good: Path) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.write(b"\x89PNG\r\n\x1a\n")
        stream.truncate(MAX_BYTES)
    little = "from headstart.data import worker; worker.MEMORY_BYTES = 2**28; sys.argv = ['']; worker.main()"
    found = answers(asked(tmp_path / "large", good), (sys.executable, "-c", f"import sys; {little}"))
    assert [header.get("reason") for header, _ in found] == ["too-many-pixels", None]


@pytest.mark.parametrize("task", ["facts", "pixels", "thumbnail"])
def test_what_is_no_picture_gets_the_reason_of_the_decoder(tmp_path: Path, good: Path, task: str) -> None:
    (tmp_path / "page").write_bytes(b"<!DOCTYPE html>")
    (tmp_path / "empty").touch()
    (tmp_path / "half").write_bytes(good.read_bytes()[:700])
    files = [tmp_path / name for name in ("page", "empty", "half")]
    assert reasons(*files, good, task=task) == ["not-a-picture", "empty-file", "unreadable", None]


def mocked_fdopen(during: Callable[[], object]) -> Callable[..., BinaryIO]:
    """Return what opens a file and calls ``during`` before it is read."""

    class Watched(io.BufferedReader):
        def read(self, size: int | None = -1, /) -> bytes:
            during()
            return super().read(size)

    return lambda descriptor, mode, closefd: Watched(io.FileIO(descriptor, closefd=closefd))


@pytest.mark.parametrize("content", [b"", b"short", b"long" * 1000])
def test_a_file_that_is_written_while_it_is_read_has_changed(
    good: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(os, "fdopen", mocked_fdopen(lambda: good.write_bytes(content)))
    with pytest.raises(DecodeError, match=r"^changed$"):
        worker._content(str(good))


@pytest.mark.parametrize("content", [b"", b"short", b"long" * 1000])
def test_a_file_of_another_length_has_changed_even_if_its_time_has_not(
    good: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    def rewrite() -> None:
        good.write_bytes(content)
        os.utime(good, (1, 1))

    os.utime(good, (1, 1))
    monkeypatch.setattr(os, "fdopen", mocked_fdopen(rewrite))
    with pytest.raises(DecodeError, match=r"^changed$"):
        worker._content(str(good))


def test_a_file_that_is_written_with_as_many_bytes_while_it_is_read_has_changed(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(good, (1, 1))
    monkeypatch.setattr(os, "fdopen", mocked_fdopen(lambda: good.write_bytes(good.read_bytes()[::-1])))
    with pytest.raises(DecodeError, match=r"^changed$"):
        worker._content(str(good))


def test_a_file_that_is_replaced_while_it_is_read_is_the_old_one(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = good.read_bytes()
    (good.parent / "new").write_bytes(b"new")
    monkeypatch.setattr(os, "fdopen", mocked_fdopen(lambda: (good.parent / "new").replace(good)))
    assert worker._content(str(good)) == content


# --- objects in object storage --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bucket(storage: ObjectStorage) -> str:
    """Some pictures, and what is none, in a bucket."""
    storage.put("worker", kinds() | {"odd #?.png": kinds()["png-rgb"], "page": b"<!DOCTYPE html>", "empty": b""})
    return "s3://worker"


def test_an_object_is_answered_for_as_a_file_with_its_content(tmp_path: Path, bucket: str) -> None:
    for name, content in kinds().items():
        (tmp_path / name).write_bytes(content)
    for task in ("facts", "pixels", "thumbnail"):
        here = answers(asked(*(tmp_path / name for name in kinds()), task=task))
        assert answers(asked(*(f"{bucket}/{name}" for name in kinds()), task=task)) == here


def test_files_and_objects_may_take_turns(bucket: str, good: Path) -> None:
    names = ("odd #?.png", "page", "empty", "gone")
    asked_for = [file for name in names for file in (f"{bucket}/{name}", good)]
    found = reasons(*asked_for)
    assert found == [None, None, "not-a-picture", None, "empty-file", None, "vanished", None]


def test_another_content_of_an_object_than_the_expected_is_changed(bucket: str) -> None:
    assert reasons(f"{bucket}/png-rgb", sha256="0" * 64) == ["changed"]


def test_a_process_keeps_its_connection(storage: ObjectStorage, bucket: str) -> None:
    before = storage.answered("")
    assert reasons(*[f"{bucket}/png-rgb"] * 5) == [None] * 5
    assert storage.answered("GET /worker/png-rgb") >= 5
    assert storage.answered("") == before + 5


def test_an_object_that_is_denied_is_unreadable_and_the_next_is_asked_for() -> None:
    with refusing(403, "AccessDenied"):
        assert reasons("s3://b/1.png", "s3://b/2.png") == ["unreadable"] * 2


def test_where_nothing_can_be_read_the_sentence_for_the_user_is_the_answer() -> None:
    with refusing(403, "ExpiredToken", KEY):
        [(refused, _)] = answers(asked("s3://b/1.png"))
    with nobody():
        [(unreachable, _)] = answers(asked("s3://b/1.png"))
    assert refused["missing"].startswith("s3://b/1.png can't be read: credentials were refused (ExpiredToken).")
    assert KEY not in refused["missing"]
    assert unreachable["missing"].startswith("s3://b/1.png can't be reached (")


def test_an_object_larger_than_any_picture_is_too_large(storage: ObjectStorage) -> None:
    storage.put("worker", {"large": bytes(1001)})
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(worker, "MAX_BYTES", 1000)
        with pytest.raises(DecodeError, match=r"^too-large"):
            worker._content("s3://worker/large")


def test_the_time_of_the_processor_that_connecting_takes_is_on_no_pictures_account(bucket: str, good: Path) -> None:
    slow = (
        "import fsspec, time; real = fsspec.get_filesystem_class; fsspec.get_filesystem_class = "
        "lambda name: [[0 for _ in iter(lambda: time.process_time() < 7, False)], real(name)][1]"
    )
    assert len(answers(asked(good, f"{bucket}/png-rgb"), (sys.executable, "-c", ELSEWHERE.format(slow)))) == 2


def test_the_memory_that_connecting_takes_is_on_no_pictures_account(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [2**20, 2**28]
    limits = {resource.RLIMIT_CORE: (0, 0), resource.RLIMIT_AS: (resource.RLIM_INFINITY, resource.RLIM_INFINITY)}
    soft: list[int] = []

    def set_limit(kind: int, both: tuple[int, int]) -> None:
        limits[kind] = both
        soft.append(both[0])

    monkeypatch.setattr(worker, "_inherited_limits", functools.cache(worker._inherited_limits.__wrapped__))
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: f"{held.pop(0) // resource.getpagesize()}")
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", set_limit)
    monkeypatch.setattr("headstart.data.remote.connect", lambda place: None)
    worker._limit_memory()
    worker._connect.__wrapped__("s3://worker")
    assert soft[1::2] == [2**20 + MEMORY_BYTES, 2**28 + MEMORY_BYTES]


# --- where it lives -------------------------------------------------------------------------------------------


def test_it_ends_when_its_parent_hangs_up() -> None:
    assert answers(b"") == []


@pytest.mark.parametrize(
    "lacking",
    [
        "del signal.setitimer, signal.SIGPROF",
        "sys.modules['resource'] = None",
        "del os.O_NONBLOCK, os.O_NOCTTY",
        "import pathlib; pathlib.Path.read_text = lambda self, encoding: open('/nowhere')",
        "import resource; resource.setrlimit = lambda kind, limits: int('not possible')",
    ],
)
def test_on_a_system_that_lacks_something_it_works_without(good: Path, lacking: str) -> None:
    [(header, _)] = answers(asked(good), (sys.executable, "-c", ELSEWHERE.format(lacking)))
    assert header["format"] == "JPEG"


def limits_of_a_worker(command: Sequence[str]) -> dict[str, list[str]]:
    """Return the soft and the hard limits of a worker that is ready, by name."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None and running.stdout is not None
        assert running.stdout.readline() == READY
        lines = Path(f"/proc/{running.pid}/limits").read_text(encoding="ascii").splitlines()
        running.stdin.close()
    return {line[:26].strip(): line[26:].split() for line in lines}


def test_its_memory_is_limited_and_never_written_to_disk() -> None:
    kept = "import resource as r; hard = r.getrlimit(r.RLIMIT_CORE)[1]; r.setrlimit(r.RLIMIT_CORE, (hard, hard))"
    limits = limits_of_a_worker((sys.executable, "-c", ELSEWHERE.format(kept)))
    assert MEMORY_BYTES < int(limits["Max address space"][0]) < MEMORY_BYTES + 2**30
    assert limits["Max core file size"][0] == "0"


@pytest.mark.parametrize("limits", ["(2**30, r.RLIM_INFINITY)", "(2**30, 2**30)"])
def test_a_lower_limit_of_its_parent_holds(limits: str) -> None:
    lower = f"import resource as r; r.setrlimit(r.RLIMIT_AS, {limits})"
    found = limits_of_a_worker((sys.executable, "-c", ELSEWHERE.format(lower)))
    assert found["Max address space"][0] == str(2**30)


def test_an_endless_picture_ends_it_even_if_its_parent_ignores_the_signal(tmp_path: Path) -> None:
    (tmp_path / "endless").write_bytes(b"endless")
    ending = subprocess.run(
        (sys.executable, "-c", ELSEWHERE.format("signal.signal(signal.SIGPROF, signal.SIG_IGN)")),
        input=asked(tmp_path / "endless"),
        capture_output=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(DEADLY), os.environ.get("PYTHONPATH", "")])},
    )
    assert ending.returncode == -signal.SIGPROF
    assert ending.stdout == READY


def test_an_interrupt_leaves_it_at_work(good: Path) -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None and running.stdout is not None
        assert running.stdout.readline() == READY
        running.send_signal(signal.SIGINT)
        found, _ = running.communicate(asked(good), timeout=60)
    assert json.loads(found.partition(b"\n")[0])["format"] == "JPEG"
