"""``headstart features`` in a shell: what it prints, and what is left when it is stopped, killed or refused."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from headstart.cli.main import exit_code
from headstart.features import stored
from headstart.features.store import opened_store, store_file
from headstart.jobs import extraction
from models import HEADSTART, contents, names, write_alike
from processes import eventually
from stores import execute, rows_in

KILLS = 10
ODD = os.fsdecode(b"caf\xe9")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures, half of them of a class whose name is no Unicode, and a file that is no picture."""
    root = write_alike(tmp_path_factory.mktemp("features") / "data", {"ant": 30, ODD: 30})
    (root / "ant" / f"{ODD}.txt").write_text("no picture")
    return root


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("few") / "data", {"ant": 3, "bee": 2})


def started(data: Path, out: Path, cache: Path) -> subprocess.Popen[str]:
    """Start the command in a process group of its own."""
    command = [HEADSTART, "features", str(data), "--out", str(out), "--cache", str(cache)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing disturbed: what it printed, the file and the rows of the store, and how long it took."""

    printed: str
    said: str
    file: bytes
    rows: list[tuple[str, str, bytes]]
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory, few: Path) -> Undisturbed:
    place = tmp_path_factory.mktemp("undisturbed")
    assert exit_code(["features", str(few), "--out", str(place / "few.npz")]) == 0  # the network is converted
    since = time.monotonic()
    with started(data, place / "f.npz", place / "cache") as process:
        printed, said = process.communicate()
    seconds = time.monotonic() - since
    assert process.returncode == 0, said
    return Undisturbed(printed, said, (place / "f.npz").read_bytes(), rows_in(place / "cache"), seconds)


# --- what it prints -------------------------------------------------------------------------------------------


def test_what_was_written_is_said_in_one_line(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["features", str(few), "--out", str(tmp_path / "f.npz"), "--no-cache"]) == 0
    output = capsys.readouterr()
    assert output.out == f"5 vectors of 1280 numbers: {tmp_path}/f.npz\n"
    assert output.err == ""


def test_json_is_one_document_and_nothing_else_on_stdout(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--json", "--fit", "pad", "--exclude", "bee", "--cache", str(tmp_path / "cache")]
    assert exit_code(["features", str(few), "--out", str(tmp_path / "f.parquet"), *options]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["pictures"], document["shape"], document["classes"]) == (3, [1280], ["ant"])
    assert names(tmp_path) == ["cache", "f.parquet"]


def test_names_that_are_no_unicode_are_printed_as_escapes(undisturbed: Undisturbed) -> None:
    assert undisturbed.said == (r"Warning: Skipped 1 file (1 not-a-picture): ant/caf\udce9.txt." + "\n")
    assert undisturbed.printed.startswith("60 vectors of 1280 numbers: ")


@pytest.fixture
def here(few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with DATA and a file of the user's in it."""
    (tmp_path / "DATA").symlink_to(few)
    (tmp_path / "notes.npz").write_text("mine")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "f.csv"], "--out f.csv: name a file that ends in .npz or .parquet."),
        (["--out", "notes.npz"], "--out notes.npz is a file that headstart didn't write; name a new one."),
        (["--out", "DATA/f.npz"], "--out DATA/f.npz lies inside the data folder"),
        (["--out", "f.npz", "--fit", "squish"], "--fit squish: choose from squash, crop, pad."),
        (["--out", "f.npz", "--layer", "fc1"], "offers no layer 'fc1'"),
        ([], "--out"),
    ],
)
def test_a_mistake_of_the_user_is_exit_code_2_and_one_sentence_and_nothing_is_written(
    here: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert exit_code(["features", "DATA", *options]) == 2
    output = capsys.readouterr()
    assert said in output.err
    assert (output.err.count("\n"), output.out) == (1, "")
    assert names(here) == ["DATA", "notes.npz"]
    assert (here / "notes.npz").read_text() == "mine"


# --- a store that can't be used -------------------------------------------------------------------------------


def put_text(file: Path) -> None:
    file.write_text("my notes")


def put_notes(file: Path) -> None:
    file.unlink()
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE notes (text)")


def put_later_version(file: Path) -> None:
    execute(file.parents[1], "PRAGMA user_version = 3")
    execute(file.parents[1], "PRAGMA journal_mode = DELETE")


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 40_000)


def flip_bytes(file: Path) -> None:
    """Spoil a byte in the middle of each page but the first."""
    data = np.frombuffer(file.read_bytes(), np.uint8).reshape(-1, 32768).copy()
    data[1:, 16384:16400] ^= 1
    data[1:, :8] ^= 1
    file.write_bytes(data.tobytes())


def alter_vector(file: Path) -> None:
    execute(file.parents[1], "UPDATE vectors SET vector = zeroblob(5120) WHERE id = 2")


@pytest.mark.parametrize(
    "spoil", [put_text, put_notes, put_later_version, truncate, flip_bytes, alter_vector], ids=lambda f: f.__name__
)
def test_a_spoilt_store_is_exit_code_2_and_one_sentence_and_stays_as_it_was(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None]
) -> None:
    command = ["features", str(few), "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "f.npz")]
    assert exit_code(command) == 0
    (tmp_path / "f.npz").unlink()
    spoil(store_file(tmp_path / "cache"))
    before = contents(tmp_path)
    capsys.readouterr()

    assert exit_code(command) == 2
    output = capsys.readouterr()
    assert output.err.splitlines()[-1].startswith(f"headstart: {store_file(tmp_path / 'cache')} ")
    assert output.err.count("headstart:") == 1
    assert output.out == ""
    assert contents(tmp_path) == before


def test_a_named_cache_that_can_only_be_read_is_exit_code_3(
    few: Path, tmp_path: Path, read_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["features", str(few), "--cache", str(read_only), "--out", str(tmp_path / "f.npz")]) == 3
    assert f"{read_only}/features can't be used for the feature store (" in capsys.readouterr().err
    assert names(tmp_path) == ["read-only"]


def test_a_default_cache_that_can_only_be_read_is_told_and_costs_the_keeping_alone(
    few: Path,
    tmp_path: Path,
    read_only: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(extraction, "cache_folder", lambda: read_only)
    assert exit_code(["features", str(few), "--out", str(tmp_path / "f.npz")]) == 0
    output = capsys.readouterr()
    assert output.err.startswith(f"Warning: {read_only}/features can't be used for the feature store (")
    assert output.err.count("\n") == 1
    assert output.out == f"5 vectors of 1280 numbers: {tmp_path}/f.npz\n"


# --- full disks -----------------------------------------------------------------------------------------------


def test_a_full_disk_for_the_store_is_exit_code_3_and_loses_nothing_that_was_kept(
    data: Path,
    undisturbed: Undisturbed,
    full_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(stored, "_KEEP_EVERY_SECONDS", 0)
    out = full_disk.parent / "f.npz"
    assert exit_code(["features", str(data), "--cache", str(full_disk), "--out", str(out)]) == 3
    stderr = capsys.readouterr().err
    assert f"headstart: {store_file(full_disk)} can't be used (" in stderr
    assert "free some space" in stderr
    assert (stderr.count("\n"), out.exists()) == (1, False)
    assert set(rows_in(full_disk)) < set(undisturbed.rows)
    with opened_store(full_disk) as store:
        assert store.damaged() == 0


def test_a_full_disk_for_the_file_is_exit_code_3_and_leaves_nothing_half_written(
    few: Path, tiny_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["features", str(few), "--out", str(tiny_disk / "f.npz"), "--no-cache"]) == 3
    stderr = capsys.readouterr().err
    assert stderr.startswith("headstart: the system refuses")
    assert "No space left" in stderr or "too large" in stderr
    assert names(tiny_disk) == []


# --- several processes, interrupts and kills ------------------------------------------------------------------


def test_two_processes_at_once_both_succeed_with_the_same_bits_and_every_row_once(
    data: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    with (
        started(data, tmp_path / "1.npz", tmp_path / "cache") as one,
        started(data, tmp_path / "2.npz", tmp_path / "cache") as two,
    ):
        said = [process.communicate()[1] for process in (one, two)]

    assert [one.returncode, two.returncode] == [0, 0], said
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes() == undisturbed.file
    assert rows_in(tmp_path / "cache") == undisturbed.rows


def test_an_interrupt_is_exit_code_130_and_what_was_computed_is_kept(
    data: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    (tmp_path / "cache").mkdir()
    with started(data, tmp_path / "f.npz", tmp_path / "cache") as process:
        assert eventually(lambda: store_file(tmp_path / "cache").exists() and kept(tmp_path / "cache"))
        os.kill(process.pid, signal.SIGINT)
        printed, said = process.communicate()

    assert (process.returncode, printed) == (130, "")
    assert said == "headstart: interrupted; no result was written, and what the cache holds is kept.\n"
    assert names(tmp_path) == ["cache"]
    assert names(tmp_path / "cache" / "features") == ["store.sqlite3"]
    assert set(rows_in(tmp_path / "cache")) <= set(undisturbed.rows)


def kept(cache: Path) -> int:
    """Return how many vectors are in the store, 0 while it is being made."""
    with contextlib.suppress(sqlite3.OperationalError):
        return int(execute(cache, "SELECT count(*) FROM vectors")[0][0])
    return 0


@pytest.mark.parametrize("kills", [KILLS, pytest.param(200, marks=[pytest.mark.trust, pytest.mark.timeout(1800)])])
def test_runs_killed_at_random_moments_go_on_where_they_were_and_end_with_the_same_bits(
    data: Path, undisturbed: Undisturbed, tmp_path: Path, kills: int
) -> None:
    places = killed_at_random(data, tmp_path, kills, undisturbed.seconds)

    assert [(place / "f.npz").read_bytes() == undisturbed.file for place in places] == [True] * len(places)
    assert [rows_in(place / "cache") == undisturbed.rows for place in places] == [True] * len(places)
    assert [exit_code(["cache", "--verify", "--cache", str(place / "cache")]) for place in places] == [0] * len(places)


def killed_at_random(data: Path, root: Path, kills: int, seconds: float) -> list[Path]:
    """Start the command again and again until it was killed so many times and then ran to its end.

    Each time it has a part of the ``seconds`` that it takes undisturbed. Where it ended before, a new place is begun.
    Returns all places, in each of which the command at last ran to its end.
    """
    random = np.random.default_rng(kills)
    places = [root / "0"]
    while kills:
        if is_killed(data, places[-1], random.uniform(0.25, 0.6) * seconds):
            kills -= 1
        else:
            places.append(root / str(len(places)))
    assert not is_killed(data, places[-1], 60)
    return places


def is_killed(data: Path, place: Path, after: float) -> bool:
    """Start the command, and kill it with all its processes after so many seconds; return whether it ran so long."""
    with started(data, place / "f.npz", place / "cache") as process:
        try:
            said = process.communicate(timeout=after)[1]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return True
    assert process.returncode == 0, said
    return False
