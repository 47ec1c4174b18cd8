"""``headstart serve`` on the command line: what it needs, and what it passes on."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.cli import serve as command
from headstart.cli.main import exit_code
from headstart.progress import Entered, Said, Started
from headstart.server import running
from headstart.settings import ServeSettings


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[ServeSettings]:
    """What a server would be run with; none is."""
    seen: list[ServeSettings] = []
    monkeypatch.setattr(running, "run_server", lambda settings, listen: seen.append(settings))
    monkeypatch.delenv("HEADSTART_TOKEN", raising=False)
    return seen


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        command, "find_spec", lambda name: None if name == "uvicorn" else importlib.util.find_spec(name)
    )
    assert exit_code(["serve", "model"]) == 3
    assert capsys.readouterr().err == "headstart: serve needs uvicorn: pip install 'headstart[serve]'.\n"


def test_options_come_through_with_mocked_server(passed_on: list[ServeSettings]) -> None:
    options = (
        "--port 0 --allow-host a --allow-host b --allow-origin https://c --max-body 1MB --top 2 --unsure-below 0.5"
    )
    assert exit_code(["serve", "model", *options.split()]) == 0
    assert passed_on == [
        ServeSettings(
            Path("model"),
            port=0,
            allow_host=("a", "b"),
            allow_origin=("https://c",),
            max_body="1MB",
            top=2,
            unsure_below=0.5,
        )
    ]


def test_the_token_is_that_of_the_option_or_of_the_environment_with_mocked_server(
    passed_on: list[ServeSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    exit_code(["serve", "model"])
    monkeypatch.setenv("HEADSTART_TOKEN", "")
    exit_code(["serve", "model"])
    monkeypatch.setenv("HEADSTART_TOKEN", "theirs")
    exit_code(["serve", "model"])
    exit_code(["serve", "model", "--token", "ours"])
    assert [each.token for each in passed_on] == [None, None, "theirs", "ours"]


def test_a_token_is_never_shown_with_the_settings() -> None:
    assert "secret" not in repr(replace(ServeSettings(Path("model")), token="secret"))  # noqa: S106 - an example


def test_what_happens_is_told_on_stderr_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    for event in (Started(3), Entered("converting"), Said("Serving model")):
        command._say(event)
    assert capsys.readouterr() == ("", "converting …\nServing model\n")
