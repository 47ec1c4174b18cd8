"""The events of a job and who listens to them.

A job never prints. It tells a ``Listener`` what happens; the command line draws a bar from that, the tests
keep a list.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


@dataclass(frozen=True)
class Started:
    """The job passes over ``total`` pictures: its bar begins, or begins anew."""

    total: int


@dataclass(frozen=True)
class Advanced:
    """``pictures`` more are done."""

    pictures: int = 1


@dataclass(frozen=True)
class Entered:
    """The job entered a new stage, such as "computing features"."""

    stage: str


@dataclass(frozen=True)
class Said:
    """A sentence for the user: a fallback, a skipped picture, a warning, a result."""

    text: str


@dataclass(frozen=True)
class Validated:
    """A network in training was judged after an ``epoch``, from 1: ``loss`` and ``accuracy`` on the val part."""

    epoch: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Standing:
    """How far one approach of a comparison is.

    ``state`` is waiting, running, done or left out; ``accuracy`` that on the val part, once it is done, and
    ``seconds`` what it took.
    """

    id: str
    state: str
    accuracy: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Stood:
    """A comparison went on: all its approaches, and the seconds that it may still take, where that is known."""

    standings: tuple[Standing, ...]
    seconds_left: float | None = None


Event = Started | Advanced | Entered | Said | Validated | Stood
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listen and do nothing."""


def once_each(listen: Listener) -> Listener:
    """Return a listener that tells ``listen`` each sentence once, however often it is said."""
    told: set[str] = set()

    def tell(event: Event) -> None:
        if isinstance(event, Said):
            if event.text in told:
                return
            told.add(event.text)
        listen(event)

    return tell


def without_sentences(listen: Listener) -> Listener:
    """Return a listener that tells ``listen`` of the progress, and keeps what is said to itself."""

    def tell(event: Event) -> None:
        if not isinstance(event, Said):
            listen(event)

    return tell


def on_bar(bar: Progress, task: TaskID, console: Console) -> Listener:
    """Return a listener that draws the progress as the ``task`` of ``bar``, and writes sentences to ``console``."""

    def listen(event: Event) -> None:
        match event:
            case Started(total):
                bar.reset(task, total=total)
            case Advanced(pictures):
                bar.advance(task, pictures)
            case Entered(stage):
                bar.update(task, description=stage)
            case Said(text):
                console.print(text)

    return listen


@contextmanager
def on_stderr() -> Iterator[Listener]:
    """Yield a listener that writes sentences, and on a terminal one bar for the whole job, to stderr.

    The bar shows pictures per second and the time left; it disappears when the job ends.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: object) -> Text:
            speed = getattr(task, "finished_speed", None) or getattr(task, "speed", None)
            return Text(f"{speed:.0f} pictures/s" if speed else "")

    console = Console(file=sys.stderr, emoji=False, highlight=False, markup=False, soft_wrap=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Speed(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("starting", total=None)

        yield on_bar(bar, task, console)
