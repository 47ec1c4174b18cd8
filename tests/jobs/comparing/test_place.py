"""A comparison's folder: what is in it is known, and nothing else is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.errors import UserError
from headstart.jobs.comparing.place import begin, check_is_comparison, check_place
from models import contents, names

DATA = Path("pictures")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    begin(tmp_path / "deep" / "run")
    return tmp_path / "deep" / "run"


def write(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def test_a_new_and_an_empty_folder_can_be_taken(tmp_path: Path) -> None:
    check_place(tmp_path / "new", DATA)
    check_place(tmp_path, DATA)


def test_a_comparison_begins_with_a_mark_and_can_begin_again(run: Path) -> None:
    before = contents(run)
    begin(run)
    assert names(run) == ["compare.json"]
    assert contents(run) == before


@pytest.mark.parametrize(
    "file",
    [
        "results.json",
        "model/weights.safetensors",
        "parts/0a/entry.json",
        "pictures/0001.jpg",
        "source/x/manifest.json",
        "best/manifest.json",
        ".results.json.0a.partial",
        ".model.x_1.partial/weights.safetensors",
        ".model.x_1.old/run/split.json",
        "parts/.0a.x.partial/answers.npz",
    ],
)
def test_it_goes_on_in_its_own_folder_whatever_a_kill_left_there(run: Path, file: str) -> None:
    write(run / file)
    check_place(run, DATA)


@pytest.mark.parametrize(
    "file", ["thesis.txt", "thesis/results.json", ".thesis.0a.partial", "results.json.partial", ".model.mine"]
)
def test_a_file_of_someone_elses_is_refused(run: Path, file: str) -> None:
    write(run / file)
    with pytest.raises(UserError, match=r"holds files that headstart didn't write \(.*(thesis|partial|mine)"):
        check_place(run, DATA)


@pytest.mark.parametrize("file", ["results.json", "model/manifest.json", "parts/0a/entry.json"])
def test_without_the_mark_nothing_is_ours(tmp_path: Path, file: str) -> None:
    write(tmp_path / file)
    with pytest.raises(UserError, match="holds files that headstart didn't write"):
        check_place(tmp_path, DATA)


def test_a_place_inside_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lies inside the data folder"):
        check_place(tmp_path / "run", tmp_path)


def test_only_a_finished_comparison_is_one(run: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, run, tmp_path / "nowhere"):
        with pytest.raises(UserError, match="holds no finished comparison; name a folder that `headstart compare`"):
            check_is_comparison(folder)
    (run / "results.json").touch()
    check_is_comparison(run)
