"""``headstart cache`` in a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headstart.cli.main import exit_code
from headstart.features.store import opened_store, store_file
from models import contents
from stores import EXTRACTOR, execute, vectors


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with opened_store(tmp_path / "cache") as store:
        store.put(EXTRACTOR, vectors(5, dimension=25_000))
    return tmp_path / "cache"


def words(text: str) -> list[str]:
    """Return the lines of ``text`` with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_what_the_store_holds_is_printed_as_a_table(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["cache", "--cache", str(place)]) == 0
    first, heading, row = words(capsys.readouterr().out)
    assert first == f"5 vectors, 0.5 MB, in {place}"
    assert heading == "weights pixels vectors MB last used"
    assert row.startswith("efficientnet_lite0 avg_pool ffffffff 224 squash 5 0.5 20")


def test_verified_vectors_are_said_to_be_whole(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["cache", "--cache", str(place), "--verify"]) == 0
    assert capsys.readouterr().out.startswith(f"5 vectors, 0.5 MB, in {place}, all as they were stored\n")


def test_json_is_one_document_and_nothing_else_on_stdout(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["cache", "--cache", str(place), "--prune-size", "200kB", "--json"]) == 0
    output = capsys.readouterr()
    document = json.loads(output.out)
    assert (document["vectors"], document["pruned"], document["folder"]) == (2, 3, str(place))
    assert output.err == "Removed 3 vectors.\n"


def test_a_machine_without_a_store_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert exit_code(["cache"]) == 0
    assert capsys.readouterr().out == f"0 vectors, 0.0 MB, in {tmp_path}\n"


@pytest.mark.parametrize("options", [["--verify"], ["--prune-days", "0", "--verify"]])
def test_an_altered_vector_is_exit_code_2_and_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    execute(place, "UPDATE vectors SET checksum = checksum + 1 WHERE id = 3")
    assert exit_code(["cache", "--cache", str(place), *options]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"headstart: 1 of the vectors in {store_file(place)} aren't what was stored; delete")
    assert (output.err.count("\n"), output.out) == (1, "")


@pytest.mark.parametrize("options", [["--prune-size", "much"], ["--prune-days", "-1"], ["--prune-days", "many"]])
def test_a_mistake_of_the_user_is_exit_code_2_and_removes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    before = contents(place)
    assert exit_code(["cache", "--cache", str(place), *options]) == 2
    assert capsys.readouterr().err.startswith("headstart: ")
    assert contents(place) == before


def test_no_store_where_one_is_named_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["cache", "--cache", str(tmp_path / "typo")]) == 2
    assert capsys.readouterr().err == f"headstart: --cache {tmp_path}/typo: no feature vectors are kept there.\n"
