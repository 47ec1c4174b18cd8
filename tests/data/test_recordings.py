"""Names of files that look like bursts, patients, recordings or augmented copies, and names that only look so."""

from __future__ import annotations

import re
import time

import pytest

from headstart.data.recordings import possible_recordings
from headstart.data.records import PictureRecord
from made_up import named, sha

BURSTS = [f"{label}/{label}_p{patient}_{i}.png" for label in ("ant", "bee") for patient in (1, 2) for i in range(3)]
FOLDERS = [f"{label}/day{day}/{i}.png" for label in ("ant", "bee") for day in (1, 2) for i in range(3)]
ROBOFLOW = [f"ant/IMG{original}_jpg.rf.{original}{i}a0f{i}.jpg" for original in (17, 18) for i in range(3)]


@pytest.mark.parametrize(
    ("paths", "sign"),
    [
        (BURSTS, "two numbers: a patient, burst or recording, and the picture in it"),
        (FOLDERS, "a folder each"),
        (ROBOFLOW, "augmented copies of one original"),
        ([path.replace("_jpg", ".jpeg") for path in ROBOFLOW], "augmented copies of one original"),
        (["ant/00001_00002.png", "ant/00001_00003.png", "ant/00002_00001.png", "ant/00002_00002.png"], "two numbers"),
        (["ant/p1 (1).jpg", "ant/p1 (2).jpg", "ant/p2 (1).jpg", "ant/p2 (2).jpg"], "two numbers"),
        (["ant/v1-f1-left.jpg", "ant/v1-f2-left.jpg", "ant/v2-f1-left.jpg", "ant/v2-f2-right.jpg"], "two numbers"),
    ],
)
def test_pictures_of_one_recording_are_known_by_their_names(paths: list[str], sign: str) -> None:
    recordings = possible_recordings(named(*paths))
    assert recordings is not None
    assert recordings.sign.startswith(sign)
    size = len(recordings.groups[0])
    assert [group[0] for group in recordings.groups] == list(range(0, len(paths), size))
    assert {len(group) for group in recordings.groups} == {size}


@pytest.mark.parametrize(
    "paths",
    [
        [],
        ["ant/1.png", "ant/2.png", "bee/1.png", "bee/2.png"],
        ["ant/image_0001.jpg", "ant/image_0002.jpg", "bee/image_0001.jpg", "bee/image_0002.jpg"],
        ["cat/cat.1.jpg", "cat/cat.2.jpg", "dog/dog.1.jpg", "dog/dog.2.jpg"],
        ["n01/n01_1.JPEG", "n01/n01_2.JPEG", "n02/n02_1.JPEG", "n02/n02_2.JPEG"],  # a class's own number
        ["ant/Ant_0001_796111.jpg", "ant/Ant_0002_796097.jpg", "ant/Ant_0003_796136.jpg"],  # one picture each
        ["ant/all/1.png", "ant/all/2.png", "bee/all/1.png", "bee/all/2.png"],  # one folder in each class
        ["ant/no extension 1_1", "ant/no extension 1_2", "ant/no extension 2_1", "ant/no extension 2_2"],
    ],
)
def test_ordinary_names_suggest_nothing(paths: list[str]) -> None:
    assert possible_recordings(named(*paths)) is None


def test_half_of_the_pictures_are_not_most_of_them() -> None:
    others = [f"cow/{letter}.png" for letter in "abcdefghijklm"]
    assert possible_recordings(named(*BURSTS, *others[:12])) is None
    assert possible_recordings(named(*BURSTS, *others[:11])) is not None


def test_a_group_of_one_picture_is_none() -> None:
    recordings = possible_recordings(named(*BURSTS, "ant/ant_p3_0.png"))
    assert recordings is not None
    assert 12 not in {position for group in recordings.groups for position in group}


def test_the_same_name_in_two_classes_is_two_groups() -> None:
    recordings = possible_recordings(named(*FOLDERS))
    assert recordings is not None
    assert len(recordings.groups) == 4


def test_the_first_sign_is_told_where_names_have_several() -> None:
    in_folders = [path.replace("ant/", f"ant/{i // 3}/") for i, path in enumerate(ROBOFLOW)]
    recordings = possible_recordings(named(*in_folders))
    assert recordings is not None
    assert recordings.sign == "augmented copies of one original"


@pytest.mark.parametrize("above", ["", "train/", "animals/", "animals/train/"])
@pytest.mark.parametrize("paths", [BURSTS, FOLDERS, ROBOFLOW])
def test_folders_above_the_classes_change_nothing(above: str, paths: list[str]) -> None:
    plain = possible_recordings(named(*paths))
    deeper = possible_recordings([PictureRecord(above + r.path, r.label, r.sha256) for r in named(*paths)])
    assert plain is not None
    assert deeper is not None
    assert (deeper.sign, deeper.groups) == (plain.sign, plain.groups)


def test_a_recording_in_two_ready_made_parts_is_one_group() -> None:
    both = [PictureRecord(f"{r.path}", r.label, r.sha256, "train") for r in named(*BURSTS)]
    moved = [PictureRecord(f"{'test' if i % 3 else 'train'}/{r.path}", r.label, r.sha256) for i, r in enumerate(both)]
    recordings = possible_recordings(moved)
    assert recordings is not None
    assert recordings.groups == ((0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))


def test_pictures_of_a_list_may_lie_in_a_folder_for_each_recording() -> None:
    paths = [f"patient{patient}/{i}.png" for patient in range(4) for i in range(3)]
    recordings = possible_recordings([PictureRecord(path, "healthy", sha(path)) for path in paths])
    assert recordings is not None
    assert (recordings.sign, len(recordings.groups)) == ("a folder each", 4)


def test_pictures_of_a_list_in_one_folder_are_not_a_recording() -> None:
    records = [PictureRecord(f"images/{i}.png", "healthy", sha(f"{i}")) for i in range(9)]
    assert possible_recordings(records) is None


@pytest.mark.parametrize("above", ["", "train/", "animals/train/"])
@pytest.mark.parametrize("paths", [BURSTS, FOLDERS, ROBOFLOW])
def test_the_expression_finds_the_same_groups_in_whole_paths(above: str, paths: list[str]) -> None:
    records = [PictureRecord(above + r.path, r.label, r.sha256) for r in named(*paths)]
    recordings = possible_recordings(records)
    assert recordings is not None
    keys = [[re.search(recordings.expression, records[i].path) for i in group] for group in recordings.groups]
    assert [len({match and match[1] for match in matches}) for matches in keys] == [1] * len(recordings.groups)


def test_a_picture_beside_the_folders_of_recordings_does_not_get_its_class_as_one() -> None:
    records = [PictureRecord(f"train/{r.path}", r.label, r.sha256) for r in named(*FOLDERS, "ant/x.png", "ant/y.png")]
    recordings = possible_recordings(records)
    assert recordings is not None
    assert re.search(recordings.expression, "train/ant/x.png") is None


@pytest.mark.parametrize("name", ["1_" * 125, "1" * 250, "a" * 250, "1a" * 125, ".jpg.rf." * 30, "_jpg" * 60])
def test_no_name_takes_long(name: str) -> None:
    start = time.process_time()
    possible_recordings(named(f"ant/{name}", f"ant/{name}!"))
    assert time.process_time() - start < 0.5
