"""Decoding in processes that come and go: every task gets its own reply, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.addresses import Address
from headstart.data import worker_process, workers
from headstart.data.decode import Geometry, pixels_from
from headstart.data.facts import FACTS
from headstart.data.workers import Reply, Task, end_workers, replies
from headstart.errors import MissingError
from object_storage import ObjectStorage, nobody
from picture_files import chunk, exif
from pictures import encoded, picture
from processes import are_alive, eventually, kill_all, peak_megabytes, workers_of

DEADLY = Path(__file__).parents[1] / "children" / "deadly"
"""Where that is which makes some contents deadly for a worker: see the module there."""

SMALL = Geometry(8)
SCRIPT = """
import os, sys, time
from pathlib import Path
from headstart.data.workers import Task, replies
files = sorted(Path(sys.argv[1]).iterdir())
tasks = [Task(file, "facts") for file in files]
"""


@pytest.fixture(scope="module", autouse=True)
def no_worker_is_left() -> Iterator[None]:
    yield
    end_workers()
    assert workers_of(os.getpid()) == []


@pytest.fixture
def fresh() -> Iterator[None]:
    """No worker of another test, and none for another."""
    end_workers()
    yield
    end_workers()
    assert workers_of(os.getpid()) == []


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Sixty different pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(60):
        (folder / f"{number:02}.png").write_bytes(encoded(picture((90, 90, 90), seed=number, size=(16, 16))))
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def expected(files: list[Path]) -> list[bytes]:
    """The pixels of the sixty pictures."""
    return [pixels_from(file.read_bytes(), SMALL).tobytes() for file in files]


@pytest.fixture
def one_lane(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of one processor."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})


@pytest.fixture
def deadly_contents(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers for which some contents are deadly, and that have a tenth of the time."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(DEADLY), os.environ.get("PYTHONPATH", "")]))


def pixels(files: list[Path]) -> Iterator[Task]:
    return (Task(file, "pixels", SMALL) for file in files)


def payloads(found: Iterator[Reply]) -> list[bytes]:
    return [reply.payload for reply in found]


def reasons(found: Iterator[Reply]) -> list[str | None]:
    return [reply.reason for reply in found]


def written(folder: Path, *contents: bytes) -> list[Path]:
    """Write a file of each content, and return them."""
    written = [folder / f"{number:02}" for number in range(len(contents))]
    for file, content in zip(written, contents, strict=True):
        file.write_bytes(content)
    return written


def running(script: str, folder: Path, *, flags: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a script that decodes what is in ``folder``, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *flags, "-c", SCRIPT + script, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )


# --- replies --------------------------------------------------------------------------------------------------


def test_every_task_gets_its_own_reply_in_order(files: list[Path], expected: list[bytes]) -> None:
    assert payloads(replies(pixels(files))) == expected


@pytest.mark.parametrize("ahead", [0, 1, 8, 1000])
def test_how_far_one_works_ahead_changes_no_reply(files: list[Path], expected: list[bytes], ahead: int) -> None:
    assert payloads(replies(pixels(files), ahead)) == expected


def test_without_tasks_there_are_no_replies_and_no_processes(fresh: None) -> None:
    assert list(replies([])) == []
    assert workers_of(os.getpid()) == []


def test_one_processor_has_one_process(files: list[Path], expected: list[bytes], one_lane: None) -> None:
    assert payloads(replies(pixels(files))) == expected
    assert len(workers_of(os.getpid())) == 1


def test_a_process_serves_one_call_after_the_other(fresh: None, files: list[Path]) -> None:
    list(replies(pixels(files[:1])))
    first = workers_of(os.getpid())
    for file in files[:20]:
        list(replies(pixels([file])))
    assert workers_of(os.getpid()) == first
    assert len(first) == 1


def test_tasks_are_begun_before_they_are_asked_for_but_not_all(files: list[Path]) -> None:
    begun: list[Path] = []
    found = replies(Task(file, "facts") for file in files if not begun.append(file))  # type: ignore[func-returns-value]
    next(found)
    assert len(begun) <= 8 * (len(os.sched_getaffinity(0)) + 1)
    found.close()


def test_a_mistake_in_the_tasks_comes_through_and_the_next_call_works(files: list[Path], expected: list[bytes]) -> None:
    def tasks() -> Iterator[Task]:
        yield from pixels(files[:20])
        raise LookupError("no more tasks")

    with pytest.raises(LookupError, match="no more tasks"):
        list(replies(tasks()))
    assert payloads(replies(pixels(files))) == expected


def test_threads_that_ask_at_once_get_their_own_replies(files: list[Path], expected: list[bytes]) -> None:
    orders = [np.random.default_rng(seed).permutation(60).tolist() for seed in range(8)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda order: payloads(replies(pixels([files[i] for i in order]))), orders))
    assert found == [[expected[i] for i in order] for order in orders]
    assert len(workers_of(os.getpid())) <= len(os.sched_getaffinity(0))


# --- files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.jpg", "a.txt", "a", "ä ö\n.exe", "💐.png"])
def test_the_name_of_a_file_does_not_matter(
    tmp_path: Path, files: list[Path], expected: list[bytes], name: str
) -> None:
    (tmp_path / name).write_bytes(files[0].read_bytes())
    assert payloads(replies(pixels([tmp_path / name]))) == expected[:1]


def test_a_name_that_is_no_unicode_is_read(tmp_path: Path, files: list[Path], expected: list[bytes]) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png"))
    file.write_bytes(files[0].read_bytes())
    assert payloads(replies(pixels([file]))) == expected[:1]


def test_a_relative_path_is_where_the_program_is(
    monkeypatch: pytest.MonkeyPatch, files: list[Path], expected: list[bytes]
) -> None:
    list(replies(pixels(files[:1])))  # its process is somewhere else
    monkeypatch.chdir(files[0].parent)
    assert payloads(replies(pixels([Path(files[0].name)]))) == expected[:1]


def test_every_input_ends_as_used_or_with_a_reason(tmp_path: Path, files: list[Path]) -> None:
    os.mkfifo(tmp_path / "pipe")
    bad = [tmp_path / "missing", tmp_path / "pipe", tmp_path, *written(tmp_path, b"", b"page")]
    tasks = [Task(files[0], "facts"), *(Task(file, "facts") for file in bad), Task(files[1], "facts", sha256="0" * 64)]
    assert reasons(replies(tasks)) == [
        None,
        "unreadable",
        "not-a-file",
        "not-a-file",
        "empty-file",
        "not-a-picture",
        "changed",
    ]


def test_a_small_file_of_a_huge_picture_has_too_many_pixels(tmp_path: Path) -> None:
    rows = zlib.compressobj(9)
    zeros = bytes(2**20)
    packed = b"".join(rows.compress(zeros) for _ in range(200)) + rows.flush()
    header = (50_000).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    assert 150_000 < len(bomb) < 250_000
    assert reasons(replies(Task(file, "facts") for file in written(tmp_path, bomb))) == ["too-many-pixels"]


@pytest.mark.trust
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("form", ["RGBA", "I;16", "RGB", "P"])
def test_the_largest_pictures_are_decoded_in_less_than_a_gigabyte(
    tmp_path: Path, one_lane: None, form: str, orientation: int
) -> None:
    large = {
        "RGBA": lambda: Image.new("RGBA", (9000, 9900), (200, 100, 50, 128)),
        "I;16": lambda: Image.fromarray(np.full((9900, 9000), 30_000, np.uint16)),
        "RGB": lambda: Image.new("RGB", (9000, 9900), (200, 100, 50)),
        "P": lambda: Image.new("P", (9000, 9900), 3),
    }[form]()
    large.save(tmp_path / "large.png", compress_level=1, exif=exif(orientation))
    kinds = [Task(tmp_path / "large.png", kind, SMALL) for kind in ("facts", "pixels", "thumbnail")]
    found = list(replies(kinds))
    assert [reply.reason for reply in found] == [None] * 3
    row = np.frombuffer(found[0].payload, FACTS)[0]
    assert sorted([int(row["width"]), int(row["height"])]) == [9000, 9900]
    assert peak_megabytes(workers_of(os.getpid())[0]) < 1024


# --- objects in object storage --------------------------------------------------------------------------------


def test_objects_are_read_by_the_processes_themselves(
    storage: ObjectStorage, files: list[Path], expected: list[bytes]
) -> None:
    address = Address(storage.put_folder(files[0].parent, "workers"))
    tasks = [Task(address / file.name, "pixels", SMALL) for file in files]
    assert payloads(replies(tasks)) == expected


def test_a_storage_out_of_reach_ends_the_call_and_the_next_works(
    storage: ObjectStorage, files: list[Path], expected: list[bytes]
) -> None:
    address = Address(storage.put_folder(files[0].parent, "workers"))
    tasks = [Task(address / file.name, "pixels", SMALL) for file in files]
    with nobody(), pytest.raises(MissingError, match=r"^s3://workers/0\d\.png can't be reached \("):
        list(replies(tasks))
    assert payloads(replies(tasks)) == expected
    assert payloads(replies(pixels(files))) == expected


def test_a_process_has_the_environment_of_the_day_for_objects_and_stays_for_files(
    storage: ObjectStorage, files: list[Path], one_lane: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.put("environment", {"1.png": files[0].read_bytes()})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert reasons(replies(pixels(files[:1]))) == [None]
    first = workers_of(os.getpid())
    monkeypatch.setenv("AWS_ENDPOINT_URL", storage.url)
    assert reasons(replies(pixels(files[:1]))) == [None]
    assert workers_of(os.getpid()) == first
    for _ in range(2):
        assert reasons(replies([Task(Address("s3://environment/1.png"), "facts")])) == [None]
        assert workers_of(os.getpid()) != first
    assert len(workers_of(os.getpid())) == 1


# --- what happens to processes --------------------------------------------------------------------------------


def test_a_worker_that_is_killed_costs_no_picture(files: list[Path], expected: list[bytes]) -> None:
    found = replies(pixels(files))
    first = [next(found).payload]
    kill_all(workers_of(os.getpid()), signal.SIGKILL)
    assert first + payloads(found) == expected


def test_workers_that_were_killed_while_they_waited_are_replaced(files: list[Path], expected: list[bytes]) -> None:
    list(replies(pixels(files)))
    before = workers_of(os.getpid())
    kill_all(before, signal.SIGKILL)
    assert payloads(replies(pixels(files))) == expected
    assert not set(before) & set(workers_of(os.getpid()))


def test_workers_that_are_killed_again_and_again_cost_no_picture(files: list[Path], expected: list[bytes]) -> None:
    for _ in range(5):
        kill_all(workers_of(os.getpid()), signal.SIGKILL)
        assert payloads(replies(pixels(files[:20]))) == expected[:20]


def test_a_picture_that_kills_its_worker_twice_is_skipped_and_no_other(
    deadly_contents: None, tmp_path: Path, files: list[Path]
) -> None:
    deadly = written(tmp_path, b"deadly", b"deadly", b"raising")
    order = [*files[:3], deadly[0], *files[3:7], deadly[1], deadly[2], *files[7:9]]
    assert reasons(replies(Task(file, "facts") for file in order)) == [
        *[None] * 3,
        "crashes-decoder",
        *[None] * 4,
        "crashes-decoder",
        "crashes-decoder",
        *[None] * 2,
    ]


def test_a_picture_whose_worker_was_killed_once_is_asked_for_again(
    deadly_contents: None, tmp_path: Path, files: list[Path]
) -> None:
    once = written(tmp_path, *(b"deadly-once " + os.fsencode(tmp_path / f"mark{number}") for number in range(3)))
    found = reasons(replies(Task(file, "facts") for file in [files[0], *once, files[1]]))
    assert found == [None, "not-a-picture", "not-a-picture", "not-a-picture", None]
    assert len(list(tmp_path.glob("mark*"))) == 3


def test_a_worker_that_was_killed_while_it_waited_does_not_count_against_the_next_picture(
    one_lane: None, deadly_contents: None, tmp_path: Path, files: list[Path]
) -> None:
    list(replies(pixels(files[:1])))
    kill_all(workers_of(os.getpid()), signal.SIGKILL)
    once = written(tmp_path, b"deadly-once " + os.fsencode(tmp_path / "mark"))
    assert reasons(replies(Task(file, "facts") for file in once)) == ["not-a-picture"]


def test_a_picture_that_takes_too_much_of_the_processor_is_too_slow_and_no_other(
    deadly_contents: None, tmp_path: Path, files: list[Path]
) -> None:
    endless = written(tmp_path, b"endless", b"endless")
    order = [files[0], endless[0], files[1], endless[1], files[2]]
    assert reasons(replies(Task(file, "facts") for file in order)) == [None, "too-slow", None, "too-slow", None]


def test_a_picture_that_does_not_come_is_too_slow_and_no_other(
    deadly_contents: None, tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "SECONDS", 0.5)
    asleep = written(tmp_path, b"asleep")
    assert reasons(replies(Task(file, "facts") for file in [files[0], *asleep, files[1]])) == [None, "too-slow", None]


def test_a_worker_that_is_stopped_is_given_up(
    one_lane: None, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "SECONDS", 0.5)
    list(replies(pixels(files[:1])))
    kill_all(workers_of(os.getpid()), signal.SIGSTOP)
    assert reasons(replies(pixels(files[:3]))) == ["too-slow", None, None]


def test_what_a_decoder_prints_is_no_reply(deadly_contents: None, tmp_path: Path, files: list[Path]) -> None:
    chatty = written(tmp_path, b"chatty")
    assert reasons(replies(Task(file, "facts") for file in [files[0], *chatty, files[1]])) == [
        None,
        "not-a-picture",
        None,
    ]


def test_a_program_that_cannot_be_started_is_told_and_the_next_call_works(
    fresh: None, files: list[Path], expected: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(sys, "executable", "/bin/false")
        with pytest.raises(MissingError, match=r"decodes pictures doesn't start; `python -m headstart.data.worker`"):
            list(replies(pixels(files)))
        without.setattr(sys, "executable", "/no/such/program")
        with pytest.raises(FileNotFoundError):
            list(replies(pixels(files)))
    assert payloads(replies(pixels(files))) == expected


# --- what nobody asks for any more ----------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [0, 1, 7, 8, 9, 30, 59])
def test_replies_that_nobody_takes_are_not_given_to_the_next(
    files: list[Path], expected: list[bytes], taken: int
) -> None:
    found = replies(pixels(files))
    assert [next(found).payload for _ in range(taken)] == expected[:taken]
    found.close()
    assert payloads(replies(pixels(files[::-1]))) == expected[::-1]


def test_a_call_that_is_abandoned_frees_its_workers_at_once(
    deadly_contents: None, tmp_path: Path, files: list[Path], expected: list[bytes]
) -> None:
    found = replies(Task(file, "facts") for file in [*files[:8], *written(tmp_path, *[b"asleep"] * 40)])
    begun = time.monotonic()
    next(found)
    found.close()
    assert payloads(replies(pixels(files))) == expected
    assert time.monotonic() - begun < worker_process.SECONDS / 2


def test_a_call_that_is_not_closed_does_not_keep_the_others_waiting(
    one_lane: None, deadly_contents: None, tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "SECONDS", 0.3)
    asleep = written(tmp_path, b"asleep")
    forgotten = replies(Task(file, "facts") for file in [*files[:8], *asleep])
    next(forgotten)
    assert reasons(replies(pixels(files[:1]))) == [None]
    forgotten.close()


def test_a_call_whose_workers_are_ended_fails(files: list[Path]) -> None:
    found = replies(pixels(files))
    next(found)
    end_workers()
    with pytest.raises(RuntimeError, match="the workers were ended"):
        list(found)


# --- programs -------------------------------------------------------------------------------------------------


def test_a_script_needs_no_main_guard(tmp_path: Path, files: list[Path]) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"{SCRIPT}print(len(list(replies(tasks))))\n", encoding="utf-8")
    command = [sys.executable, "-X", "dev", "-W", "error", str(script), str(files[0].parent)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("60\n", "", 0)


@pytest.mark.parametrize(
    "script",
    [
        "found = replies(tasks); next(found)",
        "found = replies(tasks); next(found); found.close(); unused = replies(tasks)",
        "import threading; threading.Thread(target=lambda: list(replies(tasks))).start()",
        "import threading; threading.Thread(target=lambda: list(replies(tasks)), daemon=True).start(); time.sleep(0.3)",
        "found = replies(tasks * 100); next(found)",
        "next(replies(tasks)); sys.exit()",
    ],
)
def test_a_program_ends_quietly_and_leaves_no_process(files: list[Path], script: str) -> None:
    program = running(
        f"{script}\nfrom headstart.data import workers", files[0].parent, flags=("-X", "dev", "-W", "error")
    )
    output, errors = program.communicate(timeout=60)
    assert (output, errors, program.returncode) == ("", "", 0)
    assert workers_of(program.pid) == []


@pytest.mark.parametrize(
    "script",
    [
        "found = replies(tasks); next(found)",
        "import threading; threading.Thread(target=lambda: list(replies(tasks)), daemon=True).start(); time.sleep(0.5)",
    ],
)
def test_a_program_does_not_wait_at_its_end_for_a_picture_that_does_not_come(
    deadly_contents: None, tmp_path: Path, script: str
) -> None:
    written(tmp_path, *[b"page"] * 8, *[b"asleep"] * 30)
    begun = time.monotonic()
    ready = "print('ready', flush=True); time.sleep(0.5)"
    program = running(f"{script}\n{ready}", tmp_path, flags=("-X", "dev", "-W", "error"))
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    own = workers_of(program.pid)
    assert program.communicate(timeout=60) == ("", "")
    assert own
    assert not are_alive(own)
    assert time.monotonic() - begun < worker_process.SECONDS / 2


def test_an_interrupt_ends_the_program_and_its_workers_without_their_tracebacks(files: list[Path]) -> None:
    endless = """
try:
    while True:
        for reply in replies(tasks): print("reply", flush=True)
except KeyboardInterrupt:
    sys.exit("interrupted")
"""
    program = running(endless, files[0].parent)
    assert program.stdout is not None
    assert program.stdout.readline() == "reply\n"
    own = workers_of(program.pid)
    os.killpg(program.pid, signal.SIGINT)
    _, errors = program.communicate(timeout=60)
    assert (errors, program.returncode) == ("interrupted\n", 1)
    assert own
    assert eventually(lambda: not are_alive(own))


@pytest.mark.parametrize("beside", ["", "if os.fork() == 0: time.sleep(60); os._exit(0)"])
def test_workers_whose_program_is_killed_end_by_themselves(files: list[Path], beside: str) -> None:
    endless = f"list(replies(tasks))\n{beside}\nwhile True: print('all', len(list(replies(tasks))), flush=True)"
    with running(endless, files[0].parent, flags=("-W", "ignore")) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "all 60\n"
        own = workers_of(program.pid)
        program.kill()
        assert own
        assert eventually(lambda: not are_alive(own))
        os.killpg(program.pid, signal.SIGKILL)  # the copy, if there is one


def test_a_forked_copy_of_a_program_has_workers_of_its_own(files: list[Path]) -> None:
    fork = """
before = list(replies(tasks))
half = replies(tasks); next(half)
if os.fork() == 0:
    print("copy", list(replies(tasks)) == before, flush=True)
    half.close()
    sys.exit()
os.wait()
print("program", list(replies(tasks)) == before, len(list(half)))
"""
    program = running(fork, files[0].parent, flags=("-X", "dev", "-W", "error", "-W", "ignore::DeprecationWarning"))
    output, errors = program.communicate(timeout=60)
    assert (output, errors) == ("copy True\nprogram True 59\n", "")


def test_a_lane_that_is_free_is_used_before_another_begins(fresh: None, files: list[Path]) -> None:
    for _ in range(50):
        list(replies(pixels(files[:8])))
    assert workers._lanes is not None
    assert len(workers._lanes._lanes) == 1
