"""Decoding in processes of their own, which can crash or be killed without harm.

They are started with ``python -m``, so a user's script needs no main guard, and stay for the next call: a program
that asks for one picture after the other doesn't pay for the start each time. A `_Lane` is a thread that talks to
one process at a time; all calls of `replies` share the program's lanes, one per processor.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import suppress
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue

from headstart.addresses import Address
from headstart.data.worker_process import TOO_SLOW, Reply, Task, WorkerProcess
from headstart.errors import MissingError

__all__ = ["Reply", "Task", "end_workers", "replies", "worker_count"]

_AT_ONCE = 8
"""Tasks that a process gets in a row: what it costs to hand them over is shared."""

_LOOK_SECONDS = 0.5
"""How often one who waits looks whether something takes too long."""

_LAST_SECONDS = 5.0
"""How long the end of the program waits for a process that doesn't even react to being killed."""


def replies(tasks: Iterable[Task], ahead: int = 0) -> Generator[Reply]:
    """Yield the reply to each task, in order, working on some ``ahead`` tasks before they are asked for.

    One worker process per processor. At least as many tasks are begun as keep all of them busy. Several threads may
    call this at once.

    Raises
    ------
    MissingError
        If no worker process can be started, or nothing can be read from where the pictures are.
    """
    lanes = _the_lanes()
    waiting: deque[_Chunk] = deque()
    try:
        for some in _some_at_once(tasks):
            waiting.append(lanes.chunk_of(some))
            if len(waiting) > max(lanes.most, ahead // _AT_ONCE):
                yield from lanes.first_of(waiting)
        while waiting:
            yield from lanes.first_of(waiting)
    finally:
        lanes.give_up(waiting)


def worker_count() -> int:
    """Return how many worker processes there are at most: one per processor that this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_workers() -> None:
    """End all worker processes; calls of `replies` that still run fail."""
    global _lanes
    with _LOCK:
        lanes, _lanes = _lanes, None
    for chunk in lanes.end() if lanes else ():
        with suppress(InvalidStateError):  # it was given up
            chunk.replies.set_exception(RuntimeError("the workers were ended"))


def _some_at_once(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    rest = iter(tasks)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


class _GivenUpError(Exception):
    """Nobody waits for this any more."""


class _Chunk:
    """Some tasks, and at last their replies."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = tasks
        self.replies: Future[list[Reply]] = Future()
        self.given_up = False
        self.is_remote = any(isinstance(task.file, Address) for task in tasks)


class _Lane(threading.Thread):
    """A thread that has chunks answered by a worker process, and by a new one when that dies."""

    def __init__(self, chunks: SimpleQueue[_Chunk | None], closed: threading.Event) -> None:
        # A daemon: the interpreter's exit must not wait for pictures that nobody asks for any more.
        super().__init__(name="decode", daemon=True)
        self._chunks, self._closed = chunks, closed
        self._lock = threading.Lock()  # of the next two
        self._chunk: _Chunk | None = None
        self.process: WorkerProcess | None = None
        self.finished = 0
        self.unanswered: _Chunk | None = None

    def run(self) -> None:
        """Answer chunks until there is a None among them."""
        while (chunk := self._chunks.get()) is not None:
            if chunk.replies.set_running_or_notify_cancel():
                self._answer(chunk)
            else:
                self.finished += 1
            del chunk  # what is in it may be large, and the next may be long in coming
        self._end_process()

    def _answer(self, chunk: _Chunk) -> None:
        with self._lock:
            self._chunk = chunk
        try:
            answered = partial(chunk.replies.set_result, self._replies(chunk))
        except _GivenUpError:
            answered = partial(setattr, self, "unanswered", chunk)
        except BaseException as error:
            self._end_process()  # in the midst of a conversation
            answered = partial(chunk.replies.set_exception, error)
        with self._lock:
            self._chunk = None
        # First this: who gets the answer may at once ask whether a lane is free.
        self.finished += 1
        answered()

    def _replies(self, chunk: _Chunk) -> list[Reply]:
        """Return the reply to each task; what makes a process end gets a reason, and the others are asked again."""
        if chunk.is_remote and self.process and self.process.has_old_environment:
            # It says who may read from object storage, and may have said so only after the process was started.
            self._end_process()
        done: list[Reply] = []
        unstarted = 0
        died_at = -1  # the position of the task at which the last process died
        while len(done) < len(chunk.tasks):
            process = self._process_for(chunk)
            has_waited = process.is_ready
            answered = process.replies(chunk.tasks[len(done) :])
            done += answered
            if len(done) == len(chunk.tasks):
                break
            reason = self._end_process()
            if not process.is_ready:
                unstarted += 1
                if unstarted > 1:
                    raise MissingError(
                        "The process that decodes pictures doesn't start; `python -m headstart.data.worker` says why."
                    )
            elif reason == TOO_SLOW or died_at == len(done):
                done.append(Reply(reason))
            else:
                # It may have been killed by somebody else: the picture is asked for once more, and twice more if that
                # may have happened before it was asked for.
                died_at = -1 if has_waited and not answered else len(done)
        return done

    def _process_for(self, chunk: _Chunk) -> WorkerProcess:
        with self._lock:
            if chunk.given_up or self._closed.is_set():
                raise _GivenUpError
            if not self.process:
                self.process = WorkerProcess()
            return self.process

    def _end_process(self) -> str:
        with self._lock:
            process, self.process = self.process, None
        return process.end() if process else ""

    def give_up(self, chunk: _Chunk | None = None) -> None:
        """Stop working on ``chunk``, if this lane does; without one, on whatever it works on."""
        with self._lock:
            if self._chunk and chunk in (None, self._chunk):
                self._chunk.given_up = True
                if self.process:
                    # It would answer the wrong question next.
                    self.process.kill()


class _Lanes:
    """All lanes of this program. They come into being as they are needed."""

    def __init__(self) -> None:
        self.most = worker_count()
        self._chunks: SimpleQueue[_Chunk | None] = SimpleQueue()
        self._closed = threading.Event()
        self._lock = threading.Lock()  # of the next two
        self._asked = 0
        self._lanes: list[_Lane] = []
        self._are_forgotten = False

    def chunk_of(self, tasks: Sequence[Task]) -> _Chunk:
        """Return ``tasks`` as a chunk that will be answered."""
        chunk = _Chunk(tasks)
        with self._lock:
            if self._closed.is_set():
                raise RuntimeError("the workers were ended")
            self._asked += 1
            unfinished = self._asked - sum(lane.finished for lane in self._lanes)
            if unfinished > len(self._lanes) < self.most:
                lane = _Lane(self._chunks, self._closed)
                lane.start()
                self._lanes.append(lane)
            self._chunks.put(chunk)
        return chunk

    def first_of(self, waiting: deque[_Chunk]) -> list[Reply]:
        """Take the first chunk out of ``waiting`` as soon as it is answered, and return its replies."""
        while not wait([waiting[0].replies], _LOOK_SECONDS).done:
            # Whoever waits looks after all lanes: another's may be what this call waits for.
            for lane in tuple(self._lanes):
                if process := lane.process:
                    process.kill_if_late()
        return waiting.popleft().replies.result()

    def give_up(self, chunks: Iterable[_Chunk]) -> None:
        """Leave ``chunks`` unanswered."""
        if self._are_forgotten:
            return
        for chunk in chunks:
            chunk.given_up = True
            if not chunk.replies.cancel():
                for lane in tuple(self._lanes):
                    lane.give_up(chunk)

    def end(self) -> list[_Chunk]:
        """End all processes, and the threads that talk to them; return what is left unanswered."""
        with self._lock:
            self._closed.set()
        unanswered: list[_Chunk] = []
        with suppress(Empty):
            while chunk := self._chunks.get_nowait():
                unanswered.append(chunk)
        for lane in self._lanes:
            self._chunks.put(None)
            lane.give_up()
        for lane in self._lanes:
            lane.join(_LAST_SECONDS)
        return [*unanswered, *(lane.unanswered for lane in self._lanes if lane.unanswered)]

    def forget(self) -> None:
        """Let go of everything, in a forked copy of the program."""
        self._are_forgotten = True
        for lane in self._lanes:
            if lane.process:
                lane.process.forget()


_LOCK = threading.Lock()  # of the next
_lanes: _Lanes | None = None


def _the_lanes() -> _Lanes:
    global _lanes  # noqa: PLW0603 - processes are the program's, not a call's
    with _LOCK:
        if not _lanes:
            _lanes = _Lanes()
        return _lanes


def _forget_all() -> None:
    global _LOCK, _lanes
    # A thread that isn't here may have held the lock.
    lanes, _LOCK, _lanes = _lanes, threading.Lock(), None
    if lanes:
        lanes.forget()


@atexit.register
def _end_at_exit() -> None:
    # The threads that still wait for replies are daemons: to them nothing is said, they vanish.
    if _lanes:
        _lanes.end()


if hasattr(os, "register_at_fork"):
    # A forked copy of this program must neither talk into its pipes nor keep them open.
    os.register_at_fork(after_in_child=_forget_all)
