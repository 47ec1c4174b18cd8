"""What is held out, whatever the data looks like: copies told and kept together, parts kept or set aside, folds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.data.split import Split, read_split
from headstart.errors import UserError
from headstart.jobs.learning.given import of_sides
from models import Trained, contents, inspected_in, names, train, write_alike

SIDES = ("train", "val", "test")


def sides_of(trained: Trained, split: Split) -> dict[str, str]:
    """Return the side of each picture by its path."""
    return {r.path: split.sides[r.sha256] for r in inspected_in(trained.data).dataset.records}


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ready-made parts, of whose six test pictures two are copies of training pictures."""
    data = tmp_path_factory.mktemp("leaky") / "data"
    write_alike(data / "Training", {"ant": 6, "bee": 6}, seed=1)
    write_alike(data / "Testing", {"ant": 2, "bee": 2}, seed=2)
    for label in ("ant", "bee"):
        shutil.copy(data / "Training" / label / "00.png", data / "Testing" / label / "copy.png")
    return data


def test_copies_across_ready_made_parts_are_refused_with_their_number_and_both_ways_out(
    leaky: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"2 pictures stand in several .* --dedupe-test .* --resplit"):
        train(leaky, tmp_path / "model")
    assert names(tmp_path) == []


@pytest.fixture(scope="module")
def deduped(leaky: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(leaky, tmp_path_factory.mktemp("deduped") / "model", dedupe_test=True)


def test_dedupe_test_takes_the_copies_out_of_test_and_nothing_else(deduped: Trained) -> None:
    assert deduped.results["split"]["test"] == 4
    assert deduped.results["split"]["train"] + deduped.results["split"]["val"] == 12
    assert deduped.results["dataset"]["skipped"] == [
        {"path": "Testing/ant/copy.png", "reason": "copy-in-test"},
        {"path": "Testing/bee/copy.png", "reason": "copy-in-test"},
    ]
    assert any("2 copies" in text for text in deduped.said)


def test_what_was_found_stands_in_the_results(deduped: Trained) -> None:
    assert deduped.results["dataset"]["findings"] == [
        {"code": "duplicate-across-splits", "severity": "error", "count": 2},
        {"code": "few-pictures", "severity": "warning", "count": 2},
    ]
    assert any(
        text.startswith("Checked 18 pictures: 2 duplicate-across-splits; warnings: few") for text in deduped.said
    )


def test_what_was_dealt_with_is_no_warning_and_what_was_not_is_one(deduped: Trained, tmp_path: Path) -> None:
    assert not any("duplicate-across-splits" in warning for warning in deduped.results["warnings"])
    data = write_alike(tmp_path / "data", {"ant": 5, "Ant ": 5, "bee": 5})
    shutil.copy(data / "ant" / "00.png", data / "bee" / "moved.png")
    warnings = train(data, tmp_path / "model").results["warnings"]
    assert any(warning.startswith("duplicate-across-classes: 1 picture stands in several") for warning in warnings)
    assert any(warning.startswith("similar-class-names: ") and "'Ant ' = 'ant'" in warning for warning in warnings)


def test_a_split_without_copies_can_be_locked_and_gives_the_same_figures(deduped: Trained, tmp_path: Path) -> None:
    again = train(deduped.data, tmp_path / "again", split=deduped.model / "run" / "split.json")
    assert again.tested == deduped.tested


def test_resplit_sets_the_parts_aside_and_keeps_copies_together(leaky: Path, tmp_path: Path) -> None:
    trained = train(leaky, tmp_path / "model", resplit=True)
    sides = sides_of(trained, read_split(trained.model / "run" / "split.json"))
    assert sides["Training/ant/00.png"] == sides["Testing/ant/copy.png"]
    assert sides["Training/bee/00.png"] == sides["Testing/bee/copy.png"]
    assert trained.results["split"]["rule"] == "stratified 60/20/20 by content"


def test_a_test_part_of_fewer_pictures_than_classes_is_no_test_part(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_alike(data / "Training", {"ant": 5, "bee": 5}, seed=1)
    write_alike(data / "Testing", {"ant": 1}, seed=2)
    shutil.copy(data / "Training" / "ant" / "00.png", data / "Testing" / "ant" / "copy.png")
    with pytest.raises(UserError, match=r"take 1 .*and a single test picture would be left for 2 classes"):
        train(data, tmp_path / "model", dedupe_test=True)


def test_the_brain_scans_whose_test_part_is_copied_from_train(shared_data: Path, tmp_path: Path) -> None:
    """The real data set of which 57 of 58 test pictures here are copies of training pictures."""
    import tarfile

    with tarfile.open(shared_data / "brain_mri_leaky.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    with pytest.raises(UserError, match=r"57 pictures stand in several of the ready-made parts"):
        train(tmp_path / "brain_mri", tmp_path / "model")
    with pytest.raises(UserError, match=r"a single test picture would be left"):
        train(tmp_path / "brain_mri", tmp_path / "model", dedupe_test=True)
    assert train(tmp_path / "brain_mri", tmp_path / "model", resplit=True).results["split"]["test"] >= 50


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Trained on pictures of eight patients, three of each, by patient."""
    place = tmp_path_factory.mktemp("grouped")
    write_alike(place / "data", {"ant": 24, "bee": 24})
    for label in ("ant", "bee"):
        for number, file in enumerate(sorted((place / "data" / label).iterdir())):
            file.rename(file.with_name(f"{label}-p{number // 3}_{number}.png"))
    return train(place / "data", place / "model", group_by=r"(\w+-p\d+)_")


def test_no_patient_stands_on_two_sides(grouped: Trained) -> None:
    sides = sides_of(grouped, read_split(grouped.model / "run" / "split.json"))
    patients = {path.split("_")[0]: set() for path in sides}  # type: dict[str, set[str]]
    for path, side in sides.items():
        patients[path.split("_")[0]].add(side)
    assert len(patients) == 16
    assert {len(own) for own in patients.values()} == {1}


def test_few_groups_in_the_test_part_are_warned_of(grouped: Trained) -> None:
    assert any("judged pictures come from" in warning for warning in grouped.results["warnings"])


def test_the_expression_stands_in_the_results(grouped: Trained) -> None:
    assert grouped.results["settings"]["group_by"] == r"(\w+-p\d+)_"


def test_training_rows_come_in_the_order_of_their_contents(trained: Trained) -> None:
    dataset = inspected_in(trained.data).dataset
    part = of_sides(dataset, read_split(trained.model / "run" / "split.json"), "train")
    contents_in_order = [record.sha256 for record in part.records]
    assert contents_in_order == sorted(contents_in_order)
    assert len(part.records) == trained.results["split"]["train"]


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_the_fit_of_the_training_is_that_of_the_model(trained: Trained, tmp_path: Path, fit: str) -> None:
    other = train(trained.data, tmp_path / "model", fit=fit)
    assert other.bundle.recipe.fit == fit
    assert other.answers != trained.answers


def test_a_renamed_file_keeps_its_side_under_the_lock(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained.data, tmp_path / "data")
    (tmp_path / "data" / "ant" / "00.png").rename(tmp_path / "data" / "ant" / "zzz.png")
    shutil.copy(trained.model / "run" / "split.json", tmp_path)
    again = train(tmp_path / "data", tmp_path / "model", split=tmp_path / "split.json")
    np.testing.assert_array_equal(again.head[0], trained.head[0])


def test_an_excluded_class_leaves_the_others_as_if_it_had_never_been_there(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained.data, tmp_path / "two", ignore=shutil.ignore_patterns("cow"))
    with_option = train(trained.data, tmp_path / "a", exclude=("cow",))
    without = train(tmp_path / "two", tmp_path / "b")
    assert with_option.answers == without.answers
    assert with_option.results["dataset"]["classes"] == ["ant", "bee"]


@pytest.fixture(scope="module")
def folded(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(trained.data, tmp_path_factory.mktemp("folded") / "model", folds=4)


def test_folds_judge_every_picture_once(folded: Trained) -> None:
    folds: dict[str, Any] = folded.entry["folds"]
    assert folds["count"] == len(folds["each"]) == 4
    assert folds["together"]["pictures"] == 24
    assert folds["lowest_accuracy"] <= folds["mean_accuracy"] <= folds["highest_accuracy"]


def test_the_model_is_that_of_the_first_fold_and_its_figures_are_the_tests(folded: Trained) -> None:
    split = read_split(folded.model / "run" / "split.json")
    assert sorted(split.folds.values()) == sorted([0, 1, 2, 3] * 6)
    tested = {
        record.sha256 for record in inspected_in(folded.data).dataset.records if split.sides[record.sha256] == "test"
    }
    assert {content for content, fold in split.folds.items() if fold == 0} == tested
    assert folded.entry["test"]["pictures"] == 6
    assert folded.entry["folds"]["each"][0]["accuracy"] == pytest.approx(folded.entry["test"]["accuracy"]["value"])


def test_folds_can_be_locked(folded: Trained, tmp_path: Path) -> None:
    again = train(folded.data, tmp_path / "model", split=folded.model / "run" / "split.json", folds=4)
    assert again.entry["folds"]["each"] == folded.entry["folds"]["each"]


def test_other_folds_than_the_lock_has_are_refused(folded: Trained, trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="isn't a split into 5 folds"):
        train(folded.data, tmp_path / "model", split=folded.model / "run" / "split.json", folds=5)
    with pytest.raises(UserError, match="isn't a split into 4 folds"):
        train(trained.data, tmp_path / "model", split=trained.model / "run" / "split.json", folds=4)


def test_ready_made_parts_can_not_be_cut_into_folds(leaky: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--folds can't cut ready-made parts; add --resplit"):
        train(leaky, tmp_path / "model", folds=4)


def test_a_picture_that_changes_after_the_check_is_skipped_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_alike(tmp_path / "data", {"ant": 5, "bee": 5})
    monkeypatch.setattr(
        "headstart.jobs.setup.network_from", _after(data / "ant" / "00.png", "headstart.jobs.setup.network_from")
    )
    trained = train(data, tmp_path / "model", no_cache=True)
    assert trained.results["dataset"]["skipped"] == [{"path": "ant/00.png", "reason": "changed"}]
    assert trained.results["dataset"]["pictures"] == sum(trained.results["split"][side] for side in SIDES) == 9
    assert any("changed, or couldn't be decoded, after the check" in text for text in trained.said)


def _after(file: Path, function: str) -> Any:
    """Return the function, which first writes something else into ``file``."""
    from importlib import import_module

    from pictures import encoded, picture

    module, name = function.rsplit(".", 1)
    own = getattr(import_module(module), name)

    def spoil(*args: Any, **kwargs: Any) -> Any:
        file.write_bytes(encoded(picture((1, 2, 3), seed=5)))
        return own(*args, **kwargs)

    return spoil


def test_the_lock_names_the_pictures_so_that_changes_can_be_told(trained: Trained) -> None:
    document = json.loads(contents(trained.model)["run/split.json"])
    assert sorted(document["paths"].values()) == sorted(r.path for r in inspected_in(trained.data).dataset.records)
