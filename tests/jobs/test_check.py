"""The audit from a folder to its document and page: what stands in them, and that nothing of the user's is touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from headstart.errors import UserError
from headstart.jobs.check import run_check
from headstart.jobs.train import run_train
from headstart.progress import silent
from headstart.settings import CheckSettings, TrainSettings
from models import contents, names
from pictures import encoded, picture, write_classes


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes with a copy, a copy under another label, an empty file and a page called .jpg."""
    root = write_classes(tmp_path_factory.mktemp("check") / "data", {"ant": 12, "bee": 12})
    shutil.copy(root / "ant" / "00.png", root / "ant" / "copy.png")
    shutil.copy(root / "ant" / "01.png", root / "bee" / "moved.png")
    (root / "bee" / "zero.jpg").touch()
    (root / "bee" / "page.jpg").write_text("<html>404</html>")
    return root


@pytest.fixture(scope="module")
def document(data: Path) -> dict[str, Any]:
    return run_check(CheckSettings(data), silent)


def codes(document: dict[str, Any]) -> dict[str, Any]:
    """Return what was found by code."""
    return {finding["code"]: finding["items"] for finding in document["findings"]}


def test_the_document_has_exactly_the_documented_parts(document: dict[str, Any]) -> None:
    assert list(document) == [
        "format",
        "data",
        "pictures",
        "classes",
        "parts",
        "groups",
        "sizes",
        "modes",
        "formats",
        "findings",
        "skipped",
        "environment",
    ]
    assert {tuple(finding) for finding in document["findings"]} == {
        ("code", "severity", "count", "what", "items", "advice")
    }
    assert json.loads(json.dumps(document)) == document


def test_pictures_classes_sizes_and_modes_are_counted(document: dict[str, Any]) -> None:
    assert (document["pictures"], document["classes"]) == (26, {"ant": 13, "bee": 13})
    assert document["sizes"] == {"smallest": [48, 40], "median": [48, 40], "largest": [48, 40]}
    assert (document["modes"], document["formats"]) == ({"RGB": 26}, {"PNG": 26})


def test_what_was_planted_is_found_with_its_paths(document: dict[str, Any]) -> None:
    found = codes(document)
    assert found["duplicate"] == [["ant/00.png", "ant/copy.png"]]
    assert found["duplicate-across-classes"] == [["ant/01.png", "bee/moved.png"]]
    assert found["empty-file"] == ["bee/zero.jpg"]
    assert found["not-a-picture"] == ["bee/page.jpg"]


def test_every_skipped_file_is_listed_with_its_reason(document: dict[str, Any]) -> None:
    assert document["skipped"] == [
        {"path": "bee/page.jpg", "reason": "not-a-picture"},
        {"path": "bee/zero.jpg", "reason": "empty-file"},
    ]


def test_errors_come_first(document: dict[str, Any]) -> None:
    severities = [finding["severity"] for finding in document["findings"]]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert severities[0] == "error"


def test_pictures_without_anything_wrong_are_found_nothing_in_but_their_size(tmp_path: Path) -> None:
    for number, name in enumerate(("ant", "bee")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for seed in range(12):
            image = picture((120, 90, 60), seed + 100 * number, (90 + seed, 80))
            (tmp_path / "data" / name / f"{seed}.png").write_bytes(encoded(image))
    assert run_check(CheckSettings(tmp_path / "data"), silent)["findings"] == []


def test_a_folder_without_a_single_readable_picture_is_told_about_and_no_crash(tmp_path: Path) -> None:
    for name in ("ant", "bee"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "1.jpg").write_text("no picture")
    document = run_check(CheckSettings(tmp_path / "data"), silent)
    assert document["pictures"] == 0
    assert document["classes"] == {"ant": 0, "bee": 0}
    assert codes(document)["not-a-picture"] == ["ant/1.jpg", "bee/1.jpg"]
    assert [finding["severity"] for finding in document["findings"] if finding["code"] == "no-split"] == ["error"]


def test_the_page_and_the_document_are_written_and_nothing_else(data: Path, tmp_path: Path) -> None:
    before = contents(data)
    document = run_check(CheckSettings(data, out=tmp_path / "out"), silent)
    assert names(tmp_path / "out") == ["check.html", "check.json"]
    assert json.loads((tmp_path / "out" / "check.json").read_bytes()) == document
    assert contents(data) == before


def test_an_earlier_check_is_replaced(data: Path, tmp_path: Path) -> None:
    for _ in range(2):
        run_check(CheckSettings(data, out=tmp_path / "out"), silent)
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize(("no_pictures", "expected"), [(False, True), (True, False)])
def test_thumbnails_are_on_the_page_unless_they_are_left_out(
    data: Path, tmp_path: Path, no_pictures: bool, expected: bool
) -> None:
    run_check(CheckSettings(data, out=tmp_path / "out", no_pictures=no_pictures), silent)
    assert ("data:image/jpeg" in (tmp_path / "out" / "check.html").read_text(encoding="utf-8")) is expected


def test_thumbnails_carry_no_metadata(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"ant": 4, "bee": 4})
    exif = Image.Exif()
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(0x8825)[1] = "SECRET PLACE"
    secret = encoded(picture((90, 90, 90), 5), "JPEG", exif=exif)
    assert b"SECRET PLACE" in secret
    for name in ("1.jpg", "2.jpg"):
        (root / "ant" / name).write_bytes(secret)
    run_check(CheckSettings(root, out=tmp_path / "out"), silent)
    page = (tmp_path / "out" / "check.html").read_bytes()
    assert b"ant/1.jpg" in page
    assert b"data:image/jpeg" in page
    from base64 import b64encode

    needles = [b64encode(b"SECRET PLACE"[offset:])[4:-4] for offset in range(3)]
    assert not any(needle in page for needle in needles)


def test_a_class_that_is_left_out_is_not_looked_at(data: Path) -> None:
    document = run_check(CheckSettings(data, exclude=("bee",)), silent)
    assert document["classes"] == {"ant": 13}
    assert document["skipped"] == []


def test_ready_made_parts_are_counted_apart_in_their_order(tmp_path: Path) -> None:
    write_classes(tmp_path / "data" / "test", {"ant": 2, "bee": 1}, seed=1)
    write_classes(tmp_path / "data" / "train", {"ant": 3, "bee": 4}, seed=2)
    document = run_check(CheckSettings(tmp_path / "data"), silent)
    assert list(document["parts"].items()) == [("train", {"ant": 3, "bee": 4}), ("test", {"ant": 2, "bee": 1})]


def test_a_saved_split_is_compared_with_the_pictures(tmp_path: Path) -> None:
    data = write_classes(tmp_path / "data", {"ant": 4, "bee": 4})
    run_train(TrainSettings(data, out=tmp_path / "model"), silent)
    (data / "ant" / "00.png").write_bytes(encoded(picture((1, 2, 3), seed=9)))
    document = run_check(CheckSettings(data, split=tmp_path / "model" / "run" / "split.json"), silent)
    assert codes(document)["changed-since-split"] == ["altered: ant/00.png"]


def test_folds_that_a_class_has_too_few_pictures_for_are_warned_of(tmp_path: Path) -> None:
    data = write_classes(tmp_path / "data", {"ant": 4, "bee": 12})
    found = run_check(CheckSettings(data, folds=5), silent)["findings"]
    assert [f["what"] for f in found if f["code"] == "split"] == [
        "Fewer pictures, or groups of them, than folds: ant (4); some folds can't judge these classes."
    ]


def test_groups_are_counted_where_they_are_known(tmp_path: Path) -> None:
    data = write_classes(tmp_path / "data", {"ant": 12, "bee": 12})
    assert run_check(CheckSettings(data, group_by=r"(\d)\d\.png"), silent)["groups"] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [({"fit": "stretch"}, "--fit stretch"), ({"folds": 1}, "--folds 1"), ({"exclude": ("wasp",)}, "--exclude wasp")],
)
def test_settings_that_can_not_be_are_refused(data: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        run_check(CheckSettings(data, **options), silent)


def test_an_out_folder_of_the_user_is_refused_and_stays_as_it_was(data: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="holds files that headstart didn't write"):
        run_check(CheckSettings(data, out=tmp_path), silent)
    assert names(tmp_path) == ["thesis.txt"]


@pytest.mark.parametrize("archive", ["zip", "gztar"])
def test_an_archive_is_checked_as_the_folder_in_it(data: Path, tmp_path: Path, archive: str) -> None:
    packed = shutil.make_archive(str(tmp_path / "packed"), archive, data)
    unpacked, other = (run_check(CheckSettings(place), silent) for place in (data, Path(packed)))
    assert codes(other) == codes(unpacked)
    assert other["classes"] == unpacked["classes"]
