"""A worker process as its parent sees it: when it is given up, who is to blame, and what it inherits."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.addresses import Address
from headstart.data import worker_process
from headstart.data.decode import Geometry
from headstart.data.worker_process import CRASHES, TOO_SLOW, Task, WorkerProcess
from headstart.data.workers import end_workers
from picture_files import kinds
from processes import are_alive, eventually, workers_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "good.png"
    path.write_bytes(kinds()["png-rgb"])
    return path


@pytest.fixture(autouse=True)
def _alone() -> None:
    """End the workers that tests of other files left for the next call."""
    end_workers()


@pytest.fixture
def process() -> Iterator[WorkerProcess]:
    running = WorkerProcess()
    yield running
    running.end()


def pid_of_the_worker() -> int:
    """Return the process of the one worker that is alive, once it is no mere copy of this one any more."""
    assert eventually(lambda: bool(workers_of(os.getpid())))
    [pid] = workers_of(os.getpid())
    return pid


def mocked_program(folder: Path, script: str) -> str:
    """Return a program that does what ``script`` says instead of starting Python, and ends after two requests."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\nread one; read two\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def test_a_process_is_told_the_whole_address_of_an_object() -> None:
    request = json.loads(Task(Address("s3://bucket/a?b.png"), "facts").request())
    assert request["file"] == "s3://bucket/a?b.png"


def test_a_task_that_cannot_be_is_a_mistake_of_the_programmer(file: Path) -> None:
    with pytest.raises(ValueError, match="unknown kind of task 'guess'"):
        Task(file, "guess")


def test_no_content_is_larger_than_any_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "MAX_BYTES", 1000)
    Task(bytes(1000), "facts")
    with pytest.raises(ValueError, match="no picture has 1001 bytes"):
        Task(bytes(1001), "facts")


def test_a_request_says_how_many_bytes_follow_and_never_shows_them() -> None:
    task = Task(b"private", "pixels", Geometry(8))
    assert json.loads(task.request())["content"] == 7
    assert "private" not in repr(task)


def test_a_content_is_answered_for_as_the_file_that_has_it(process: WorkerProcess, file: Path) -> None:
    content = file.read_bytes()
    tasks = [Task(each, "pixels", Geometry(8)) for each in (file, content, content, file, file, content)]
    found = process.replies(tasks)
    assert found == [found[0]] * 6
    assert found[0].reason is None


def test_large_contents_and_large_answers_do_not_wait_for_each_other(process: WorkerProcess, file: Path) -> None:
    large = file.read_bytes() + bytes(2**22)  # neither it nor its answer fits into a pipe
    found = process.replies([Task(large, "pixels", Geometry(600)) for _ in range(6)])
    assert [(reply.reason, len(reply.payload)) for reply in found] == [(None, 600 * 600 * 3)] * 6


def test_a_request_names_the_file_wherever_the_process_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    request = Task(Path("a\nb.png"), "pixels", Geometry(8, "pad"), "0").request()
    assert request.endswith(b"\n")
    assert request.count(b"\n") == 1
    assert json.loads(request) == {
        "file": str(tmp_path / "a\nb.png"),
        "task": "pixels",
        "size": 8,
        "fit": "pad",
        "view": "whole",
        "sha256": "0",
    }


def test_a_process_answers_again_and_again(process: WorkerProcess, file: Path) -> None:
    first = process.replies([Task(file, "facts")] * 3)
    assert [reply.reason for reply in first] == [None] * 3
    assert process.replies([Task(file, "facts")]) == first[:1]


def test_a_process_that_has_nothing_to_do_is_never_late(
    process: WorkerProcess, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "SECONDS", -1)
    process.kill_if_late()
    monkeypatch.setattr(worker_process, "SECONDS", 30)
    assert len(process.replies([Task(file, "facts")])) == 1
    monkeypatch.setattr(worker_process, "SECONDS", -1)
    process.kill_if_late()
    assert pid_of_the_worker()


def test_a_process_is_killed_if_it_is_late_and_not_before(process: WorkerProcess) -> None:
    process._expect(30)
    process.kill_if_late()
    pid = pid_of_the_worker()
    process._expect(-1)
    process.kill_if_late()
    assert eventually(lambda: not are_alive([pid]))
    process._expect(None)
    assert process.end() == TOO_SLOW


def test_if_the_reply_came_just_before_the_kill_the_next_picture_is_not_too_slow(
    process: WorkerProcess, file: Path
) -> None:
    process.replies([Task(file, "facts")])
    process._expect(-1)
    process.kill_if_late()
    assert process.replies([Task(file, "facts")]) == []
    assert process.end() == CRASHES


@pytest.mark.parametrize(("ending", "reason"), [("SIGKILL", CRASHES), ("SIGSEGV", CRASHES), ("SIGPROF", TOO_SLOW)])
def test_how_it_ended_tells_why(process: WorkerProcess, file: Path, ending: str, reason: str) -> None:
    process.replies([Task(file, "facts")])
    os.kill(pid_of_the_worker(), getattr(signal, ending))
    assert process.replies([Task(file, "facts")]) == []
    assert process.end() == reason


def test_a_stopped_process_can_be_ended(process: WorkerProcess, file: Path) -> None:
    process.replies([Task(file, "facts")])
    pid = pid_of_the_worker()
    os.kill(pid, signal.SIGSTOP)
    process.end()
    assert not are_alive([pid])


@pytest.mark.parametrize(
    ("script", "payloads"),
    [
        ("exit 0", []),
        ("echo hello", []),
        ("printf '{}\\n'", []),
        ('printf \'{}\\n{"bytes": 0}\\n{"bytes"\'', [b""]),
        ('printf \'{}\\n{"bytes": 2}\\nab{"bytes": 2}\\na\'', [b"ab"]),
    ],
)
def test_half_a_reply_is_none(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, script: str, payloads: list[bytes]
) -> None:
    monkeypatch.setattr(sys, "executable", mocked_program(tmp_path, script))
    process = WorkerProcess()
    found = process.replies([Task(file, "facts")] * 4)
    process.end()
    assert [reply.payload for reply in found] == payloads


def test_files_of_the_user_are_not_imported_in_place_of_ours(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "PIL", "numpy", "hashlib", "simplejpeg"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    process = WorkerProcess()
    found = process.replies([Task(file, "facts")])
    process.end()
    assert [reply.reason for reply in found] == [None]


def test_variables_that_change_how_python_behaves_do_not_reach_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONINSPECT", "1")
    monkeypatch.setenv("KEPT", "1")
    process = WorkerProcess()
    process.replies([Task(file, "facts")])
    inherited = Path(f"/proc/{pid_of_the_worker()}/environ").read_bytes()
    process.end()
    assert b"PYTHONWARNINGS" not in inherited
    assert b"PYTHONINSPECT" not in inherited
    assert b"KEPT=1" in inherited
    assert b"OMP_NUM_THREADS=1" in inherited


def test_the_environment_of_this_program_stays_as_it_is(process: WorkerProcess, file: Path) -> None:
    before = dict(os.environ)
    process.replies([Task(file, "facts")])
    assert dict(os.environ) == before
