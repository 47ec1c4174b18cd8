"""What pretraining saw can't judge what is made of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.jobs.seen import pictures_seen
from headstart.networks.backbone_folder import pictures_in, write_backbone
from headstart.networks.backbones import small_vgg_record
from headstart.networks.cuts import sized
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import arrays_of
from models import Trained, contents, inspected_in, sign, train, write_alike

RECORD = sized(small_vgg_record(2, 4), 16, "avg_pool")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_alike(tmp_path_factory.mktemp("seen") / "data", {"ant": 10, "bee": 10})


@pytest.fixture(scope="module")
def arrays(cache: Path) -> dict[str, np.ndarray]:
    import_keras()
    from headstart.networks.classifier import whole_network

    return arrays_of(whole_network(RECORD, include_top=False))


def backbone_that_saw(contents: list[str], arrays: dict[str, np.ndarray], out: Path) -> Path:
    write_backbone(out, RECORD, arrays, contents, {})
    return out


def test_test_pictures_that_pretraining_saw_are_left_out_and_told(
    data: Path, arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    unseen = train(data, tmp_path / "before", backbone=str(backbone_that_saw([], arrays, tmp_path / "innocent")))
    tested = {prediction.path for prediction in unseen.tested}
    records = inspected_in(data).dataset.records
    some = sorted(r.sha256 for r in records if r.path in tested)[:2]
    trained_on = [r.sha256 for r in records if r.path not in tested]
    folder = backbone_that_saw([*some, *trained_on], arrays, tmp_path / "bb")

    after = train(data, tmp_path / "after", backbone=str(folder))

    assert unseen.results["split"]["test"] == 4
    assert after.results["split"]["test"] == 2
    assert {p.path for p in after.tested} == tested - {r.path for r in records if r.sha256 in some}
    said = "2 test pictures are among those that bb was pretrained on: they are left out, and 2 are judged."
    assert said in after.said
    assert said in after.results["warnings"]
    again = train(data, tmp_path / "after", backbone=str(folder))
    assert [each.results["split"]["test_opened"] for each in (after, again)] == [1, 2]


def test_with_no_test_picture_left_nothing_is_claimed(
    data: Path, arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    all_of_them = [r.sha256 for r in inspected_in(data).dataset.records]
    folder = backbone_that_saw(all_of_them, arrays, tmp_path / "bb")
    with pytest.raises(UserError, match="All 4 test pictures are among those that bb was pretrained on"):
        train(data, tmp_path / "model", backbone=str(folder))
    assert not (tmp_path / "model").exists()


def test_a_model_whose_network_was_trained_has_seen_its_train_and_val_part(trained: Trained, tmp_path: Path) -> None:
    model = shutil.copytree(trained.model, tmp_path / "model")
    assert pictures_seen(str(model)) == frozenset()  # a frozen network has learnt nothing
    sign(model, approach="fine-tune")
    seen = pictures_seen(str(model))
    assert len(seen) == trained.results["split"]["train"] + trained.results["split"]["val"]


@pytest.mark.parametrize("weights", ["imagenet", "none", "nowhere/weights.h5"])
def test_of_other_weights_nothing_is_known(weights: str) -> None:
    assert pictures_seen(weights) == frozenset()


def test_what_a_backbone_saw_is_what_was_noted(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    folder = backbone_that_saw(["c" * 64], arrays, tmp_path / "bb")
    assert pictures_seen(str(folder)) == pictures_in(folder) == {"c" * 64}
    assert set(contents(folder)) == {"manifest.json", "weights.safetensors", "source.json"}
