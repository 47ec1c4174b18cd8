"""``headstart compare`` in a shell: what it prints, what a kill leaves, what Ctrl-C gives, and how it fails."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from headstart.cli.main import exit_code
from models import HEADSTART, contents, names, write_alike
from processes import eventually
from runs import LOGISTIC, TREE, Compared, compare, learning

BOTH = f"{TREE},{LOGISTIC}"
ALL = f"{BOTH},frozen+logistic"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("compare") / "alike", {"ant": 10, "bee": 10})


def arguments(data: Path, out: Path, approaches: str = BOTH, *more: str) -> list[str]:
    return ["compare", str(data), "--out", str(out), "--approaches", approaches, "--no-pictures", *more]


def started(data: Path, out: Path) -> subprocess.Popen[str]:
    """Start the command in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [HEADSTART, *arguments(data, out, ALL, "--json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def done_in(out: Path) -> list[Path]:
    """Return what is kept of each approach that is done."""
    return sorted((out / "parts").glob("[!.]*/entry.json"))


# --- what it prints -------------------------------------------------------------------------------------------


def test_it_prints_the_table_the_verdict_and_how_to_go_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my run"
    assert exit_code(arguments(data, out)) == 0
    printed, said = capsys.readouterr()
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert "alike: 4 val pictures to choose by, 4 test pictures" in printed
    first, second = (line.split() for line in printed.splitlines() if line.startswith("handcrafted+") and "–" in line)
    assert [first[0], second[0]] == [results["pairs"][0]["a"], results["pairs"][0]["b"]]
    assert "chance" in printed
    assert " ".join(printed.split()).count(results["verdict"]["sentence"]) == 1
    assert f"Report: {out}/report.html" in printed
    assert f"headstart predict '{out}/model' IMAGE..." in printed
    assert f"{TREE}: val accuracy" in said
    assert "Checked 20 pictures" in said


def test_with_json_it_prints_the_results_and_nothing_else(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(arguments(data, tmp_path / "run", TREE, "--json")) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))


def test_names_of_classes_can_not_change_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[2Jnew\nline"
    for part, counts in {"train": 10, "val": 4}.items():
        write_alike(tmp_path / "data" / part, {"ant": counts, evil: counts}, seed=counts)
    write_alike(tmp_path / "data" / "test", {"ant": 4, evil: 1}, seed=1)
    assert exit_code(arguments(tmp_path / "data", tmp_path / "run", TREE)) == 0
    printed, said = capsys.readouterr()
    assert "\x1b" not in printed + said
    assert "[2Jnew" in printed


# --- how it fails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--approaches", "handcrafted+tre"), "Did you mean handcrafted+tree?"),
        (("--repeats", "0"), "--repeats 0: at least 1."),
        (("--lang", "de"), "--lang de: choose from en, zh."),
        (("--budget", "soon"), "--budget soon: write a duration as in 90s, 5m or 1h30m."),
        (("--weights", "vgg16=x.h5"), "--weights means nothing to handcrafted+tree, handcrafted+logistic"),
        (("--aproaches", "scratch"), "Unknown option: --aproaches. Did you mean --approaches?"),
    ],
)
def test_what_can_not_be_meant_is_one_sentence_and_exit_code_2(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert exit_code(arguments(data, tmp_path / "run", BOTH, *more)) == 2
    printed, told = capsys.readouterr()
    assert printed == ""
    assert said in told
    assert told.count("\n") == 1
    assert names(tmp_path) == []


def test_if_nothing_comes_off_it_is_said_and_the_report_is_there(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learning(monkeypatch, dict.fromkeys((TREE, LOGISTIC), RuntimeError("no number")))
    out = tmp_path / "run"
    assert exit_code(arguments(data, out)) == 3
    printed, said = capsys.readouterr()
    assert said.endswith(f"headstart: No approach could be run; {out}/report.html says why of each.\n")
    assert f"Not run: {TREE}: It ended with an error (RuntimeError: no number)." in printed
    assert "Model:" not in printed
    assert {"report.html", "results.json"} <= set(names(out))
    assert exit_code(arguments(data, out, BOTH, "--json")) == 3
    assert json.loads(capsys.readouterr().out)["verdict"]["winner"] is None


def test_a_full_disk_is_one_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learning(monkeypatch, {LOGISTIC: OSError(errno.ENOSPC, "No space left on device")})
    assert exit_code(arguments(data, tmp_path / "run")) == 3
    assert "headstart: the system refuses: No space left on device; nothing was lost.\n" in capsys.readouterr().err


def test_an_interrupt_before_anything_is_done_is_exit_code_130(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learning(monkeypatch, {TREE: KeyboardInterrupt()})
    assert exit_code(arguments(data, tmp_path / "run")) == 130
    assert "headstart: interrupted; no result was written" in capsys.readouterr().err
    assert names(tmp_path / "run") == ["compare.json"]


# --- killed and interrupted, as a shell does it ---------------------------------------------------------------


@pytest.fixture(scope="module")
def uninterrupted(data: Path, cache: Path) -> Compared:
    return compare(data, data.parent / "whole", *ALL.split(","))


def without_clock(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the approaches without what a clock said of them."""
    return [{**entry, "seconds": sorted(entry["seconds"])} for entry in results["approaches"]]


def test_a_killed_comparison_goes_on_and_ends_as_if_it_had_not_been(
    uninterrupted: Compared, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = started(data, out)
    assert eventually(lambda: done_in(out), seconds=60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = {file: file.read_bytes() for file in done_in(out)}
    assert 1 <= len(kept) < 3
    assert not {"results.json", "report.html", "predictions.csv", "model"} & set(names(out))

    again = started(data, out)
    printed, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert f"{len(kept)} of 3 approaches were done before, and are kept." in said
    assert {file: file.read_bytes() for file in kept} == kept
    results, whole = json.loads(printed), uninterrupted.document
    assert without_clock(results) == without_clock(whole)
    for name in ("split", "dataset", "not_run", "warnings"):
        assert results[name] == whole[name]
    assert [(pair["a"], pair["b"], pair["p_value"]) for pair in results["pairs"]] == [
        (pair["a"], pair["b"], pair["p_value"]) for pair in whole["pairs"]
    ]
    for name in ("predictions.csv", "split.json", "model/weights.safetensors", "model/run/predictions.csv"):
        assert contents(out)[name] == contents(uninterrupted.run)[name]
    assert names(out) == names(uninterrupted.run)


def test_ctrl_c_gives_the_verdict_on_what_is_done_and_the_same_command_goes_on(
    uninterrupted: Compared, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = started(data, out)
    assert eventually(lambda: done_in(out), seconds=60)
    os.killpg(process.pid, signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    early = json.loads(printed)
    assert 1 <= len(early["approaches"]) < 3
    assert {each["reason"] for each in early["not_run"]} == {"stopped"}
    assert "The comparison was ended early; the same command goes on with it." in early["warnings"]
    assert early["verdict"]["winner"] in {entry["id"] for entry in early["approaches"]}
    assert {"results.json", "report.html", "predictions.csv", "model"} <= set(names(out))

    assert exit_code(arguments(data, out, ALL)) == 0
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    figures = {entry["id"]: {name: entry[name] for name in ("val", "test")} for entry in results["approaches"]}
    assert figures == uninterrupted.figures
    assert results["split"]["test_opened"] == 2
    assert "ended early" not in json.dumps(results)
