"""The demo: patches of photos and a pretraining of one's own, and what may be said of the comparison."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.errors import MissingError, UserError
from headstart.jobs.demo import photos
from headstart.jobs.demo.photos import PHOTOS, REGIONS, Region, cut_patches, photo_files
from headstart.jobs.demo.run import APPROACHES, run_demo, sentence
from headstart.progress import Event, silent
from headstart.settings import DemoSettings
from models import Shown, contents, few_photos, names, sentences, shown_once

CLASSES = sorted(name.rsplit(".", 1)[0] for _, files in PHOTOS.values() for name in files)


@pytest.fixture(scope="module")
def patches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("patches")
    cut_patches(out, seed=0)
    return out


@pytest.mark.parametrize(("part", "count"), [("train", 10), ("val", 5), ("test", 20)])
def test_every_photo_gives_ten_training_five_validation_and_twenty_test_patches(
    patches: Path, part: str, count: int
) -> None:
    assert names(patches) == ["test", "train", "val"]
    assert {folder.name: len(names(folder)) for folder in (patches / part).iterdir()} == dict.fromkeys(CLASSES, count)


def test_there_are_thirteen_photos() -> None:
    assert len(CLASSES) == len(photo_files()) == 13
    assert all(file.is_file() for file in photo_files().values())


def test_no_two_patches_are_the_same(patches: Path) -> None:
    assert len(set(contents(patches).values())) == 13 * 35


def test_the_same_seed_cuts_the_same_patches_and_another_one_others(tmp_path: Path) -> None:
    with few_photos():
        cut_patches(tmp_path / "a", seed=3)
        cut_patches(tmp_path / "b", seed=3)
        cut_patches(tmp_path / "c", seed=4)

    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert not set(contents(tmp_path / "a").values()) & set(contents(tmp_path / "c").values())


def size(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def test_patches_are_between_the_smallest_and_the_largest_side(patches: Path) -> None:
    sizes = {size(file) for file in patches.rglob("*.png")}

    assert all(width == height for width, height in sizes)
    assert (min(sizes)[0], max(sizes)[0]) == (photos.SMALLEST, photos.LARGEST)


def coordinates(width: int, height: int) -> Image.Image:
    """Return a picture whose red and green say where a pixel is, and whose blue says its hundreds."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([x % 250, y % 250, x // 250 * 16 + y // 250], axis=-1).astype(np.uint8))


def places(region: Region, size: tuple[int, int]) -> set[tuple[int, int, int]]:
    """Return the pixels of many patches of ``region``, each known by its coordinates."""
    random = np.random.default_rng(1)
    photo = coordinates(*size)
    patches = [np.asarray(photos._patch(photo, region, random)) for _ in range(12)]
    return {tuple(pixel) for patch in patches for pixel in patch.reshape(-1, 3).tolist()}


@pytest.mark.parametrize("size", [(400, 300), (451, 300), (385, 260)])
def test_training_validation_and_test_patches_share_no_pixel(size: tuple[int, int]) -> None:
    train, val, test = (places(region, size) for region in REGIONS)

    assert not train & test
    assert not val & test
    assert not train & val
    assert min(len(train), len(val), len(test)) > 10_000


def test_training_patches_are_left_of_all_test_patches() -> None:
    # Under 250 pixels of width, red is the column.
    train, val, test = (places(region, (249, 240)) for region in REGIONS)

    assert max(red for red, *_ in train | val) < 249 // 2 <= min(red for red, *_ in test)


def right(*counts: tuple[bool, int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.repeat([value for value, _ in counts], [count for _, count in counts])


ALL = right((True, 100))


def test_a_significantly_better_transfer_is_said_to_bring_points() -> None:
    said = sentence("A head start", ALL, "raw pixels", right((True, 80), (False, 20)))

    assert said == "A head start brings 20.0 points against raw pixels (exact McNemar test, p < 0.001)."


def test_a_significantly_worse_transfer_is_said_to_cost_points() -> None:
    said = sentence("Pretraining", right((True, 92), (False, 8)), "small VGG from scratch", ALL)

    assert said == "Pretraining costs 8.0 points against small VGG from scratch (exact McNemar test, p = 0.008)."


@pytest.mark.parametrize(
    ("transfer", "points", "p"),
    [
        (right((True, 95), (False, 5)), "-5.0", "0.062"),
        (ALL, "+0.0", "1.000"),
    ],
)
def test_a_difference_that_the_pictures_can_not_tell_from_nothing_is_not_called_one(
    transfer: np.ndarray[Any, np.dtype[np.bool_]], points: str, p: str
) -> None:
    said = sentence("A head start", transfer, "raw pixels", ALL)

    assert said == (
        f"A head start against raw pixels: {points} points, which these pictures can't tell from nothing "
        f"(exact McNemar test, p = {p})."
    )


@pytest.fixture(scope="module")
def shown(cache: object, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return shown_once(tmp_path_factory.getbasetemp())


def test_the_document_has_a_comparison_of_the_photos_and_a_table_for_the_digits(shown: Shown) -> None:
    document = shown.document
    split = document["photos"]["split"]

    assert list(document) == ["format", "photos", "digits"]
    assert len(document["photos"]["dataset"]["classes"]) == 3
    assert {part: split[part] for part in ("train", "val", "test")} == {"train": 6, "val": 3, "test": 12}
    assert split["rule"] == "ready-made"
    assert {entry["name"] for entry in document["photos"]["approaches"]} == set(APPROACHES)
    assert document["photos"]["not_run"] == []
    assert [row["name"] for row in document["digits"]["rows"]] == [
        "small VGG pretrained on 0-4, frozen",
        "small VGG from scratch",
        "raw pixels",
    ]


def test_the_comparison_of_the_photos_is_the_one_that_the_report_beside_it_shows(shown: Shown) -> None:
    results = json.loads((shown.out / "run" / "results.json").read_text(encoding="utf-8"))

    assert shown.document["photos"] == {name: results[name] for name in shown.document["photos"]}
    assert results["verdict"]["sentence"].split(":")[0] in (shown.out / "run" / "report.md").read_text(encoding="utf-8")
    assert shown.document["photos"]["verdict"]["chance"] == pytest.approx(1 / 3)


def test_the_networks_see_the_shapes_of_photos_and_digits_far_above_chance(shown: Shown) -> None:
    frozen = {entry["name"]: entry["test"]["accuracy"] for entry in shown.document["photos"]["approaches"]}
    digits = shown.document["digits"]

    assert frozen["frozen+logistic"]["low"] > 0.5
    assert digits["rows"][0]["accuracy"]["low"] > 0.85
    assert digits["chance"] < 0.25


def test_the_digits_are_learnt_from_few_pictures_and_the_baseline_has_learnt_those_by_heart(shown: Shown) -> None:
    digits = shown.document["digits"]

    assert (digits["per_class"], digits["source_pictures"], digits["test_pictures"]) == (10, 901, 846)
    assert digits["scratch_train_accuracy"] == 1


def test_the_digits_have_a_sentence_for_each_approach_without_transfer(shown: Shown) -> None:
    said = shown.document["digits"]["sentences"]

    assert len(said) == 2
    assert all("exact McNemar test, p " in text for text in said)


@pytest.fixture(scope="module")
def again(shown: Shown, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shown, dict[str, Any]]:
    """A copy of the demo's folder in which it ran again, without a backend to train with; and the new document."""
    out = tmp_path_factory.mktemp("again") / "demo"
    shutil.copytree(shown.out, out)
    events: list[Event] = []
    with few_photos() as monkeypatch:
        monkeypatch.setattr("headstart.jobs.demo.run.training_backend", lambda: None)
        document = run_demo(DemoSettings(out=out), events.append)
    return Shown(out, "", "\n".join(sentences(events))), document


def test_the_demo_runs_again_in_its_own_folder_and_says_the_same(
    shown: Shown, again: tuple[Shown, dict[str, Any]]
) -> None:
    left, document = again

    answers = [{name: entry[name] for name in ("id", "val", "test")} for entry in document["photos"]["approaches"]]
    before = shown.document["photos"]["approaches"]
    assert answers == [{name: entry[name] for name in ("id", "val", "test")} for entry in before]
    assert left.document == document
    assert names(left.out) == ["demo.json", "photos", "run"]
    assert names(left.out.parent) == ["demo"]


def test_without_a_training_backend_the_second_half_is_left_out_and_that_is_said(
    again: tuple[Shown, dict[str, Any]],
) -> None:
    left, document = again

    assert document["digits"] is None
    assert "pip install 'headstart[train]'" in left.said


@pytest.mark.parametrize("name", ["thesis.txt", "photos/holiday.jpg", "run/compare.json"])
def test_a_folder_that_no_demo_wrote_is_refused_and_stays_as_it_was(tmp_path: Path, name: str) -> None:
    mine = tmp_path / "mine" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")

    with pytest.raises(UserError, match=r"holds files that headstart didn't write"):
        run_demo(DemoSettings(out=tmp_path / "mine"), silent)
    assert contents(tmp_path) == {f"mine/{name}": b"years of work"}


def test_without_the_package_of_the_photos_the_demo_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "PHOTOS", {"no_such_package": ("data", ("brick.png",))})

    with pytest.raises(MissingError, match=r"pip install 'headstart\[demo\]'"):
        run_demo(DemoSettings(out=tmp_path / "demo"), silent)
    assert names(tmp_path) == []
