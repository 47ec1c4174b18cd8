"""No option is silently ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headstart.errors import UserError
from headstart.jobs.learning.options import budget_of, check_options
from headstart.learn.approaches import APPROACHES, approach
from headstart.settings import TrainSettings


def settings(**options: Any) -> TrainSettings:
    return TrainSettings(Path("data"), out=Path("out"), **options)


@pytest.mark.parametrize("name", APPROACHES)
def test_what_is_left_alone_is_fine_everywhere(name: str) -> None:
    check_options(settings(approach=name), approach(name))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        (
            "frozen+svm",
            {"epochs": 3},
            "--epochs means nothing to frozen+svm; leave it out (it is for fine-tune, scratch).",
        ),
        ("frozen+svm", {"learning_rate": 0.1}, "--learning-rate means nothing to frozen+svm"),
        ("handcrafted+svm", {"backbone": "vgg16"}, "--backbone means nothing to handcrafted+svm"),
        ("scratch", {"folds": 5}, "(it is for frozen+..., handcrafted+...)"),
        ("fine-tune", {"refit": "train+val"}, "--refit means nothing to fine-tune"),
        ("frozen+knn", {"class_weight": "even"}, "--class-weight even: choose from auto, balanced, none."),
        ("frozen+knn", {"refit": "all"}, "--refit all: choose from none, train+val."),
    ],
)
def test_what_means_nothing_is_refused_with_those_it_is_for(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as refused:
        check_options(settings(approach=name, **options), approach(name))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("name", "asked", "given"),
    [("scratch", None, "10m"), ("scratch", "1m", "1m"), ("fine-tune", None, None), ("fine-tune", "5m", "5m")],
)
def test_training_from_nothing_has_a_budget_even_if_none_is_named(
    name: str, asked: str | None, given: str | None
) -> None:
    assert budget_of(settings(approach=name, budget=asked), approach(name)) == given
