"""Chunks given to workers on all nodes of a Ray cluster, whatever becomes of the nodes.

Plain actors and no Ray Data: an actor's size must fit its node, and a chunk that was lost with a node must be computed
by the others at once (see ``docs/scale.md``).
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headstart.cluster.on_ray import PATIENCE_SECONDS, Cluster, Node, last_line, sentence_for
from headstart.cluster.plan import Plan
from headstart.cluster.worker import ChunkWorker, Order
from headstart.errors import HeadstartError, MissingError, UserError

ATTEMPTS = 4
"""How often a chunk is tried."""

_LOOK_SECONDS = 5.0
"""How often to look for new nodes."""

_LAST_SECONDS = 5.0
"""How long to wait at the end for what is being asked of a node."""

_PREPARED_SECONDS = 3.0
_WAIT_SECONDS = 0.5
_AT_ONCE = 2
"""Chunks that a worker has at a time: while it writes the shard of one it computes the other."""

_LOSSES = 3
"""So many workers lost one after the other, and a node gets no more."""


@contextmanager
def computing(cluster: Cluster, order: Order, plan: Plan, nodes: Sequence[Node]) -> Iterator[Computing]:
    """Have computed what the ``plan`` says is to do, and yield the one that knows how far that is.

    ``nodes`` are those that were checked; others that come later are checked when they come.
    """
    work = Computing(cluster, order, plan, nodes)
    work.start()
    try:
        yield work
    finally:
        work.end()


@dataclass(eq=False)
class _Worker:
    """An actor, and what it does."""

    node: Node
    cpus: int
    actor: Any
    is_ready: bool = False
    chunks: list[int] = field(default_factory=list)


class Computing(threading.Thread):
    """Gives chunks to workers on all nodes until every one is computed, whatever becomes of the nodes.

    It goes on by itself, whether or not anybody waits for a chunk. A chunk is done when its shard is written.
    """

    def __init__(self, cluster: Cluster, order: Order, plan: Plan, nodes: Sequence[Node]) -> None:
        super().__init__(name="cluster", daemon=True)
        self._cluster, self._ray = cluster, cluster.ray
        self._order, self._plan = order, plan
        self._ended = threading.Event()
        self._changed = threading.Condition()  # also the lock of all that follows
        self._todo = deque(plan.todo)
        self._missing = set(plan.todo)
        self._error: Exception | None = None
        self._first_at = 0.0
        self._first = 0
        self._last_at = 0.0
        self.notes: deque[str] = deque()
        self.pictures_done = 0
        # Of the thread alone:
        self._network: Any = None
        self._workers: list[_Worker] = []
        self._waiting: dict[Any, tuple[_Worker, int | None]] = {}
        self._attempts: Counter[int] = Counter()
        self._losses: Counter[str] = Counter()
        self._is_admitted = {node.id: True for node in nodes}
        self._node_seen_at = time.monotonic()

    def is_done(self, position: int, seconds: float) -> bool:
        """Return whether the chunk is done, at the latest after so many ``seconds``.

        Raises
        ------
        UserError, MissingError
            If it can't be computed, nor anything else.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._error or position not in self._missing, seconds)
            if self._error:
                raise self._error
            return position not in self._missing

    def redo(self, position: int) -> None:
        """Have a chunk that was done computed again, before all others."""
        with self._changed:
            self._missing.add(position)
            self._todo.appendleft(position)
            self._changed.notify_all()

    @property
    def rate(self) -> tuple[float, float]:
        """Pictures per second from the first chunk that was done to the last one, and how many seconds that were."""
        with self._changed:
            seconds = self._last_at - self._first_at
            return ((self.pictures_done - self._first) / seconds if seconds else 0.0), seconds

    @property
    def has_worker(self) -> bool:
        """Whether any worker is ready."""
        return any(worker.is_ready for worker in tuple(self._workers))

    def end(self) -> None:
        """Stop; what is being computed is given up."""
        self._ended.set()
        with self._changed:
            self._changed.notify_all()
        self.join(_LAST_SECONDS)

    def run(self) -> None:
        """Compute; what goes wrong is raised by `is_done`."""
        try:
            while not self._ended.is_set():
                if self._todo or self._waiting:
                    self._go_on()
                else:
                    with self._changed:
                        self._changed.wait_for(lambda: self._todo or self._ended.is_set())
        except HeadstartError as error:
            self._fail(error)
        except Exception as error:
            self._fail(MissingError(f"--on ray: the cluster is lost ({last_line(error)}); finished shards stay."))
        finally:
            self._await_prepared()
            for worker in tuple(self._workers):
                self._dismiss(worker)

    def _await_prepared(self) -> None:
        """Let workers end what they began to prepare: killed meanwhile, they would leave the network on the disk."""
        preparing = [reference for reference, (_, position) in self._waiting.items() if position is None]
        if preparing:
            with suppress(Exception):  # the cluster may be lost
                self._ray.wait(preparing, num_returns=len(preparing), timeout=_PREPARED_SECONDS)

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def _go_on(self) -> None:
        self._hire()
        end = time.monotonic() + _LOOK_SECONDS
        while time.monotonic() < end and not self._ended.is_set() and (self._todo or self._waiting):
            self._give()
            if not self._waiting:
                self._ended.wait(_WAIT_SECONDS)
                break
            done, _ = self._ray.wait(list(self._waiting), timeout=_WAIT_SECONDS)
            for reference in done:
                self._settle(reference)

    def _hire(self) -> None:
        """Start the workers that are missing on any node."""
        free = [
            (node, cpus)
            for node in self._cluster.nodes()
            for cpus in self._missing_on(node)
            if self._todo and self._is_fit(node)
        ]
        if self._workers or free or not self._todo:
            self._node_seen_at = time.monotonic()
        elif time.monotonic() - self._node_seen_at > PATIENCE_SECONDS:
            raise MissingError("--on ray: no node is left that can compute; finished shards stay, start it again.")
        if free and self._network is None:
            folder = self._order.network.folder
            files = {name: np.fromfile(folder / name, np.uint8) for name in self._order.network.files}
            self._network = self._ray.put(files)
        actor = self._ray.remote(ChunkWorker)
        for node, cpus in free:
            options = {"num_cpus": cpus, "max_concurrency": _AT_ONCE, "max_restarts": 0, "max_task_retries": 0}
            started = actor.options(**options, **self._cluster.fixed_to(node)).remote(self._order, cpus)
            worker = _Worker(node, cpus, started)
            self._workers.append(worker)
            self._waiting[started.prepare.remote(self._network)] = worker, None

    def _missing_on(self, node: Node) -> list[int]:
        """Return the shares of a node that no worker has."""
        there = Counter(worker.cpus for worker in self._workers if worker.node.id == node.id)
        return list((Counter(node.shares) - there).elements())

    def _is_fit(self, node: Node) -> bool:
        """Return whether a node may compute; one that is new is asked."""
        if node.id not in self._is_admitted:
            try:
                if not self._cluster.checked([node], self._order):
                    return False
                self._is_admitted[node.id] = True
            except HeadstartError as error:
                self._is_admitted[node.id] = False
                self.notes.append(f"A node that came later isn't used. {error}")
        return self._is_admitted[node.id] and self._losses[node.id] < _LOSSES

    def _give(self) -> None:
        """Give chunks to the workers, evenly."""
        for few in range(_AT_ONCE):
            for worker in self._workers:
                if worker.is_ready and len(worker.chunks) == few:
                    with self._changed:
                        if not self._todo:
                            return
                        position = self._todo.popleft()
                    chunk = self._plan.chunks[position]
                    pictures = self._plan.pictures_of(chunk)
                    worker.chunks.append(position)
                    self._waiting[worker.actor.compute.remote(chunk.key, pictures)] = worker, position

    def _settle(self, reference: Any) -> None:  # noqa: ANN401 - Ray's reference
        worker, position = self._waiting.pop(reference)
        if position is not None:
            worker.chunks.remove(position)
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            self._take_back(worker, position, error)
            return
        if position is None:
            worker.is_ready = True
        else:
            self._losses[worker.node.id] = 0
            self._note_done(position)

    def _note_done(self, position: int) -> None:
        with self._changed:
            self._missing.discard(position)
            self._last_at = time.monotonic()
            self.pictures_done += len(self._plan.chunks[position])
            if not self._first:
                self._first_at, self._first = self._last_at, self.pictures_done
            self._changed.notify_all()

    def _take_back(self, worker: _Worker, position: int | None, error: Exception) -> None:
        """Take a chunk back from a worker that failed or is lost, and look whether to go on."""
        is_lost = not isinstance(error, self._ray.exceptions.RayTaskError)
        if is_lost and worker in self._workers:
            self._dismiss(worker)
            self._losses[worker.node.id] += 1
        if position is None:
            if not is_lost:
                raise sentence_for(worker.node, error)
            return
        cause = getattr(error, "cause", None)
        self._attempts[position] += 1
        if isinstance(cause, UserError):
            raise cause
        if self._attempts[position] >= ATTEMPTS:
            chunk = self._plan.chunks[position]
            raise MissingError(
                f"{len(chunk)} pictures from {self._plan.pictures[chunk.start].path} on can't be computed, {ATTEMPTS} "
                f"times tried: {sentence_for(worker.node, error)} Finished shards stay."
            )
        with self._changed:
            self._todo.appendleft(position)

    def _dismiss(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._ray.kill(worker.actor)
