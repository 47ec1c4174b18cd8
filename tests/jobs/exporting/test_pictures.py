"""An export is compared on the model's own test pictures, found by path and content, and calibrated by others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from headstart.addresses import Address
from headstart.data.decode import Geometry, pixels_from
from headstart.data.records import Dataset, Listed
from headstart.data.sources import opened
from headstart.data.split import read_split
from headstart.errors import UserError
from headstart.jobs.exporting import pictures
from headstart.jobs.exporting.pictures import calibration_of, held_out, pictures_to_compare, place_for, spread
from headstart.jobs.places import remember_place
from headstart.progress import Event, silent
from headstart.settings import ExportSettings
from headstart.ship.bundle import PREDICTIONS, SPLIT
from headstart.ship.exports.folder import inputs_of
from models import Trained, contents, copied, sentences
from object_storage import ObjectStorage

LOOK = inputs_of((32,), "pad")


@pytest.fixture
def data(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the pictures, to be changed."""
    return Path(shutil.copytree(trained.data, tmp_path / "pictures"))


def compared(trained: Trained, data: Path, folder: Path, events: list[Event] | None = None) -> Dataset:
    """Return the pictures that are found in ``data``, copied into ``folder``."""
    folder.mkdir()
    listen = silent if events is None else events.append
    with opened(data, silent) as listing:
        classes = trained.bundle.classes
        return pictures_to_compare(listing, held_out(trained.model), classes, folder, listen)


def on_side(trained: Trained, side: str) -> dict[str, str]:
    """Return the paths of the pictures on one side of the split, by content."""
    split = read_split(trained.model / SPLIT)
    return {content: split.paths[content] for content, own in split.sides.items() if own == side}


def test_all_test_pictures_are_found_and_no_others(trained: Trained, tmp_path: Path) -> None:
    events: list[Event] = []
    found = compared(trained, trained.data, tmp_path / "copies", events)
    assert {record.sha256: record.path for record in found.records} == on_side(trained, "test")
    assert sentences(events) == ()


def test_what_is_compared_is_a_copy_of_each(trained: Trained, tmp_path: Path) -> None:
    found = compared(trained, trained.data, tmp_path / "copies")
    for record in found.records:
        path = found.file(record)
        assert isinstance(path, Path)
        assert path.read_bytes() == (trained.data / record.path).read_bytes()
    assert sorted(contents(tmp_path / "copies")) == [f"{number:03}" for number in range(len(found.records))]


def test_each_picture_has_its_class(trained: Trained, tmp_path: Path) -> None:
    found = compared(trained, trained.data, tmp_path / "copies")
    assert all(record.path.startswith(f"{record.label}/") for record in found.records)


def test_they_are_found_in_an_archive_too(trained: Trained, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "pictures"), "zip", trained.data))
    found = compared(trained, archive, tmp_path / "copies")
    assert {record.sha256 for record in found.records} == on_side(trained, "test").keys()


def test_they_are_found_in_object_storage_too(trained: Trained, tmp_path: Path, storage: ObjectStorage) -> None:
    address = Address(storage.put_folder(trained.data, "export"))
    (tmp_path / "copies").mkdir()
    with opened(address, silent) as listing:
        held = held_out(trained.model)
        found = pictures_to_compare(listing, held, trained.bundle.classes, tmp_path / "copies", silent)
    assert {record.sha256 for record in found.records} == on_side(trained, "test").keys()
    assert len(contents(tmp_path / "copies")) == len(found.records)


def test_a_changed_and_a_missing_picture_are_left_out_which_is_told(
    trained: Trained, data: Path, tmp_path: Path
) -> None:
    first, second, *_ = paths = sorted(on_side(trained, "test").values())
    (data / first).write_bytes((data / first).read_bytes() + b"more")
    (data / second).unlink()
    events: list[Event] = []
    found = compared(trained, data, tmp_path / "copies", events)
    assert {record.path for record in found.records} == {*paths} - {first, second}
    left = len(paths) - 2
    assert sentences(events) == (
        f"Of the model's {len(paths)} test pictures {left} are in {data} as they were; the export is compared on "
        "those.",
    )


def test_a_picture_that_was_learnt_from_is_none_whatever_it_is_called(
    trained: Trained, data: Path, tmp_path: Path
) -> None:
    test, train = (sorted(on_side(trained, side).values())[0] for side in ("test", "train"))
    shutil.copy(data / train, data / test)
    assert test not in {record.path for record in compared(trained, data, tmp_path / "copies").records}


def test_data_without_any_of_them_is_refused(trained: Trained, data: Path, tmp_path: Path) -> None:
    for path in on_side(trained, "test").values():
        (data / path).unlink()
    with pytest.raises(
        UserError, match=r"(?s)holds none of the model's \d+ test pictures, by path and content; .* --data DATA"
    ):
        compared(trained, data, tmp_path / "copies")


def test_of_many_so_many_are_taken_of_all_classes(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_COMPARED", 3)
    events: list[Event] = []
    found = compared(trained, trained.data, tmp_path / "copies", events)
    assert sorted(record.label for record in found.records) == ["ant", "bee", "cow"]
    assert sentences(events) == ()


def test_classes_take_turns_and_the_order_of_listing_does_not_matter() -> None:
    listed = [Listed(f"{label}/{number}", label) for label, count in (("a", 5), ("b", 2)) for number in range(count)]
    drawn = list(spread(listed))
    assert [each.label for each in drawn] == ["a", "b", "a", "b", "a", "a", "a"]
    assert list(spread(listed[::-1])) == drawn
    assert sorted(drawn, key=lambda each: each.path) == listed


# --- int8 -----------------------------------------------------------------------------------------------------


def test_int8_is_calibrated_by_all_training_pictures_and_no_others(trained: Trained) -> None:
    with opened(trained.data, silent) as listing:
        squares = calibration_of(listing, held_out(trained.model).split, LOOK, silent)["pixels_32"]
    files = [trained.data / path for path in on_side(trained, "train").values()]
    expected = {pixels_from(file.read_bytes(), Geometry(32, "pad")).tobytes() for file in files}
    assert squares.dtype == np.uint8
    assert squares.shape == (len(files), 32, 32, 3)
    assert {square.tobytes() for square in squares} == expected


def test_a_test_picture_in_the_place_of_a_training_picture_does_not_calibrate(trained: Trained, data: Path) -> None:
    test, train = (sorted(on_side(trained, side).values())[0] for side in ("test", "train"))
    shutil.copy(data / test, data / train)
    with opened(data, silent) as listing:
        squares = calibration_of(listing, held_out(trained.model).split, LOOK, silent)["pixels_32"]
    assert len(squares) == len(on_side(trained, "train")) - 1


def test_without_training_pictures_there_is_no_int8(trained: Trained, data: Path) -> None:
    for path in on_side(trained, "train").values():
        (data / path).write_bytes(b"changed")
    with (
        opened(data, silent) as listing,
        pytest.raises(
            UserError, match=r"none of the pictures that the model learnt from, .* leave out --precision int8"
        ),
    ):
        calibration_of(listing, held_out(trained.model).split, LOOK, silent)


# --- where they are -------------------------------------------------------------------------------------------


def settings(model: Path, data: Path | None = None) -> ExportSettings:
    return ExportSettings(model, format="onnx", out=Path("out"), data=data)


def test_training_notes_where_the_pictures_were(trained: Trained) -> None:
    assert place_for(settings(trained.model), trained.bundle) == trained.data


def test_data_that_is_named_counts(trained: Trained, tmp_path: Path) -> None:
    assert place_for(settings(trained.model, tmp_path), trained.bundle) == tmp_path


def test_data_that_was_moved_away_must_be_named(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    remember_place(trained.bundle.facts["dataset_sha256"], tmp_path / "gone")
    with pytest.raises(UserError, match=rf"aren't at {tmp_path / 'gone'} any more; name them with --data DATA"):
        place_for(settings(trained.model), trained.bundle)


def test_on_another_machine_data_must_be_named(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UserError, match="isn't known on this machine; name them with --data DATA"):
        place_for(settings(trained.model), trained.bundle)


@pytest.mark.parametrize("name", [SPLIT, PREDICTIONS])
def test_a_model_that_does_not_say_what_it_was_tested_on_is_refused(
    trained: Trained, tmp_path: Path, name: str
) -> None:
    model = copied(trained, tmp_path / "model")
    (model / name).unlink()
    with pytest.raises(UserError, match="doesn't say which pictures it was tested on"):
        held_out(model)


@pytest.mark.parametrize("text", ["", "path\n", "path,label,approach,predicted,probability\na,b,c,d,e\n"])
def test_predictions_that_are_spoilt_are_refused(trained: Trained, tmp_path: Path, text: str) -> None:
    model = copied(trained, tmp_path / "model")
    (model / PREDICTIONS).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"predictions.csv"):
        held_out(model)
