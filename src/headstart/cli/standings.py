"""The live table of a comparison: which approach is how far, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from headstart.durations import in_time
from headstart.progress import Event, Listener, Standing, Stood, on_bar


@contextmanager
def standings_on_stderr() -> Iterator[Listener]:
    """Yield a listener that shows a table of all approaches with a bar for what is running; it disappears at the end.

    Where stderr is no terminal, each approach that is done is a line.
    """
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stderr, emoji=False, highlight=False, markup=False, soft_wrap=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )
    task = bar.add_task("looking at the pictures", total=None)
    told: set[str] = set()

    def shown_of(stood: Stood) -> Group:
        shown = Table(box=None, pad_edge=False)
        for name in ("", "", "val accuracy", "seconds"):
            shown.add_column(name, justify="right" if name else "left")
        for each in stood.standings:
            shown.add_row(*(Text(cell) for cell in (each.id, each.state, _share(each), _seconds(each))))
        if stood.seconds_left is None:
            return Group(shown, bar)
        left = f"at most {in_time(stood.seconds_left)} of the budget left for training networks"
        return Group(shown, Text(left), bar)  # in a cell it would make the first column as wide

    with Live(console=console, transient=True, refresh_per_second=4) as live:
        live.update(bar)

        below = on_bar(bar, task, console)

        def listen(event: Event) -> None:
            if not isinstance(event, Stood):
                below(event)
            elif console.is_terminal:
                live.update(shown_of(event))
            else:
                for each in event.standings:
                    if each.state == "done" and each.id not in told:
                        told.add(each.id)
                        console.print(f"{each.id}: val accuracy {_share(each)}, {_seconds(each)} s")

        yield listen


def _share(standing: Standing) -> str:
    return "" if standing.accuracy is None else f"{standing.accuracy:.3f}"


def _seconds(standing: Standing) -> str:
    return "" if standing.seconds is None else f"{standing.seconds:.1f}"
