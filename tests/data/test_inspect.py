"""Every listed picture is read once: what it is, what is known of it, or why it can't be used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from headstart.addresses import Address
from headstart.data.facts import FACTS
from headstart.data.inspect import Inspected, inspected
from headstart.data.records import Listed, Listing, Skipped
from headstart.data.sources import opened
from headstart.progress import Advanced, Entered, Event, Started, silent
from made_up import read_anew
from object_storage import ObjectStorage
from pictures import COLOURS, encoded, picture, write_classes


def put(path: Path, image: Image.Image, form: str = "PNG", **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(image, form, **options))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two pictures each of ants and bees."""
    return write_classes(tmp_path / "data", {"ant": 2, "bee": 2})


def paths(pictures: Inspected) -> list[str]:
    return [r.path for r in pictures.dataset.records]


# --- what is known of a picture -------------------------------------------------------------------------------


def test_a_picture_is_known_by_the_hash_of_its_content_and_what_its_source_says(root: Path) -> None:
    listing = Listing(root, (Listed("shown.png", "ant", "train", "p1", "ant/00.png"),), name="what the user named")
    pictures = inspected(listing, silent)
    (only,) = pictures.dataset.records
    assert (only.path, only.label, only.part, only.group) == ("shown.png", "ant", "train", "p1")
    assert only.sha256 == hashlib.sha256((root / "ant" / "00.png").read_bytes()).hexdigest()
    assert pictures.dataset.file(only) == root / "ant" / "00.png"
    assert (pictures.dataset.root, pictures.dataset.name) == (root, "what the user named")


def test_each_row_of_facts_is_of_the_record_at_its_place_though_some_are_skipped(root: Path) -> None:
    for width in range(30, 50):
        put(root / "bee" / f"w{width}.png", picture(COLOURS["bee"], seed=width, size=(width, 20)))
    for width in range(30, 50, 3):
        (root / "bee" / f"w{width}.png").write_bytes(b"nothing of a picture")
    pictures = read_anew(root)
    widths = [int(path[5:7]) for path in paths(pictures) if path.startswith("bee/w")]
    assert pictures.facts["width"].tolist()[4:] == widths
    assert pictures.facts.dtype == FACTS
    assert len(widths) == 13


def test_format_mode_and_camera_are_positions_in_the_names(root: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "Model 1"
    put(root / "ant" / "camera.jpg", picture(COLOURS["ant"], seed=9), "JPEG", exif=exif)
    pictures = read_anew(root)
    columns = [[pictures.names[code] for code in pictures.facts[c].tolist()] for c in ("format", "mode", "camera")]
    assert columns == [["PNG"] * 2 + ["JPEG"] + ["PNG"] * 2, ["RGB"] * 5, ["", "", "Acme Model 1", "", ""]]


def test_with_room_for_three_names_further_ones_are_other_and_known_ones_stay(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headstart.data.inspect._MOST_NAMES", 3)
    for i, form in enumerate(("BMP", "JPEG")):
        put(root / "ant" / f"x{i}", picture(COLOURS["ant"], seed=9), form)
    pictures = read_anew(root)
    assert pictures.names == ("PNG", "RGB", "", "other")
    assert [pictures.names[code] for code in pictures.facts["format"]] == ["PNG", "PNG", "other", "other", "PNG", "PNG"]


def test_little_is_kept_of_a_picture() -> None:
    assert FACTS.itemsize < 300


# --- what can't be used ---------------------------------------------------------------------------------------


def test_a_file_that_can_not_be_used_is_skipped_with_its_reason_after_those_of_the_source(root: Path) -> None:
    (root / "ant" / "empty.png").touch()
    (root / "bee" / "page.png").write_text("<!DOCTYPE html>")
    (root / "bee" / "half.png").write_bytes((root / "bee" / "00.png").read_bytes()[:200])
    (root / ".hidden").touch()
    pictures = read_anew(root)
    assert paths(pictures) == ["ant/00.png", "ant/01.png", "bee/00.png", "bee/01.png"]
    assert pictures.dataset.skipped == (
        Skipped(".hidden", "hidden"),
        Skipped("ant/empty.png", "empty-file"),
        Skipped("bee/half.png", "unreadable"),
        Skipped("bee/page.png", "not-a-picture"),
    )


def test_a_file_that_went_away_is_skipped(root: Path) -> None:
    pictures = inspected(Listing(root, (Listed("ant/00.png", "ant"), Listed("ant/gone.png", "ant"))), silent)
    assert pictures.dataset.skipped == (Skipped("ant/gone.png", "unreadable"),)
    assert len(pictures.facts) == 1


def test_classes_that_no_readable_picture_is_left_of_are_lost_and_no_classes(root: Path) -> None:
    (root / "10").mkdir()
    (root / "9").mkdir()
    (root / "9" / "broken.png").write_bytes(b"\\x89PNG")
    pictures = read_anew(root)
    assert pictures.lost == ("9", "10")
    assert pictures.dataset.classes == ("ant", "bee")


def test_nothing_listed_is_nothing_known(tmp_path: Path) -> None:
    pictures = inspected(Listing(tmp_path, ()), silent)
    assert (pictures.dataset.records, pictures.dataset.classes, pictures.names, pictures.lost) == ((), (), (), ())
    assert pictures.facts.shape == (0,)


# --- classes --------------------------------------------------------------------------------------------------


def test_classes_are_in_natural_order_however_they_are_listed(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "data", {"10": 1, "2": 1, "b": 1})
    listing = Listing(root, tuple(Listed(f"{name}/00.png", name) for name in ("b", "10", "2")))
    assert inspected(listing, silent).dataset.classes == ("2", "10", "b")


def test_a_val_part_that_lacks_a_class_is_matched_by_name(tmp_path: Path) -> None:
    counts = {"train/ant": 1, "train/bee": 1, "train/cow": 1, "val/bee": 1, "val/cow": 1, "test/ant": 1, "test/cow": 1}
    dataset = read_anew(write_classes(tmp_path / "data", counts)).dataset
    assert dataset.classes == ("ant", "bee", "cow")
    # Numbered within its part, as many tools do, cow would be 1 in val and in test.
    assert {(r.part, r.label): dataset.label_index(r) for r in dataset.records} == {
        ("train", "ant"): 0,
        ("train", "bee"): 1,
        ("train", "cow"): 2,
        ("val", "bee"): 1,
        ("val", "cow"): 2,
        ("test", "ant"): 0,
        ("test", "cow"): 2,
    }


def test_parts_that_order_their_classes_in_another_way_are_matched_by_name(tmp_path: Path) -> None:
    counts = {f"{part}/{name}": 1 for part in ("train", "test") for name in ("1", "2", "10")}
    root = write_classes(tmp_path / "data", counts)
    listed = [Listed(f"{path}/00.png", path.split("/")[1], path.split("/")[0]) for path in counts]
    dataset = inspected(Listing(root, (*listed[:3], *listed[:2:-1])), silent).dataset
    assert [(r.label, dataset.label_index(r)) for r in dataset.records] == [
        ("1", 0), ("2", 1), ("10", 2), ("10", 2), ("2", 1), ("1", 0)
    ]  # fmt: skip


# --- progress -------------------------------------------------------------------------------------------------


def test_the_listener_hears_of_every_picture_used_or_not(root: Path) -> None:
    (root / "ant" / "empty.png").touch()
    heard: list[Event] = []
    listed = tuple(Listed(f"ant/{name}.png", "ant") for name in ("00", "01", "empty"))
    inspected(Listing(root, listed), heard.append)
    assert heard == [Started(3), Entered("checking pictures"), Advanced(), Advanced(), Advanced()]


# --- in object storage ----------------------------------------------------------------------------------------


def test_pictures_in_object_storage_are_the_same_pictures(storage: ObjectStorage, root: Path) -> None:
    here = read_anew(root)
    with opened(Address(storage.put_folder(root, "inspect", "x")), silent) as listing:
        there = inspected(listing, silent)
    assert [(r.path, r.label, r.sha256) for r in there.dataset.records] == [
        (r.path, r.label, r.sha256) for r in here.dataset.records
    ]
    assert there.facts.tobytes() == here.facts.tobytes()
    assert (there.dataset.classes, there.dataset.sha256) == (here.dataset.classes, here.dataset.sha256)
    assert all(record.version for record in there.dataset.records)
    assert there.dataset.file(there.dataset.records[0]) == Address("s3://inspect/x/ant/00.png")


def test_an_object_that_is_deleted_after_it_was_listed_is_skipped_as_vanished(
    storage: ObjectStorage, root: Path
) -> None:
    with opened(Address(storage.put_folder(root, "deleted")), silent) as listing:
        storage.remove("deleted", "ant/01.png")
        pictures = inspected(listing, silent)
    assert pictures.dataset.skipped == (Skipped("ant/01.png", "vanished"),)
    assert paths(pictures) == ["ant/00.png", "bee/00.png", "bee/01.png"]
