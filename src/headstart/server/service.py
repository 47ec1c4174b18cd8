"""Pictures as bytes in, probabilities out: decoded by processes that may crash, answered by the model's one thread."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from headstart.data.workers import Reply, Task, end_workers, replies, worker_count
from headstart.jobs.looking import Squares
from headstart.learn.heads import Floats
from headstart.progress import Listener
from headstart.server.engine_thread import EngineThread
from headstart.server.metrics import Metrics
from headstart.server.refusals import BUSY, ENGINE_FAILED, STARTING, Refused, RefusedError, refused_picture
from headstart.server.served import Served, served
from headstart.settings import ServeSettings

_LAST_SECONDS = 3.0
"""How long the end of the server waits for the model."""

T = TypeVar("T")


@dataclass(frozen=True)
class Answered:
    """What a model says of a picture: ``(n_classes,)`` float32 probabilities; ``squares`` is what it saw."""

    squares: Squares
    probabilities: Floats


class Service:
    """A model that answers for pictures, some at a time; it may still be loading."""

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self.metrics = Metrics(lambda: self._in_work)
        self.is_stopping = False
        self._model: Served | None = None
        self._in_work = 0
        self._engine = EngineThread()
        self._engine.start()
        # As many threads as worker processes: what waits for one can still be taken back.
        self._decoders = ThreadPoolExecutor(worker_count(), thread_name_prefix="decoder")

    @property
    def model(self) -> Served:
        """The model; raises `RefusedError` while it is being loaded."""
        if self._model is None:
            raise RefusedError(STARTING)
        return self._model

    @property
    def is_ready(self) -> bool:
        """Whether pictures are answered."""
        return self._model is not None and not self.is_stopping

    async def load(self, path: Path, listen: Listener) -> None:
        """Load the model in the folder ``path``, beside whatever else this thread does; see `served` for errors."""
        warm = self._with_decoders()
        model = await self.with_engine(partial(served, path, listen))
        await warm
        self._engine.use(model.probabilities)
        self._model = model

    def close(self) -> bool:
        """End the worker processes and the model's thread; return whether that one could be ended in some seconds."""
        end_workers()
        self._decoders.shutdown(wait=False, cancel_futures=True)
        return self._engine.end(_LAST_SECONDS)

    async def answer(self, contents: Sequence[bytes]) -> list[Answered | Refused]:
        """Return what the model says of each picture, or why it says nothing, in their order.

        Cancelled, it lets go of the pictures that nobody has begun with.

        Raises
        ------
        RefusedError
            If there are more in work than the settings allow, or the model is being loaded.
        """
        model = self.model
        if self._in_work + len(contents) > self.settings.queue:
            raise RefusedError(BUSY)
        self._in_work += len(contents)
        try:
            return list(await asyncio.gather(*(self._answer(model, content) for content in contents)))
        finally:
            self._in_work -= len(contents)

    async def with_engine(self, function: Callable[[], T]) -> T:
        """Return the result of ``function``, called where the model runs, in turn with its pictures."""
        return await asyncio.wrap_future(self._engine.call(function))

    def _with_decoders(self) -> asyncio.Future[list[list[Reply]]]:
        """Have every worker process started: the first picture isn't to wait for that."""
        tasks = [Task(b"", "facts")]
        run = asyncio.get_running_loop().run_in_executor
        return asyncio.gather(*(run(self._decoders, _replies, tasks) for _ in range(worker_count())))

    async def _answer(self, model: Served, content: bytes) -> Answered | Refused:
        try:
            answer = await self._looked_at(model, content)
        except Exception:
            # Of what went wrong, never of the picture.
            traceback.print_exc(file=sys.stderr)
            answer = ENGINE_FAILED
        self.metrics.count_picture(answer.code if isinstance(answer, Refused) else "answered")
        return answer

    async def _looked_at(self, model: Served, content: bytes) -> Answered | Refused:
        tasks = [Task(content, "pixels", each) for each in model.geometries]
        with self.metrics.stage("decode"):
            decoded = await asyncio.get_running_loop().run_in_executor(self._decoders, _replies, tasks)
        for reply in decoded:
            if reply.reason:
                return refused_picture(reply.reason)
        squares = {
            each.size: np.frombuffer(reply.payload, np.uint8).reshape(each.size, each.size, 3)
            for each, reply in zip(model.geometries, decoded, strict=True)
        }
        with self.metrics.stage("engine"):
            return Answered(squares, await asyncio.wrap_future(self._engine.probabilities(squares)))


def _replies(tasks: Sequence[Task]) -> list[Reply]:
    return list(replies(tasks))
