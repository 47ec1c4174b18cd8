"""Every command on pictures in object storage: the same as on the folder, and nothing said that may be secret."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import headstart
from headstart.addresses import Address
from headstart.cli.main import exit_code
from headstart.data.inspect import inspected as inspected_before
from headstart.jobs import pictures
from models import HEADSTART, contents, names, watched, write_alike
from object_storage import KEY, SECRET, ObjectStorage, nobody, refusing


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of class folders with odd names, and a file that is no picture."""
    root = write_alike(tmp_path_factory.mktemp("cloud") / "data", {"ant #1?": 8, "bee ä%20": 8})
    (root / "bee ä%20" / "notes.txt").write_text("no picture")
    return root


@pytest.fixture(scope="module")
def address(data: Path, storage: ObjectStorage) -> str:
    """The same in a bucket."""
    return storage.put_folder(data, "pictures", "some/data")


def said_by(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return the exit code of a command, and all that it printed."""
    capsys.readouterr()
    code = exit_code(arguments)
    output = capsys.readouterr()
    return code, output.out + output.err


def test_features_are_those_of_the_folder_bit_for_bit(data: Path, address: str, tmp_path: Path) -> None:
    assert exit_code(["features", str(data), "--out", str(tmp_path / "here.npz"), "--no-cache"]) == 0
    assert exit_code(["features", address, "--out", str(tmp_path / "there.npz"), "--no-cache"]) == 0
    with np.load(tmp_path / "there.npz") as arrays:
        assert arrays["features"].shape == (16, 1280)
    assert (tmp_path / "there.npz").read_bytes() == (tmp_path / "here.npz").read_bytes()


def test_check_finds_what_it_finds_in_the_folder(
    data: Path, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, here = said_by(["check", str(data), "--json", "--out", str(tmp_path / "here")], capsys)
    assert said_by(["check", address, "--json", "--out", str(tmp_path / "there")], capsys) == (code, here)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    assert json.loads(here)["data"] == "data"


def test_train_and_evaluate_give_what_they_give_for_the_folder(
    data: Path, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for where, name in ((str(data), "here"), (address, "there")):
        model = tmp_path / name
        assert exit_code(["train", where, "--out", str(model), "--json"]) == 0
        trained = json.loads((model / "run" / "results.json").read_text(encoding="utf-8"))
        capsys.readouterr()
        assert exit_code(["evaluate", str(model), where, "--json"]) == 0
        evaluated = json.loads(capsys.readouterr().out)
        found.append(
            (
                (model / "weights.safetensors").read_bytes(),
                (model / "run" / "split.json").read_bytes(),
                [trained[part] for part in ("dataset", "split", "settings", "warnings")],
                trained["approaches"][0]["test"],
                [evaluated[part] for part in ("pictures", "seen_in_training", "figures", "skipped")],
            )
        )
    assert found[0] == found[1]


def test_python_callers_write_the_address_as_text_or_as_an_address(address: str) -> None:
    assert headstart.check(address)["pictures"] == 16  # type: ignore[arg-type]
    vectors = headstart.extract_features(address)
    assert vectors.tobytes() == headstart.extract_features(Address(address)).tobytes()


def test_fix_refuses_an_address_and_says_what_to_do(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = said_by(["fix", address, "--out", str(tmp_path / "clean")], capsys)
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith(f"headstart: fix copies local files, and {address} is an address")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [
        (lambda: refusing(403, "AccessDenied", KEY), 3, "may not be read with these credentials (access denied)"),
        (lambda: refusing(403, "InvalidAccessKeyId", KEY), 3, "credentials were refused (InvalidAccessKeyId)"),
        (
            lambda: refusing(404, "NoSuchBucket", "no such bucket"),
            2,
            "doesn't exist: no such bucket; is it spelt right?",
        ),
        (nobody, 3, "can't be reached ("),
    ],
)
def test_trouble_is_one_sentence_an_exit_code_and_nothing_written(
    trouble: Callable[[], AbstractContextManager[None]],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with trouble():
        found, text = said_by(["features", "s3://bucket/x", "--out", str(tmp_path / "f.npz")], capsys)
    assert (found, text.count("\n")) == (code, 1)
    assert text.startswith("headstart: s3://bucket/x ")
    assert said in text
    assert KEY not in text
    assert names(tmp_path) == []


def test_a_storage_that_goes_away_ends_the_run_instead_of_losing_pictures(
    storage: ObjectStorage, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with nobody(), pytest.MonkeyPatch.context() as monkeypatch:
        gone = os.environ["AWS_ENDPOINT_URL"]
        monkeypatch.setenv("AWS_ENDPOINT_URL", storage.url)

        def inspected(*args: Any) -> Any:
            monkeypatch.setenv("AWS_ENDPOINT_URL", gone)
            return inspected_before(*args)

        monkeypatch.setattr(pictures, "inspected", inspected)
        code, said = said_by(["features", address, "--out", str(tmp_path / "f.npz")], capsys)
    assert (code, said.count("\n")) == (3, 1)
    assert "can't be reached (" in said


def test_nothing_that_was_said_written_or_logged_has_a_credential_or_the_address(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    bucket = address.removeprefix("s3://").split("/")[0]
    with_password = f"s3://{KEY}:{SECRET}@{bucket}/some/data?signature={SECRET}"
    said = ""
    with caplog.at_level(logging.INFO):
        for where in (address, with_password):
            said += said_by(["train", where, "--out", str(tmp_path / "model"), "--cache", str(tmp_path / "c")], capsys)[
                1
            ]
            said += said_by(["check", where, "--out", str(tmp_path / "check")], capsys)[1]
            said += said_by(["features", where, "--out", str(tmp_path / "f.npz")], capsys)[1]
            said += said_by(["evaluate", str(tmp_path / "model"), where], capsys)[1]
            said += said_by(["fix", where, "--out", str(tmp_path / "fix")], capsys)[1]
    assert "has a password in it" in said
    assert SECRET not in said + caplog.text
    assert names(tmp_path) == ["c", "check", "f.npz", "model"]
    written = contents(tmp_path)
    assert [name for name, content in written.items() if SECRET.encode() in content or KEY.encode() in content] == []
    assert [name for name, content in written.items() if address.encode() in content] == []


def test_nothing_is_written_but_the_result_and_no_server_but_the_named_is_asked(
    storage: ObjectStorage, address: str, tmp_path: Path, cache: Path
) -> None:
    place = tmp_path / "place"
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    run = watched([HEADSTART, "features", address, "--out", "f.npz"], place, HEADSTART_CACHE=str(cache), **environment)
    assert run.returncode == 0, run.stderr
    assert run.written_outside([place, cache, "/dev", "/proc"]) == []
    port = storage.url.rpartition(":")[2]
    assert [call for call in run.connections if f"htons({port})" not in call.arguments] == []
    assert [path for path in (cache / "tmp").glob("*/*") if path.suffix == ".png"] == []
