"""What every job does with DATA before it begins: read, leave out, group, and say what surprises."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from headstart.errors import UserError
from headstart.jobs.pictures import check_fit, check_folds, pictures_of
from headstart.progress import Event, silent
from models import sentences
from pictures import write_classes


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_classes(tmp_path / "data", {"ant": 3, "bee": 4, "cow": 3})


def test_pictures_are_read_and_each_is_a_unit_of_its_own(data: Path) -> None:
    with pictures_of(data, silent) as pictures:
        assert pictures.dataset.classes == ("ant", "bee", "cow")
        assert pictures.together.of(range(10)) == 10


def test_a_class_that_is_left_out_is_not_even_read(data: Path) -> None:
    (data / "bee" / "broken.jpg").write_text("no picture")
    with pictures_of(data, silent, exclude=("bee",)) as pictures:
        assert pictures.dataset.classes == ("ant", "cow")
        assert pictures.dataset.skipped == ()


def test_a_class_that_is_not_there_can_not_be_left_out(data: Path) -> None:
    with (
        pytest.raises(UserError, match=r"--exclude cows: no class is called so\. Did you mean cow\?"),
        pictures_of(data, silent, exclude=("cows",)),
    ):
        pass


def test_two_classes_must_be_left(data: Path) -> None:
    with (
        pytest.raises(UserError, match="one class only"),
        pictures_of(data, silent, exclude=("ant", "bee")),
    ):
        pass


def test_pictures_of_one_group_are_one_unit_across_classes(data: Path) -> None:
    with pictures_of(data, silent, group_by=r"(\d+)\.png$") as pictures:
        units = pictures.units_of(pictures.dataset.records)
        assert units[0] == units[3] == units[7]
        assert len(set(units)) == 4


def test_pictures_that_the_expression_does_not_match_are_counted_and_said(data: Path) -> None:
    said: list[Event] = []
    with pictures_of(data, said.append, group_by=r"ant/(\d)") as pictures:
        assert pictures.together.of(range(10)) == 8
    assert any("--group-by does not match 7 of the pictures" in text for text in sentences(said))


def test_copies_are_one_unit_whatever_their_class(data: Path) -> None:
    shutil.copy(data / "ant" / "00.png", data / "cow" / "copy.png")
    with pictures_of(data, silent) as pictures:
        assert pictures.together.of(range(11)) == 10


def test_ready_made_parts_can_be_set_aside(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"ant": 3, "bee": 3}, seed=1)
    write_classes(tmp_path / "test", {"ant": 3, "bee": 3}, seed=2)
    with pictures_of(tmp_path, silent) as kept, pictures_of(tmp_path, silent, resplit=True) as set_aside:
        assert {record.part for record in kept.dataset.records} == {"train", "test"}
        assert {record.part for record in set_aside.dataset.records} == {None}


def test_the_files_of_an_archive_are_there_until_the_end_and_no_longer(data: Path, tmp_path: Path) -> None:
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", data))
    with pictures_of(packed, silent) as pictures:
        files = [pictures.dataset.folder / str(record.file) for record in pictures.dataset.records]
        assert all(file.is_file() for file in files)
    assert not any(file.exists() for file in files)


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
def test_the_ways_to_fit_are_accepted(fit: str) -> None:
    check_fit(fit)


@pytest.mark.parametrize("folds", [-1, 0, 1, 2])
def test_fewer_than_three_folds_are_refused(folds: int) -> None:
    with pytest.raises(UserError, match=f"--folds {folds}: at least 3"):
        check_folds(folds)


@pytest.mark.parametrize("folds", [None, 3, 10])
def test_enough_folds_are_accepted(folds: Any) -> None:
    check_folds(folds)
