"""A job in a process of its own: what it tells, returns and raises crosses over; what libraries print doesn't."""

from __future__ import annotations

import os
import signal
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from headstart.child import run, silence_openvino_telemetry
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.progress import Advanced, Entered, Event, Listener, Said, Started, silent

CHILDREN = Path(__file__).with_name("children")
TOLD = [Started(3), Entered("looking"), Advanced(), Advanced(2), Said("Größe: 5 µm [red]\nnext line")]


@pytest.fixture(autouse=True)
def children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the child processes import the modules in ``tests/children``, and print as they would of themselves."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(CHILDREN), prepend=os.pathsep)


@pytest.fixture(scope="module")
def report(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a child sees that runs where the user keeps files called like modules."""
    folder, here = tmp_path_factory.mktemp("child"), tmp_path_factory.mktemp("here")
    for name in ("keras.py", "json.py", "platformdirs.py", "headstart.py", "reports.py"):
        (here / name).write_text("raise SystemExit('imported from the current folder')", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(CHILDREN), prepend=os.pathsep)
        patch.setenv("KERAS_HOME", "/users/own")
        patch.setenv("KERAS_BACKEND", "users-own")
        patch.chdir(here)
        job = {"text": "Größe 🐜", "numbers": [1, 2.5, None]}
        return run("reports", job, folder, "torch", silent) | {"expected folder": str(folder)}


# --- what a child gets ----------------------------------------------------------------------------------------


def test_the_child_gets_the_job_and_the_folder_and_returns_a_result(report: dict[str, Any]) -> None:
    assert report["job"] == {"text": "Größe 🐜", "numbers": [1, 2.5, None]}
    assert report["folder"] == report["expected folder"]


def test_the_child_is_a_process_of_its_own_that_waits_for_no_input(report: dict[str, Any]) -> None:
    assert report["pid"] != os.getpid()
    assert report["stdin"] == ""


def test_a_file_called_like_a_module_in_the_current_folder_is_not_imported(report: dict[str, Any]) -> None:
    assert Path(report["keras"]).parts[-2:] == ("keras", "__init__.py")


def test_keras_keeps_its_files_in_our_cache_whatever_the_user_set(report: dict[str, Any], cache: Path) -> None:
    assert report["variables"]["KERAS_HOME"] == str(cache / "keras")


def test_keras_uses_the_backend_that_was_asked_for(report: dict[str, Any]) -> None:
    assert report["variables"]["KERAS_BACKEND"] == "torch"


def test_the_users_other_variables_reach_the_child(report: dict[str, Any], cache: Path) -> None:
    assert report["variables"]["HEADSTART_CACHE"] == str(cache)
    assert report["variables"]["PATH"] == os.environ["PATH"]


def test_the_variables_of_the_parent_stay_as_they_were(tmp_path: Path) -> None:
    before = dict(os.environ)
    run("talks", {"printed": ""}, tmp_path, "torch", silent)
    assert dict(os.environ) == before


def test_the_telemetry_of_openvino_cannot_be_imported_in_the_child(report: dict[str, Any]) -> None:
    assert report["telemetry is blocked"] is True


def test_telemetry_is_blocked_before_openvino_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    monkeypatch.setitem(sys.modules, "openvino_telemetry", None)
    del sys.modules["openvino_telemetry"]
    silence_openvino_telemetry()
    with pytest.raises(ImportError):
        __import__("openvino_telemetry")


def test_telemetry_is_left_alone_once_openvino_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", types.ModuleType("openvino"))
    monkeypatch.setitem(sys.modules, "openvino_telemetry", None)
    del sys.modules["openvino_telemetry"]
    silence_openvino_telemetry()
    assert "openvino_telemetry" not in sys.modules


# --- what it tells --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "printed",
    [
        b"",
        b"Downloading weights ...\n",
        b"\n\n",
        b'null\n7\n[]\n"text"\n{}\n{"text": "x"}\n',
        b'{"event": "Finished"}\n{"event": null}\n',
        b'{"event": []}\n',
        b'{"event": "Said"}\n',
        b"Gr\xf6\xdfe\n",
        b"100 %",
    ],
)
def test_events_cross_over_in_order_and_what_a_library_prints_is_ignored(tmp_path: Path, printed: bytes) -> None:
    told: list[Event] = []
    result = run("talks", {"printed": printed.hex()}, tmp_path, "torch", told.append)
    assert told == TOLD
    assert result == {"done": True}


def test_what_a_library_prints_is_not_shown_to_the_user(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run("talks", {"printed": b"Downloading\n".hex()}, tmp_path, "torch", silent)
    assert capfd.readouterr() == ("", "")


def test_events_are_told_while_the_job_runs_and_a_listener_that_fails_ends_the_child(tmp_path: Path) -> None:
    told: list[Event] = []

    def interrupted(event: Event) -> None:
        told.append(event)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("fails", {"how": "hangs"}, tmp_path, "torch", interrupted)
    (said,) = told
    assert isinstance(said, Said)
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.text), 0)


# --- Ctrl-C -------------------------------------------------------------------------------------------------


def interrupting(told: list[str], *, child_too: bool = False) -> Listener:
    """Return a listener that sends SIGINT to this process at every sentence, as a terminal also to the child."""

    def listen(event: Event) -> None:
        assert isinstance(event, Said)
        told.append(event.text)
        if child_too:
            os.kill(int(event.text), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    return listen


@pytest.mark.parametrize("child_too", [False, True], ids=["by kill", "in a terminal"])
def test_a_first_interrupt_is_passed_on_to_a_child_that_asks_for_it_and_its_result_comes(
    tmp_path: Path, child_too: bool
) -> None:
    listen = interrupting([], child_too=child_too)
    assert run("waits", {"then": "result"}, tmp_path, "torch", listen, interruptible=True) == {"came": True}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_ends_the_child(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run("waits", {"then": "goes on"}, tmp_path, "torch", interrupting(told), interruptible=True)
    assert told[1:] == ["going on"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(told[0]), 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_child_that_was_interrupted_and_has_no_result_interrupts_the_parent(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run("waits", {"then": "nothing"}, tmp_path, "torch", interrupting([]), interruptible=True)


def test_a_child_that_was_interrupted_alone_interrupts_the_parent(tmp_path: Path) -> None:
    def interrupt(event: Event) -> None:
        assert isinstance(event, Said)
        os.kill(int(event.text), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run("waits", {"then": "nothing"}, tmp_path, "torch", interrupt)


def test_in_a_thread_an_interruptible_child_runs_like_any_other(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run, "talks", {"printed": ""}, tmp_path, "torch", silent, interruptible=True)
        assert job.result() == {"done": True}


# --- how it fails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [UserError, MissingError])
def test_an_expected_failure_crosses_over_as_the_same_error_and_sentence(
    tmp_path: Path, kind: type[HeadstartError]
) -> None:
    job = {"how": kind.__name__, "sentence": "Größe fehlt; add\nit."}
    with pytest.raises(HeadstartError) as failed:
        run("fails", job, tmp_path, "torch", silent)
    assert type(failed.value) is kind
    assert str(failed.value) == "Größe fehlt; add\nit."


def test_what_the_system_refuses_the_child_is_missing_and_the_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere/file: No such file or directory"):
        run("fails", {"how": "OSError"}, tmp_path, "torch", silent)


@pytest.mark.parametrize(("how", "code"), [("_exit", 7), ("killed", -9), ("SystemExit", 0)])
def test_a_crash_is_told_with_its_exit_code_and_the_end_of_what_went_to_stderr(
    tmp_path: Path, how: str, code: int
) -> None:
    job = {"how": how, "stderr": (b"beginning" + 3000 * b"." + b"the \xff end").hex()}
    with pytest.raises(RuntimeError) as failed:
        run("fails", job, tmp_path, "torch", silent)
    assert str(failed.value).startswith(f"fails ended with exit code {code} and no result:\n....")
    assert str(failed.value).endswith("...the \ufffd end")
    assert "beginning" not in str(failed.value)


def test_an_unexpected_error_is_told_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)exit code 1 and no result:.*fails\.py.*ValueError: a bug$"):
        run("fails", {"how": "ValueError", "sentence": "a bug"}, tmp_path, "torch", silent)


def test_a_crash_is_not_covered_up_by_the_result_of_an_earlier_child(tmp_path: Path) -> None:
    run("talks", {"printed": ""}, tmp_path, "torch", silent)
    with pytest.raises(RuntimeError, match="exit code 7"):
        run("fails", {"how": "_exit"}, tmp_path, "torch", silent)


def test_a_module_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No module named nowhere"):
        run("nowhere", {}, tmp_path, "torch", silent)
