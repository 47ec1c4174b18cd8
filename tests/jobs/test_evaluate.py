"""Evaluation: a model on all pictures of a folder, matched by class name, never by position."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from headstart.data.split import read_split
from headstart.errors import UserError
from headstart.jobs.evaluate import run_evaluate
from headstart.progress import Event, silent
from headstart.settings import EvaluateSettings
from models import Trained, copied, copy_tested, sentences, sign, write_alike


@pytest.fixture(scope="module")
def tested(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test pictures of the training in a folder of their own."""
    return copy_tested(trained, tmp_path_factory.mktemp("tested"))


@pytest.fixture(scope="module")
def all_seen(trained: Trained) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The document of an evaluation on the pictures of the training, and what was said."""
    events: list[Event] = []
    document = run_evaluate(EvaluateSettings(trained.model, trained.data), events.append)
    return document, sentences(events)


def evaluated(model: Path, data: Path) -> dict[str, Any]:
    return run_evaluate(EvaluateSettings(model, data), silent)


def test_the_test_pictures_of_the_training_get_the_test_figures_of_the_training(trained: Trained, tested: Path) -> None:
    document = evaluated(trained.model, tested)

    assert 0 < document["figures"]["accuracy"]["value"] < 1
    assert document["figures"] == trained.entry["test"]
    assert document["pictures"] == 6
    assert document["seen_in_training"] == 0


def test_the_document_has_exactly_the_documented_parts(all_seen: tuple[dict[str, Any], tuple[str, ...]]) -> None:
    document, _ = all_seen

    assert list(document) == ["format", "pictures", "seen_in_training", "figures", "skipped", "warnings"]


def test_pictures_seen_in_training_are_counted_and_warned_of(
    all_seen: tuple[dict[str, Any], tuple[str, ...]],
) -> None:
    document, said = all_seen
    [warning] = [w for w in document["warnings"] if "were used to train" in w]

    assert document["seen_in_training"] == 12
    assert warning.startswith("12 of 24 pictures were used to train this model: these figures flatter it.")
    assert f"Warning: {warning}" in said


@pytest.mark.parametrize(
    "changes", [{"approach": "fine-tune"}, {"approach": "scratch"}, {"settings": {"refit": "train+val"}}]
)
def test_the_val_part_was_seen_too_if_it_stopped_the_training_or_was_refitted_to(
    trained: Trained, tmp_path: Path, changes: dict[str, Any]
) -> None:
    model = copied(trained, tmp_path / "model")
    sign(model, **changes)
    assert evaluated(model, trained.data)["seen_in_training"] == 18


def test_a_subset_of_the_classes_is_judged_by_name(trained: Trained, tested: Path, tmp_path: Path) -> None:
    shutil.copytree(tested, tmp_path / "some")
    shutil.rmtree(tmp_path / "some" / "ant")
    document = evaluated(trained.model, tmp_path / "some")
    full = trained.entry["test"]

    # Without ant, bee is the first folder; by position its pictures would count as ants.
    assert document["figures"]["confusion_matrix"] == [[0, 0, 0], *full["confusion_matrix"][1:]]
    assert document["figures"]["per_class"]["ant"]["pictures"] == 0
    assert document["figures"]["per_class"]["cow"]["recall"]["value"] == full["per_class"]["cow"]["recall"]["value"]


def test_folders_are_matched_to_classes_by_name_whatever_order_they_come_in(tmp_path: Path, trained: Trained) -> None:
    model = copied(trained, tmp_path / "model")
    shutil.copytree(trained.data / "cow", tmp_path / "data" / "cow")
    shutil.copytree(trained.data / "ant", tmp_path / "data" / "zzz" / "ant")
    shutil.move(tmp_path / "data" / "zzz" / "ant", tmp_path / "data" / "ant")
    document = evaluated(model, tmp_path / "data")

    assert [sum(row) for row in document["figures"]["confusion_matrix"]] == [8, 0, 8]


def test_a_class_that_the_model_does_not_know_is_refused_by_name(trained: Trained, tmp_path: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 1, "wolf": 1, "yak": 1})

    with pytest.raises(
        UserError,
        match=r"doesn't know \(wolf, yak\); it knows ant, bee, cow\. Rename .* leave them out with --exclude",
    ):
        evaluated(trained.model, data)


def test_a_copied_model_without_its_run_folder_says_that_it_can_not_tell_what_it_saw(
    trained: Trained, tested: Path, tmp_path: Path
) -> None:
    model = copied(trained, tmp_path / "model")
    shutil.rmtree(model / "run")

    assert evaluated(model, tested)["seen_in_training"] is None


def test_what_is_no_picture_is_skipped_listed_and_warned_of(trained: Trained, tested: Path, tmp_path: Path) -> None:
    shutil.copytree(tested, tmp_path / "data")
    (tmp_path / "data" / "ant" / "page.png").write_text("<html>")
    document = evaluated(trained.model, tmp_path / "data")

    assert document["skipped"] == [{"path": "ant/page.png", "reason": "not-a-picture"}]
    assert "Skipped 1 file (1 not-a-picture): ant/page.png." in document["warnings"]
    assert document["figures"] == trained.entry["test"]


def test_data_without_a_readable_picture_is_refused(trained: Trained, tmp_path: Path) -> None:
    for name in ("ant", "bee"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "1.png").write_text("<html>")

    with pytest.raises(UserError, match=r"holds no picture that can be read \(Skipped 2 files \(2 not-a-picture\)"):
        evaluated(trained.model, tmp_path / "data")


def test_with_a_split_its_test_part_alone_is_judged_and_that_is_counted(trained: Trained, tmp_path: Path) -> None:
    split = Path(shutil.copy(trained.model / "run" / "split.json", tmp_path))
    document = run_evaluate(EvaluateSettings(trained.model, trained.data, split=split), silent)
    assert document["figures"]["accuracy"] == trained.entry["test"]["accuracy"]
    assert document["seen_in_training"] == 0
    assert read_split(split).test_opened == 2


def test_test_pictures_that_are_gone_are_told(trained: Trained, tmp_path: Path) -> None:
    split = shutil.copy(trained.model / "run" / "split.json", tmp_path)
    shutil.copytree(trained.data, tmp_path / "data")
    (tmp_path / "data" / trained.tested[0].path).unlink()
    with pytest.raises(UserError, match=rf"lacks 1 of the 6 test pictures .*{trained.tested[0].path}"):
        run_evaluate(EvaluateSettings(trained.model, tmp_path / "data", split=Path(split)), silent)


def test_a_class_can_be_left_out(trained: Trained) -> None:
    document = run_evaluate(EvaluateSettings(trained.model, trained.data, exclude=("ant",)), silent)
    assert document["pictures"] == 16


def test_another_fit_than_the_models_is_refused(trained: Trained) -> None:
    with pytest.raises(UserError, match=r"--fit crop: .* was trained with squash"):
        run_evaluate(EvaluateSettings(trained.model, trained.data, fit="crop"), silent)
    assert run_evaluate(EvaluateSettings(trained.model, trained.data, fit="squash"), silent)["pictures"] == 24


def test_groups_that_are_few_are_warned_of(trained: Trained) -> None:
    document = run_evaluate(EvaluateSettings(trained.model, trained.data, group_by=r"(0[0-3])"), silent)
    assert any("come from 16 groups only" in warning for warning in document["warnings"])
