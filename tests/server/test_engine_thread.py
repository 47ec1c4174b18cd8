"""The model's thread: who waits is answered, taken together, and one picture's failure is nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from headstart.jobs.looking import Squares
from headstart.learn.heads import Floats
from headstart.server.engine_thread import BATCH, EngineThread

SECONDS = 20


def square(value: int) -> Squares:
    return {2: np.full((2, 2, 3), value, np.uint8)}


class Model:
    """Says of each picture its first value, the last one first; it fails at 13, and notes what it is asked together."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, pictures: Sequence[Squares]) -> Iterator[tuple[int, Floats]]:
        """Yield positions and probabilities."""
        values = [int(squares[2][0, 0, 0]) for squares in pictures]
        self.asked.append(values)
        for position in reversed(range(len(values))):
            if values[position] == 13:
                raise LookupError("unlucky")
            yield position, np.array([values[position]], np.float32)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def engine(model: Model) -> Iterator[EngineThread]:
    thread = EngineThread()
    thread.start()
    thread.use(model)
    yield thread
    assert thread.end(SECONDS)


@pytest.fixture
def held(engine: EngineThread) -> Iterator[Callable[[], None]]:
    """What lets the thread go on: until then it is busy."""
    release = threading.Event()
    engine.call(release.wait)
    yield release.set
    release.set()


def test_a_picture_is_answered(engine: EngineThread) -> None:
    assert engine.probabilities(square(7)).result(SECONDS).tolist() == [7]


def test_what_waits_is_taken_together_up_to_a_batch(
    engine: EngineThread, model: Model, held: Callable[[], None]
) -> None:
    answers = [engine.probabilities(square(100 + value)) for value in range(BATCH + 3)]
    held()
    assert [each.result(SECONDS).tolist() for each in answers] == [[100 + value] for value in range(BATCH + 3)]
    assert [len(asked) for asked in model.asked] == [BATCH, 3]


def test_of_those_taken_together_the_one_that_fails_fails_alone(engine: EngineThread, held: Callable[[], None]) -> None:
    answers = [engine.probabilities(square(value)) for value in (11, 12, 13, 14)]
    held()
    assert [answers[i].result(SECONDS).tolist() for i in (0, 1, 3)] == [[11], [12], [14]]
    assert isinstance(answers[2].exception(SECONDS), LookupError)
    assert engine.probabilities(square(5)).result(SECONDS).tolist() == [5]


def test_a_lone_picture_that_fails_is_asked_for_once(engine: EngineThread, model: Model) -> None:
    assert isinstance(engine.probabilities(square(13)).exception(SECONDS), LookupError)
    assert model.asked == [[13]]


def test_what_nobody_waits_for_any_more_is_left_out(
    engine: EngineThread, model: Model, held: Callable[[], None]
) -> None:
    answers = [engine.probabilities(square(value)) for value in (1, 2, 3)]
    answers[1].cancel()
    called: list[int] = []
    engine.call(lambda: called.append(1)).cancel()
    held()
    answers[2].result(SECONDS)
    engine.call(lambda: None).result(SECONDS)
    assert (model.asked, called) == ([[1, 3]], [])


def test_a_call_has_its_turn_between_pictures(engine: EngineThread, model: Model, held: Callable[[], None]) -> None:
    engine.probabilities(square(1))
    seen = engine.call(lambda: [list(asked) for asked in model.asked])
    last = engine.probabilities(square(2))
    held()
    last.result(SECONDS)
    assert seen.result(SECONDS) == [[1]]
    assert model.asked == [[1], [2]]


def test_a_call_that_fails_tells_who_asked(engine: EngineThread) -> None:
    failing = engine.call(lambda: int("no number"))
    assert isinstance(failing.exception(SECONDS), ValueError)
    assert engine.call(lambda: 4).result(SECONDS) == 4


def test_a_thread_that_is_in_the_midst_of_something_is_not_ended(
    engine: EngineThread, held: Callable[[], None]
) -> None:
    assert not engine.end(0.05)
    held()
