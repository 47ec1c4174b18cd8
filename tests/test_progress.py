"""What the user sees of a job: sentences as they are, on stderr alone, and on a terminal one bar that goes away."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest

from headstart.progress import (
    Advanced,
    Entered,
    Event,
    Said,
    Standing,
    Started,
    Stood,
    Validated,
    on_stderr,
    once_each,
    silent,
)

STOOD = Stood((Standing("scratch", "running"), Standing("fine-tune", "done", 0.9, 12.0)), 60.0)


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        """Return that it is."""
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what makes rich see a terminal, or none, against all appearances."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "JUPYTER_COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


# --- without a terminal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Skipped 1 file (1 unreadable): a/1.jpg.",
        "Warning: no training pictures for [red], [/], [bold red]x[/bold red] and [link=file:///x]y[/link].",
        "a path of 100 % /home/me/[2024]/1.jpg",
        "Größe 🐜",
        "two\nlines",
        "long " * 200,
        ":bug: and :1234:",
    ],
)
def test_a_sentence_appears_on_stderr_as_it_is_and_nothing_on_stdout(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with on_stderr() as listen:
        listen(Said(text))
    assert capsys.readouterr() == ("", f"{text}\n")


def test_sentences_appear_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    with on_stderr() as listen:
        listen(Said("one"))
        listen(Said("two"))
    assert capsys.readouterr().err == "one\ntwo\n"


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with on_stderr() as listen:
        listen(Started(2))
        listen(Entered("computing features"))
        listen(Advanced())
        listen(Advanced())
        listen(Validated(1, 0.5, 0.9))
        listen(STOOD)
    assert capsys.readouterr() == ("", "")


def test_a_sentence_is_there_before_the_job_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with on_stderr() as listen:
        listen(Said("so far"))
        assert capsys.readouterr().err == "so far\n"


# --- on a terminal --------------------------------------------------------------------------------------------


def test_on_a_terminal_a_bar_names_the_stage_and_counts_the_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    with redirect_stderr(Terminal()) as terminal, on_stderr() as listen:
        listen(Started(3))
        listen(Entered("reading [red] pictures"))
        listen(Advanced(2))
        listen(Said("in between"))
    assert "reading [red] pictures" in terminal.getvalue()
    assert "2/3" in terminal.getvalue()
    assert "in between\n" in terminal.getvalue()
    assert capsys.readouterr() == ("", "")


def test_a_sentence_on_a_terminal_has_no_colours() -> None:
    with redirect_stderr(Terminal()) as terminal, on_stderr() as listen:
        listen(Said("12 files in '/tmp/x' are [red]True[/red]"))
    assert "12 files in '/tmp/x' are [red]True[/red]\n" in terminal.getvalue()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_bar_goes_away_and_the_cursor_comes_back_even_if_the_job_fails(error: type[BaseException]) -> None:
    terminal = Terminal()
    with pytest.raises(error), redirect_stderr(terminal), on_stderr() as listen:
        listen(Started(3))
        raise error
    hidden, shown = terminal.getvalue().rfind("\x1b[?25l"), terminal.getvalue().rfind("\x1b[?25h")
    assert 0 <= hidden < shown
    assert terminal.getvalue().endswith("\x1b[1A\x1b[2K")


# --- silent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [Started(1), Entered("x"), Advanced(), Said("x"), Validated(1, 0.5, 0.9), STOOD])
def test_the_silent_listener_writes_nothing(capsys: pytest.CaptureFixture[str], event: Event) -> None:
    silent(event)
    assert capsys.readouterr() == ("", "")


def test_one_picture_is_done_unless_said_otherwise() -> None:
    assert Advanced() == Advanced(1)


# --- once each ------------------------------------------------------------------------------------------------


def test_a_sentence_is_told_once_however_often_it_is_said_and_all_else_each_time() -> None:
    told: list[Event] = []
    listen = once_each(told.append)
    for event in (Said("a"), Advanced(), Said("b"), Said("a"), Advanced(), Entered("a"), Entered("a"), Said("a")):
        listen(event)
    assert told == [Said("a"), Advanced(), Said("b"), Advanced(), Entered("a"), Entered("a")]


def test_what_one_was_told_is_told_to_another_too() -> None:
    told: list[Event] = []
    for _ in range(2):
        once_each(told.append)(Said("a"))
    assert told == [Said("a"), Said("a")]


def test_an_approach_that_waits_has_neither_accuracy_nor_cost() -> None:
    assert (Standing("a", "waiting").accuracy, Standing("a", "waiting").seconds) == (None, None)
    assert Stood(()).seconds_left is None
