"""The live table: on a terminal all approaches and a bar, elsewhere a line for each that is done."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr

import pytest

from headstart.cli.standings import standings_on_stderr
from headstart.progress import Advanced, Entered, Event, Said, Standing, Started, Stood

TREE, EVIL = "handcrafted+tree", "[red]frozen[/red]:bug:"


def stood(tree: str, other: str, seconds_left: float | None = None) -> Stood:
    accuracy, seconds = (0.875, 12.34) if tree == "done" else (None, None)
    return Stood((Standing(TREE, tree, accuracy, seconds), Standing(EVIL, other)), seconds_left)


EVENTS = (
    Entered("looking at the pictures"),
    stood("running", "waiting", 90.0),
    Started(4),
    Entered("computing [bold]features"),
    Advanced(3),
    Said("Skipped [red]1[/red] file: a/1.jpg :bug:"),
    stood("done", "running", 61.0),
    stood("done", "left out"),
)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what makes rich see a terminal, or none, against all appearances."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def told(events: Sequence[Event]) -> None:
    with standings_on_stderr() as listen:
        for event in events:
            listen(event)


def on_a_terminal(show: Callable[[], None]) -> str:
    """Return what a real terminal gets as stderr."""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as terminal, redirect_stderr(terminal):
        show()
    got = b""
    os.set_blocking(leader, False)
    try:
        while chunk := os.read(leader, 65536):
            got += chunk
    except OSError:  # the other end is closed
        pass
    os.close(leader)
    return got.decode()


def test_without_a_terminal_each_that_is_done_is_a_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    told(EVENTS)
    printed, said = capsys.readouterr()
    assert printed == ""
    assert said.splitlines() == [
        "Skipped [red]1[/red] file: a/1.jpg :bug:",
        f"{TREE}: val accuracy 0.875, 12.3 s",
    ]


def test_on_a_terminal_all_approaches_stand_in_a_table_with_a_bar_and_the_time_left() -> None:
    early, shown = on_a_terminal(lambda: told(EVENTS[:6])), on_a_terminal(lambda: told(EVENTS))
    for text in (TREE, EVIL, "waiting", "running", "val accuracy", "3/4"):
        assert text in early
    for text in (TREE, EVIL, "done", "left out", "0.875", "12.3"):
        assert text in shown
    assert "at most 90 s of the budget left for training networks" in early
    assert "of the budget" not in shown
    (row,) = [line for line in early.splitlines() if line.startswith(TREE)]
    assert row.split() == [TREE, "running"]
    assert len(row.rstrip()) < len(EVIL) + 12
    assert "computing [bold]features" in shown
    assert "Skipped [red]1[/red] file: a/1.jpg :bug:" in shown
    assert f"{TREE}: val accuracy" not in shown


def test_the_table_goes_away_and_the_cursor_comes_back_even_if_the_job_fails() -> None:
    def fails() -> None:
        with pytest.raises(KeyboardInterrupt), standings_on_stderr() as listen:
            listen(stood("running", "waiting"))
            raise KeyboardInterrupt

    shown = on_a_terminal(fails)
    hidden, back = shown.rfind("\x1b[?25l"), shown.rfind("\x1b[?25h")
    assert 0 <= hidden < back
    assert shown.endswith("\x1b[1A\x1b[2K")
