"""The table of approaches: what every entry says, and which options mean something to it."""

from __future__ import annotations

import dataclasses

import pytest

from headstart.errors import MissingError, UserError
from headstart.learn.approaches import APPROACHES, COMPARED, OPTIONS, approach
from headstart.learn.head_fits import HEAD_FITS
from headstart.networks import keras_backend
from headstart.settings import TrainSettings

TRAINED_BY_KERAS = {"frozen+mlp", "fine-tune", "scratch"}


@pytest.mark.parametrize("name", APPROACHES)
def test_every_entry_says_what_it_is(name: str) -> None:
    entry = APPROACHES[name]
    assert entry.name == name
    assert name.split("+", maxsplit=1)[0] == entry.family
    assert len(entry.summary) > 20


def test_the_approaches_are_those_that_are_documented() -> None:
    assert set(APPROACHES) == {
        *(f"frozen+{head}" for head in ("logistic", "svm", "ridge", "lda", "tree", "forest", "knn", "mlp")),
        *(f"handcrafted+{head}" for head in ("svm", "logistic", "tree", "forest")),
        "fine-tune",
        "scratch",
    }


def test_every_head_of_the_table_can_be_had_on_a_frozen_network() -> None:
    assert {name.removeprefix("frozen+") for name in APPROACHES if name.startswith("frozen+")} == set(HEAD_FITS)


@pytest.mark.parametrize("name", APPROACHES)
def test_an_approach_is_found_by_its_name(name: str) -> None:
    assert approach(name) is APPROACHES[name]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("logistic", "frozen+logistic"),
        ("frozen-mlp", "frozen+mlp"),
        ("Frozen+Logistic", "frozen+logistic"),
        ("finetune", "fine-tune"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UserError) as caught:
        approach(name)
    assert f"No approach is called '{name}'. Did you mean {nearest}?" in str(caught.value)


@pytest.mark.parametrize("name", ["", "zzz"])
def test_a_name_like_none_is_answered_with_all(name: str) -> None:
    with pytest.raises(UserError) as caught:
        approach(name)
    assert "Did you mean" not in str(caught.value)
    assert f"Choose from: {', '.join(APPROACHES)}." in str(caught.value)


@pytest.mark.parametrize("name", APPROACHES)
def test_what_trains_with_keras_is_refused_without_a_backend_and_nothing_else(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_backend, "find_spec", lambda name: None)
    if name in TRAINED_BY_KERAS:
        with pytest.raises(MissingError, match=f"{name.replace('+', '[+]')} trains with Keras"):
            approach(name).check_installed()
    else:
        approach(name).check_installed()


def test_an_entry_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        APPROACHES["frozen+logistic"].name = "other"  # type: ignore[misc]


def test_what_is_compared_where_nothing_is_named_is_of_every_kind_once() -> None:
    assert {approach(name).family for name in COMPARED} == {entry.family for entry in APPROACHES.values()}
    assert len(set(COMPARED)) == len(COMPARED) == 10


def test_options_of_families_are_options_of_train() -> None:
    known = {field.name for field in dataclasses.fields(TrainSettings)}
    assert {name for names in OPTIONS.values() for name in names} <= known


@pytest.mark.parametrize(
    ("name", "taken", "not_taken"),
    [
        ("frozen+svm", {"flip", "layer", "folds", "refit", "seed"}, {"epochs", "budget", "width", "unfreeze"}),
        ("handcrafted+tree", {"folds", "refit", "class_weight"}, {"backbone", "flip", "weights", "epochs"}),
        ("fine-tune", {"epochs", "budget", "unfreeze", "backbone"}, {"folds", "refit", "flip", "width"}),
        ("scratch", {"epochs", "budget", "width", "scale"}, {"backbone", "weights", "unfreeze", "folds"}),
    ],
)
def test_an_option_means_something_to_some_approaches(name: str, taken: set[str], not_taken: set[str]) -> None:
    assert all(approach(name).takes(option) for option in taken)
    assert not any(approach(name).takes(option) for option in not_taken)
