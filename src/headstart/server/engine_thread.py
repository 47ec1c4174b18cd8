"""The one thread in which the model runs: pictures that wait are taken together, each is answered when it is done."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from headstart.jobs.looking import Squares
from headstart.learn.heads import Floats

BATCH = 32
"""Pictures that are taken together at most: after so many, whoever asked for something else has a turn."""

T = TypeVar("T")

Model = Callable[[Sequence[Squares]], Iterator[tuple[int, Floats]]]
"""Yields each picture's position and its ``(n_classes,)`` float32 probabilities, in the order of completion."""


@dataclass(eq=False)
class _Picture:
    """A picture that waits for its probabilities."""

    squares: Squares
    answer: Future[Floats] = field(default_factory=Future)


@dataclass(eq=False)
class _Call:
    """Something else that is to be done in this thread."""

    function: Callable[[], Any]
    answer: Future[Any] = field(default_factory=Future)


class EngineThread(threading.Thread):
    """Runs a model and whatever else must not run beside it, in the order in which it was asked for.

    What nobody waits for any more, because its future was cancelled, is left out.
    """

    def __init__(self) -> None:
        # A daemon: the program's end must not wait for what nobody asks for any more.
        super().__init__(name="engine", daemon=True)
        self._waiting: deque[_Picture | _Call | None] = deque()
        self._something = threading.Condition()
        self._model: Model | None = None

    def use(self, model: Model) -> None:
        """Let ``model`` answer for pictures."""
        self._model = model

    def probabilities(self, squares: Squares) -> Future[Floats]:
        """Return what will be the ``(n_classes,)`` float32 probabilities of a picture."""
        picture = _Picture(squares)
        self._add(picture)
        return picture.answer

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Return what will be the result of ``function``, called in this thread."""
        called = _Call(function)
        self._add(called)
        return called.answer

    def end(self, seconds: float) -> bool:
        """Do what was asked for, and then no more; return whether that is so after ``seconds``."""
        self._add(None)
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """Work until there is an end."""
        while work := self._next():
            match work:
                case _Call() as called:
                    _answer(called)
                case list() as pictures:
                    self._answer_all(pictures)

    def _add(self, work: _Picture | _Call | None) -> None:
        with self._something:
            self._waiting.append(work)
            self._something.notify()

    def _next(self) -> list[_Picture] | _Call | None:
        """Wait, and return the call that is first in line, or all pictures before the next call; None at the end."""
        with self._something:
            while not self._waiting:
                self._something.wait()
            first = self._waiting.popleft()
            if not isinstance(first, _Picture):
                return first
            pictures = [first]
            while len(pictures) < BATCH and self._waiting and isinstance(self._waiting[0], _Picture):
                following = self._waiting.popleft()
                assert isinstance(following, _Picture)  # noqa: S101 - looked at before it was taken
                pictures.append(following)
            return pictures

    def _answer_all(self, pictures: Sequence[_Picture]) -> None:
        wanted = [picture for picture in pictures if picture.answer.set_running_or_notify_cancel()]
        left = dict(enumerate(wanted))
        try:
            for position, row in self._asked(wanted):
                left.pop(position).answer.set_result(row)
        except Exception as error:
            if len(wanted) == 1:
                left[0].answer.set_exception(error)
                return
            # One of them is to blame; the others are asked for again, each alone.
            for picture in left.values():
                self._answer_alone(picture)

    def _answer_alone(self, picture: _Picture) -> None:
        try:
            [(_, row)] = self._asked([picture])
        except Exception as error:
            picture.answer.set_exception(error)
        else:
            picture.answer.set_result(row)

    def _asked(self, pictures: Sequence[_Picture]) -> Iterator[tuple[int, Floats]]:
        assert self._model is not None  # noqa: S101 - nobody sends pictures before
        return self._model([picture.squares for picture in pictures])


def _answer(called: _Call) -> None:
    if not called.answer.set_running_or_notify_cancel():
        return
    try:
        result = called.function()
    except BaseException as error:
        called.answer.set_exception(error)
    else:
        called.answer.set_result(result)
