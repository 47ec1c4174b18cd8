"""Pictures as bytes in, probabilities out; too much is refused, failures stay with their picture, nothing is kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.workers import end_workers
from headstart.errors import MissingError, UserError
from headstart.jobs.looking import Squares
from headstart.learn.heads import Floats
from headstart.progress import silent
from headstart.server import service as module
from headstart.server.refusals import Refused, RefusedError
from headstart.server.served import served
from headstart.server.service import Answered, Service
from headstart.settings import ServeSettings
from models import Trained
from pictures import encoded, picture

GOOD = encoded(picture((120, 120, 120), 1))


@pytest.fixture(scope="module", autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    yield
    end_workers()


def run(work: Callable[[Service], Coroutine[Any, Any, Any]], trained: Trained, *, queue: int = 256) -> Any:
    """Return what ``work`` returns, given a service that has loaded the model."""

    async def loaded() -> Any:
        service = Service(ServeSettings(trained.model, queue=queue, max_pictures=1))
        try:
            await service.load(trained.model, silent)
            return await work(service)
        finally:
            assert service.close()

    return asyncio.run(loaded())


def test_each_picture_gets_what_the_model_saw_and_says(trained: Trained) -> None:
    found = run(lambda service: service.answer([GOOD, b"nothing", GOOD]), trained)
    first, refused, last = found
    assert isinstance(first, Answered) and isinstance(refused, Refused)
    assert refused.code == "not-a-picture"
    assert [pixels.shape for pixels in first.squares.values()] == [(224, 224, 3)]
    assert first.probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert np.array_equal(first.probabilities, last.probabilities)


def test_no_more_than_the_queue_holds_are_taken_and_the_rest_is_refused_at_once(trained: Trained) -> None:
    async def work(service: Service) -> None:
        release = threading.Event()
        held = asyncio.ensure_future(service.with_engine(release.wait))
        taken = [asyncio.ensure_future(service.answer([GOOD])) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(RefusedError, match="all the work that it takes"):
            await service.answer([GOOD])
        release.set()
        assert await held
        assert [isinstance(answers[0], Answered) for answers in await asyncio.gather(*taken)] == [True] * 3
        assert isinstance((await service.answer([GOOD]))[0], Answered)

    run(work, trained, queue=3)


def test_what_nobody_waits_for_is_dropped_and_its_place_is_free(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    class Counting:
        """A model that counts what it is asked."""

        def __init__(self, path: Path, listen: object) -> None:
            self._model = served(path, silent)
            self.geometries, self.classes = self._model.geometries, self._model.classes

        def probabilities(self, pictures: Sequence[Squares]) -> Iterator[tuple[int, Floats]]:
            seen.append(len(pictures))
            return self._model.probabilities(pictures)

    async def work(service: Service) -> None:
        release = threading.Event()
        held = asyncio.ensure_future(service.with_engine(release.wait))
        gone = asyncio.ensure_future(service.answer([GOOD] * 6))
        await asyncio.sleep(0.3)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        answered = asyncio.ensure_future(service.answer([GOOD] * 6))
        await asyncio.sleep(0.05)
        release.set()
        await held
        assert len(await answered) == 6

    monkeypatch.setattr(module, "served", Counting)
    run(work, trained, queue=6)
    assert sum(seen) == 6


def failing_on_black(pictures: Sequence[Squares]) -> Iterator[tuple[int, Floats]]:
    for position, squares in enumerate(pictures):
        if not squares[224].any():
            raise LookupError("nothing to be seen")
        yield position, np.ones(1, np.float32)


def test_a_failure_of_the_model_is_told_and_stays_with_its_picture(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(service: Service) -> list[Answered | Refused]:
        service._engine.use(failing_on_black)
        black, white = (encoded(picture((value, value, value), 1)) for value in (-500, 500))
        return list(await service.answer([white, black, white]))

    found = run(work, trained)
    assert [isinstance(each, Answered) for each in found] == [True, False, True]
    assert (found[1].code, found[1].status) == ("engine-failed", 500)
    assert "nothing to be seen" in capsys.readouterr().err


def test_where_no_decoder_starts_every_picture_has_an_error(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(tasks: object) -> None:
        raise MissingError("The process that decodes pictures doesn't start.")

    async def work(service: Service) -> Any:
        monkeypatch.setattr(module, "replies", failing)
        return await service.answer([GOOD])

    [found] = run(work, trained)
    assert found.status == 500
    assert "doesn't start" in capsys.readouterr().err


def test_before_the_model_is_loaded_nothing_is_answered(trained: Trained) -> None:
    async def unloaded() -> None:
        service = Service(ServeSettings(trained.model))
        assert not service.is_ready
        with pytest.raises(RefusedError, match="still being loaded"):
            await service.answer([GOOD])
        await service.load(trained.model, silent)
        assert service.is_ready
        service.is_stopping = True
        assert not service.is_ready
        service.close()

    asyncio.run(unloaded())


def test_a_model_that_is_refused_is_told(tmp_path: Path) -> None:
    async def refused() -> None:
        service = Service(ServeSettings(tmp_path))
        try:
            with pytest.raises(UserError, match="is not a model folder"):
                await service.load(tmp_path, silent)
        finally:
            service.close()

    asyncio.run(refused())


def test_what_is_done_with_the_engine_has_its_result_and_its_error(trained: Trained) -> None:
    async def work(service: Service) -> str:
        with pytest.raises(ZeroDivisionError):
            await service.with_engine(lambda: 1 // 0)
        return await service.with_engine(lambda: threading.current_thread().name)

    assert run(work, trained) == "engine"
