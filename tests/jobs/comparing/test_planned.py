"""What a comparison runs: every approach as `train` would, the cheapest first, and no two under one name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.errors import UserError
from headstart.jobs.comparing.planned import planned, planned_on_source, weights_by_backbone
from headstart.learn.approaches import COMPARED
from headstart.networks.backbone_folder import write_backbone
from headstart.networks.backbones import small_vgg_record
from headstart.networks.cuts import sized
from headstart.settings import CompareSettings, TrainSettings


def settings_of(*approaches: str, **options: Any) -> CompareSettings:
    return CompareSettings(Path("data"), out=Path("run"), approaches=approaches, **options)


def ids_of(*approaches: str, **options: Any) -> list[str]:
    return [plan.id for plan in planned(settings_of(*approaches, **options))]


def network_in(folder: Path, width: int = 4) -> str:
    """Write a backbone folder and return its name."""
    record = sized(small_vgg_record(2, width), 32, "avg_pool")
    write_backbone(folder, record, {"a": np.zeros(record.parameters, np.float32)}, [], {})
    return str(folder)


def test_without_names_every_kind_is_compared_cheapest_first_what_needs_keras_last_of_its_kind() -> None:
    assert ids_of() == [
        "handcrafted+svm",
        "handcrafted+tree",
        "handcrafted+logistic",
        "frozen+logistic@efficientnet_lite0",
        "frozen+svm@efficientnet_lite0",
        "frozen+tree@efficientnet_lite0",
        "frozen+knn@efficientnet_lite0",
        "frozen+mlp@efficientnet_lite0",
        "scratch",
        "fine-tune@efficientnet_lite0",
    ]
    assert {plan.way.name for plan in planned(settings_of())} == set(COMPARED)


def test_with_several_backbones_each_is_one_of_its_own_and_the_small_one_is_first() -> None:
    assert ids_of(
        "fine-tune,frozen+svm", "handcrafted+tree", backbones="mobilenet_v2,efficientnet_lite0", weights="none"
    ) == [
        "handcrafted+tree",
        "frozen+svm@mobilenet_v2",
        "frozen+svm@efficientnet_lite0",
        "fine-tune@mobilenet_v2",
        "fine-tune@efficientnet_lite0",
    ]


def test_named_twice_it_runs_once() -> None:
    assert ids_of("scratch,scratch", "scratch") == ["scratch"]


def test_an_approach_is_what_train_would_be_told() -> None:
    options: dict[str, Any] = {"fit": "pad", "class_weight": "balanced", "seed": 5, "map_budget": "1GB"}
    by_id = {plan.id: plan for plan in planned(settings_of("scratch", "fine-tune", "handcrafted+tree", **options))}
    shared: dict[str, Any] = {"fit": "pad", "class_weight": "balanced", "seed": 5}
    assert {name: plan.settings for name, plan in by_id.items()} == {
        "handcrafted+tree": TrainSettings(
            Path("data"), out=Path("run/parts/handcrafted+tree"), approach="handcrafted+tree", **shared
        ),
        "scratch": TrainSettings(Path("data"), out=Path("run/parts/scratch"), approach="scratch", **shared),
        "fine-tune@efficientnet_lite0": TrainSettings(
            Path("data"),
            out=Path("run/parts/fine-tune@efficientnet_lite0"),
            approach="fine-tune",
            map_budget="1GB",
            **shared,
        ),
    }


def test_what_begins_with_a_pretrained_network_transfers() -> None:
    plans = planned(settings_of("handcrafted+tree", "scratch", "frozen+svm", "fine-tune"))
    assert [plan.transfers for plan in plans] == [False, True, False, True]
    assert not any(plan.transfers for plan in planned(settings_of("frozen+svm", weights="none")))


@pytest.mark.parametrize(
    ("backbones", "weights", "meant"),
    [
        ("vgg16", (), {}),
        ("vgg16", "file.h5", {"vgg16": "file.h5"}),
        ("vgg16", "a=b.h5", {"vgg16": "a=b.h5"}),
        ("vgg16,vgg19", "none", {"vgg16": "none", "vgg19": "none"}),
        ("vgg16,vgg19", "vgg19=a=b.h5", {"vgg19": "a=b.h5"}),
        ("vgg16,vgg19", ("imagenet", "vgg16=file.h5"), {"vgg16": "file.h5", "vgg19": "imagenet"}),
    ],
)
def test_weights_are_those_of_the_backbone_that_is_named(
    backbones: str, weights: tuple[str, ...], meant: dict[str, str]
) -> None:
    assert weights_by_backbone(settings_of(backbones=backbones, weights=weights)) == meant


@pytest.mark.parametrize("value", ["file.h5", "vgg=file.h5"])
def test_weights_of_which_it_is_not_clear_whose_they_are_are_refused(value: str) -> None:
    with pytest.raises(UserError, match=f"--weights {value}: name one of the backbones it is for, as in --weights vgg"):
        weights_by_backbone(settings_of(backbones="vgg16,vgg19", weights=value))


def test_two_networks_of_one_name_are_refused_for_results_could_not_tell_them_apart(tmp_path: Path) -> None:
    first, second = network_in(tmp_path / "a"), network_in(tmp_path / "b")
    with pytest.raises(UserError, match=r"a and .*b are both small_vgg2x4.*compare them in two runs"):
        planned(settings_of("frozen+svm", backbones=(first, second)))
    assert ids_of("frozen+svm", backbones=(first, network_in(tmp_path / "c", width=8))) == [
        "frozen+svm@small_vgg2x4",
        "frozen+svm@small_vgg2x8",
    ]


@pytest.mark.parametrize(
    ("approaches", "made"),
    [
        ((), ["frozen+logistic@small_vgg2x4", "fine-tune@small_vgg2x4"]),
        (("handcrafted+tree",), ["frozen+logistic@small_vgg2x4"]),
        (("fine-tune", "scratch"), ["fine-tune@small_vgg2x4"]),
    ],
)
def test_of_a_network_pretrained_here_what_was_asked_for_is_made(
    tmp_path: Path, approaches: tuple[str, ...], made: list[str]
) -> None:
    folder = network_in(tmp_path / "source")
    plans = planned_on_source(settings_of(*approaches), Path(folder))
    assert [plan.id for plan in plans] == made
    assert all(plan.transfers and plan.wish.weights == folder for plan in plans)


@pytest.mark.parametrize("option", ["weights", "backbones"])
def test_an_option_that_means_nothing_to_any_is_refused(option: str) -> None:
    with pytest.raises(UserError, match=rf"--{option} means nothing to handcrafted\+tree, scratch; leave it out"):
        planned(settings_of("handcrafted+tree", "scratch", **{option: "vgg16"}))
