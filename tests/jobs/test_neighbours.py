"""The training pictures that a model is asked to carry: of all classes alike, none that is held out, nothing hidden."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.cli.main import exit_code
from headstart.data.records import PictureRecord
from headstart.data.split import read_split
from headstart.jobs.comparing.squares import squares_of
from headstart.jobs.looking import looking_through
from headstart.jobs.neighbours import spread
from headstart.manifests import MODEL, read_manifest
from headstart.progress import silent
from headstart.ship.bundle import CARD, SPLIT
from headstart.ship.neighbours import NEIGHBOURS, Neighbours, carries_sentence, read_neighbours, similar_to
from models import Trained, contents, inspected_in, train, write_alike

PICTURES = {"ant": 8, "bee": 8, "cow": 8}


@pytest.fixture(scope="module")
def carrying(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    place = tmp_path_factory.mktemp("carrying")
    return train(write_alike(place / "data", PICTURES), place / "model", with_neighbours=True)


def carried_in(model: Trained) -> Neighbours:
    found = read_neighbours(model.model, model.bundle.head.dimension, len(model.bundle.classes))
    assert found
    return found


def test_the_train_part_is_carried_and_nothing_that_is_held_out(carrying: Trained) -> None:
    sides = read_split(carrying.model / SPLIT).sides.values()
    assert len(carried_in(carrying).labels) == list(sides).count("train") < len(sides)


def test_a_training_picture_is_most_like_itself_and_a_held_out_one_isnt_there(carrying: Trained) -> None:
    dataset = inspected_in(carrying.data).dataset
    sides = read_split(carrying.model / SPLIT).sides
    found = squares_of(dataset, dataset.records, carrying.bundle.recipe)
    vectors = looking_through(carrying.bundle, silent).vectors([squares for _, squares in found])
    highest = [similar_to(vector, carried_in(carrying), 1)[0].cosine for vector in vectors]

    assert [round(own, 2) == 1 for own in highest] == [sides[record.sha256] == "train" for record, _ in found]


def test_thumbnails_are_small_pictures_made_anew(carrying: Trained) -> None:
    for thumbnail in carried_in(carrying).thumbnails:
        with Image.open(io.BytesIO(thumbnail)) as image:
            assert (image.format, max(image.size)) == ("JPEG", 48)
            assert not image.getexif()


def test_a_photos_place_and_camera_are_not_in_the_thumbnail(tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 3, "bee": 3})
    for file in data.rglob("*.png"):
        image, exif = Image.open(file).convert("RGB"), Image.Exif()
        exif[0x010F] = "SECRET-CAMERA"
        image.resize((400, 300)).save(file.with_suffix(".jpg"), exif=exif)
        file.unlink()
    model = train(data, tmp_path / "model", with_neighbours=True)

    assert b"SECRET-CAMERA" in next(data.rglob("*.jpg")).read_bytes()
    assert b"SECRET-CAMERA" not in (model.model / NEIGHBOURS).read_bytes()
    with Image.open(io.BytesIO(carried_in(model).thumbnails[0])) as image:
        assert image.size == (96, 72)


def test_nothing_is_carried_unless_it_was_asked_for(trained: Trained) -> None:
    assert NEIGHBOURS not in contents(trained.model)
    assert list(read_manifest(trained.model, MODEL)["files"]) == ["weights.safetensors"]
    assert "carries" not in (trained.model / CARD).read_text(encoding="utf-8")


def test_the_same_model_is_made_with_them_and_without(trained: Trained, carrying: Trained) -> None:
    assert carrying.answers == trained.answers
    assert all(np.array_equal(own, other) for own, other in zip(carrying.head, trained.head, strict=True))


def test_it_is_said_and_stands_in_the_card_and_in_the_results(carrying: Trained) -> None:
    said = carries_sentence(len(carried_in(carrying).labels))
    assert said in carrying.said
    assert said in (carrying.model / CARD).read_text(encoding="utf-8")
    assert carrying.entry["carries"] == len(carried_in(carrying).labels)


def test_a_model_with_them_can_be_written_over(carrying: Trained, tmp_path: Path) -> None:
    out = tmp_path / "model"
    train(carrying.data, out, with_neighbours=True)
    train(carrying.data, out)
    assert NEIGHBOURS not in contents(out)


def test_hand_crafted_vectors_are_compared_too(tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 3, "bee": 3})
    model = train(data, tmp_path / "model", approach="handcrafted+logistic", with_neighbours=True)
    assert carried_in(model).directions.shape[1] == model.bundle.head.dimension == 2992


def record(label: str, number: int) -> PictureRecord:
    return PictureRecord(path=f"{label}/{number}.jpg", label=label, sha256=f"{number:064x}")


def test_of_each_class_the_same_number_is_taken_as_far_as_it_has_them() -> None:
    records = [record("ant", i) for i in range(100)] + [record("bee", 1000 + i) for i in range(3)]
    labels = [each.label for each in spread(records, 10)]
    assert (labels.count("ant"), labels.count("bee")) == (7, 3)


def test_with_more_classes_than_room_each_of_some_has_one() -> None:
    assert len({each.label for each in spread([record(f"{i % 50:02}", i) for i in range(100)], 20)}) == 20


def test_copies_are_taken_once_and_names_change_nothing() -> None:
    records = [record("ant", i) for i in range(9)]
    renamed = [PictureRecord(path=f"x/{i}.jpg", label="ant", sha256=each.sha256) for i, each in enumerate(records)]
    chosen = [each.sha256 for each in spread(records * 2, 4)]
    assert chosen == [each.sha256 for each in spread(renamed[::-1], 4)]
    assert len(set(chosen)) == 4


def test_the_help_says_who_will_have_the_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["train", "--help"]) == 0
    assert "Whoever has the model then has them." in " ".join(capsys.readouterr().out.replace("│", "").split())
