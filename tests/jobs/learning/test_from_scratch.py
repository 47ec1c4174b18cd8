"""scratch: a network that fits the pictures' size, and says whether it had converged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headstart.errors import UserError
from headstart.jobs.learning.from_scratch import scratch_wish
from headstart.settings import TrainSettings
from models import Trained, train
from pictures import write_classes


@pytest.fixture(scope="module")
def starved(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    """Trained for two epochs, on pictures of 48 × 40 pixels."""
    place = tmp_path_factory.mktemp("starved")
    data = write_classes(place / "data", {"ant": 8, "bee": 8})
    return train(data, place / "model", approach="scratch", epochs=2, width=8)


def test_without_a_size_it_is_one_that_the_pictures_fill(starved: Trained) -> None:
    assert starved.entry["features"]["sizes"] == [32]
    assert starved.entry["backbone"] == "small_vgg3x8"
    assert starved.entry["id"] == "scratch"


def test_a_starved_network_is_said_to_be_one_in_the_results_and_in_a_warning(starved: Trained) -> None:
    training = starved.entry["training"]
    assert training["converged"] is False
    assert training["sentence"] in starved.results["warnings"]
    assert any(training["sentence"] in sentence for sentence in starved.said)
    assert (training["epochs_run"], len(training["history"])) == (2, 2)


def test_nothing_of_it_comes_from_elsewhere(starved: Trained) -> None:
    assert starved.entry["weights"]["kind"] == "trained"
    assert starved.entry["weights"]["sha256"] is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scale": (32, 64)}, "--scale is given several times; scratch looks at pictures in one size"),
        ({"scale": (8,), "blocks": 4}, "--scale 8: choose from 16 to 1024 pixels"),
        ({"blocks": 0}, "--blocks 0: at least 1"),
        ({"width": 4096}, "--width 4096: at most 512 with 3 blocks"),
        ({"fit": "stretch"}, "--fit stretch: choose from squash, crop, pad"),
        ({"precision": "fp16"}, "--precision fp16: choose from"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_picture_is_read(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        scratch_wish(TrainSettings(Path("nowhere"), out=Path("out"), approach="scratch", **options))
    assert said in str(refused.value)
