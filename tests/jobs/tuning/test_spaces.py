"""What is searched: around the fixed rule, only what the user left open, and only what works."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from headstart.errors import UserError
from headstart.jobs.learning import FAMILIES
from headstart.jobs.learning.from_scratch import small_network
from headstart.jobs.learning.options import check_options
from headstart.jobs.tuning.spaces import Among, Between, Space, options_of, rule_of, size_of, space_of
from headstart.learn import rules
from headstart.learn.approaches import APPROACHES
from headstart.learn.training.plan import Plan
from headstart.networks.backbones import BACKBONES
from headstart.settings import TrainSettings
from jobs.tuning.givens import given_of

ONE_EACH = [next(name for name in APPROACHES if APPROACHES[name].family == family) for family in FAMILIES]


def plan(name: str, settings: TrainSettings) -> Plan:
    return rules.plan_for(name, 20, settings, 0)


@pytest.mark.parametrize("name", ONE_EACH)
def test_what_the_fixed_rule_chooses_is_among_what_is_searched(name: str) -> None:
    space = space_of(given_of(name))
    among = [each for each in space.values() if isinstance(each, Among)]
    between = [each for each in space.values() if isinstance(each, Between)]
    assert [each for each in among if each.rule not in each.values or len(set(each.values)) < 2] == []
    assert [each for each in between if not 0 < each.low < each.rule < each.high <= 1] == []
    assert rule_of(space) == {name: each.rule for name, each in space.items()}


@pytest.mark.parametrize("name", ["fine-tune", "scratch"])
def test_the_fixed_rules_choice_trains_as_train_does_by_itself(name: str) -> None:
    given = given_of(name)
    named = replace(given.settings, **options_of(rule_of(space_of(given)), given.wish.record))
    assert plan(name, named) == plan(name, given.settings)
    assert (named.unfreeze or 1, named.views or rules.views_for(20)) == (1, rules.views_for(20))
    if name == "scratch":
        assert small_network(named, named.scale[0]) == small_network(given.settings, rules.side_for(given.sides))


def test_the_fixed_rules_choice_of_a_frozen_network_is_what_train_does_by_itself() -> None:
    given = given_of("frozen+logistic")
    assert replace(given.settings, **options_of(rule_of(space_of(given)), given.wish.record)) == given.settings


def every_option(space: Space) -> list[dict[str, Any]]:
    """Return all combinations, of numbers between bounds the bounds alone."""
    values = [each.values if isinstance(each, Among) else (each.low, each.high) for each in space.values()]
    return [dict(zip(space, some, strict=True)) for some in product(*values)]


@pytest.mark.parametrize("name", [*ONE_EACH, "handcrafted+tree"])
def test_every_combination_is_one_that_train_takes(name: str) -> None:
    given = given_of(name, {"ant": 10, "bee": 30}, side=50)
    for chosen in every_option(space_of(given)):
        settings = replace(given.settings, **options_of(chosen, given.wish.record))
        check_options(settings, given.way)
        FAMILIES[given.way.family].wish(settings)


@pytest.mark.parametrize("name", BACKBONES)
def test_every_network_has_a_stage_beside_its_last_and_takes_larger_pictures(name: str) -> None:
    given = given_of("frozen+logistic", backbone=name, weights="none")
    options = options_of({"layer": "last two", "scale": "both"}, given.wish.record)
    size = BACKBONES[name].image_size
    assert options == {"layer": f"{BACKBONES[name].stages[-2]}+avg_pool", "scale": (size, size * 5 // 4)}
    FAMILIES["frozen"].wish(replace(given.settings, **options))


def test_the_layers_and_sizes_are_those_of_the_network_that_was_chosen() -> None:
    chosen = {"backbone": "efficientnet_lite2", "layer": "last two", "scale": "larger"}
    options = options_of(chosen, BACKBONES["efficientnet_lite0"])
    assert options == {"backbone": "efficientnet_lite2", "layer": "blocks_15+avg_pool", "scale": (325,)}


def test_networks_whose_weights_are_installed_are_searched() -> None:
    searched = space_of(given_of("frozen+logistic"))["backbone"].document()
    assert searched == ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]


@pytest.mark.parametrize("options", [{"backbone": "efficientnet_lite1"}, {"weights": "none"}])
def test_a_network_that_was_named_is_not_searched(options: dict[str, Any]) -> None:
    assert "backbone" not in space_of(given_of("frozen+logistic", **options))


def test_weights_of_classes_are_not_searched_for_the_loss_that_judges_would_always_be_for_none() -> None:
    assert "class_weight" not in space_of(given_of("handcrafted+svm", {"ant": 10, "bee": 40}))


def test_nothing_left_to_be_searched_is_told() -> None:
    with pytest.raises(UserError, match=r"Nothing is left to be searched for handcrafted\+svm"):
        space_of(given_of("handcrafted+svm", fit="crop"))


def test_combinations_are_counted_where_there_is_no_number_between_bounds() -> None:
    assert size_of(space_of(given_of("frozen+logistic"))) == 2 * 2 * 2 * 3 * 3
    assert size_of(space_of(given_of("scratch"))) is None
