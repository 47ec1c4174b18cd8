"""pretrain: a network of the user's own, which every command takes as a backbone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.jobs.features import extract_features
from headstart.jobs.pretrain import run_pretrain
from headstart.networks.backbone_folder import pictures_in
from headstart.progress import Event
from headstart.settings import PretrainSettings
from models import inspected_in, names, sentences, train
from pictures import write_classes


@dataclass(frozen=True)
class Pretrained:
    """A finished pretraining."""

    source: Path
    folder: Path
    document: dict[str, Any]
    said: tuple[str, ...]


def pretrain(source: Path, out: Path, **options: Any) -> Pretrained:
    events: list[Event] = []
    document = run_pretrain(PretrainSettings(source, out=out, **options), events.append)
    return Pretrained(source, out, document, sentences(events))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Pretrained:
    place = tmp_path_factory.mktemp("pretrain")
    source = write_classes(place / "source", {"dog": 10, "emu": 10, "fox": 10}, seed=7)
    return pretrain(source, place / "backbone", epochs=3, width=8, blocks=2)


def test_the_folder_is_data_alone(own: Pretrained) -> None:
    assert names(own.folder) == ["manifest.json", "source.json", "weights.safetensors"]


def test_what_is_printed_is_what_the_manifest_says(own: Pretrained) -> None:
    manifest = json.loads((own.folder / "manifest.json").read_text(encoding="utf-8"))
    assert own.document.items() <= manifest.items()
    assert (own.document["backbone"], own.document["image_size"]) == ("small_vgg2x8", 32)
    assert own.document["pictures"] == {"train": 24, "val": 6}
    assert set(own.document["val"]) == {"accuracy", "log_loss", "chance"}


def test_every_picture_of_the_source_is_noted_as_seen(own: Pretrained) -> None:
    assert pictures_in(own.folder) == {record.sha256 for record in inspected_in(own.source).dataset.records}


def test_a_few_epochs_are_not_called_converged(own: Pretrained) -> None:
    assert own.document["training"]["converged"] is False
    assert any(own.document["training"]["sentence"] in sentence for sentence in own.said)


def test_train_takes_the_folder_as_a_backbone(own: Pretrained, tmp_path: Path) -> None:
    target = write_classes(tmp_path / "target", {"ant": 8, "bee": 8})
    trained = train(target, tmp_path / "model", backbone=str(own.folder))
    assert trained.entry["id"] == "frozen+logistic@small_vgg2x8"
    assert (trained.entry["weights"]["kind"], trained.entry["weights"]["name"]) == ("backbone", "backbone")
    assert trained.results["settings"]["backbone"] == "backbone"  # its name, and no place on this machine
    assert trained.entry["test"]["accuracy"]["value"] == 1  # two colours


def test_its_features_work_on_other_sizes_than_it_was_trained_in(own: Pretrained) -> None:
    small, large = (extract_features(own.source, backbone=str(own.folder), scale=(side,)) for side in (32, 64))
    assert small.shape == large.shape == (30, 16)
    assert not np.array_equal(small, large)


def test_fine_tuning_goes_on_from_it(own: Pretrained, tmp_path: Path) -> None:
    target = write_classes(tmp_path / "target", {"ant": 8, "bee": 8})
    trained = train(target, tmp_path / "model", backbone=str(own.folder), approach="fine-tune", epochs=2, views=1)
    assert trained.entry["chosen"]["from"] == "block1_pool"


def test_another_network_of_the_table_can_be_pretrained_too(own: Pretrained, tmp_path: Path) -> None:
    made = pretrain(own.source, tmp_path / "bb", arch="mobilenet", scale=75, epochs=1)
    assert (made.document["backbone"], made.document["image_size"]) == ("mobilenet", 75)


def test_other_weights_beside_a_backbone_of_ones_own_are_refused(own: Pretrained, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="brings its own weights; leave --weights out"):
        train(own.source, tmp_path / "model", backbone=str(own.folder), weights="x.safetensors")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"arch": "small_vggg"}, "No backbone is called 'small_vggg'"),
        ({"scale": 1}, "--scale 1: choose from 2"),
        ({"arch": "vgg16", "scale": 32}, "--scale 32: choose from 75"),
        ({"budget": "soon"}, "--budget soon: write a duration"),
        ({"epochs": 0}, "--epochs 0: at least 1"),
        ({"fit": "stretch"}, "--fit stretch: choose from"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_picture_is_read(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        pretrain(Path("nowhere"), Path("out"), **options)
    assert said in str(refused.value)


def test_a_folder_with_other_files_is_left_alone(own: Pretrained, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="holds files that headstart didn't write"):
        pretrain(own.source, tmp_path / "out")
    assert names(tmp_path / "out") == ["thesis.txt"]
