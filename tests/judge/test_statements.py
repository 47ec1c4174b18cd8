"""The claims of a verdict: what the figures allow, in which order, and nothing beyond it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comparisons import PICTURES, contender, fine_tuned, handcrafted, judged, keys, right, scratch, values
from headstart.judge.intervals import wilson
from headstart.judge.statements import repeats_statements

GOOD = contender("good", right(140))
"""An approach that is better than chance and has enough errors for an interval."""


def repeated(seeds: int, **means: float) -> dict[str, Any]:
    each = {name: {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "each": []} for name, mean in means.items()}
    return {"seeds": list(range(seeds)), "accuracy": each}


def test_the_winner_is_told_with_its_accuracy_on_test_its_interval_and_chance() -> None:
    document = judged(contender("good", right(140), val_accuracy=0.5), chance=45)

    assert keys(document)[0] == "winner"
    interval = wilson(140, PICTURES)
    assert values(document, "winner") == {
        "id": "good",
        "pictures": PICTURES,
        "chance": 0.3,
        "accuracy": interval.value,
        "low": interval.low,
        "high": interval.high,
    }


def test_where_nothing_is_above_chance_that_comes_first_and_no_winner_and_no_gain_is_told() -> None:
    document = judged(contender("a", right(33, start=117)), handcrafted(right(30, start=3)), scratch(right(20)))

    assert keys(document) == ["nothing_above_chance", "best_of_nothing", "these_models_alone"]
    assert values(document, "nothing_above_chance") == {"approaches": 3, "pictures": PICTURES, "chance": 0.2}


def test_one_approach_that_is_not_above_chance_is_told_as_such() -> None:
    document = judged(contender("a", right(33, start=117)))

    assert keys(document)[0] == "only_one_not_above_chance"
    assert values(document, "only_one_not_above_chance")["accuracy"] == 0.22


def test_a_winner_that_is_not_above_chance_is_told_beside_those_that_are() -> None:
    document = judged(contender("lucky on val", right(31, start=119), val_accuracy=0.99), GOOD)

    assert keys(document)[:2] == ["winner", "winner_not_above_chance"]
    assert values(document, "winner_not_above_chance") == {"id": "lucky on val", "names": ["good"]}


def test_others_that_are_not_above_chance_are_named() -> None:
    document = judged(GOOD, handcrafted(right(31, start=119)))

    assert values(document, "not_above_chance") == {"names": ["handcrafted+svm"]}


def test_it_is_said_of_a_winner_that_beats_all_others_and_of_no_other() -> None:
    all_beaten = judged(GOOD, contender("b", right(100)), handcrafted(right(90)))
    assert values(all_beaten, "beats_all") == {"id": "good", "names": ["b", "handcrafted+svm"], "others": 2}
    assert "not_told_apart" not in keys(all_beaten)

    one_left = judged(GOOD, contender("near", right(138)), handcrafted(right(90)))
    assert values(one_left, "beats") == {"id": "good", "names": ["handcrafted+svm"]}
    assert values(one_left, "not_told_apart") == {"id": "good", "names": ["near"], "pictures": PICTURES}
    assert "beats_all" not in keys(one_left)


def test_a_winner_that_beats_nobody_is_not_said_to_beat_anybody() -> None:
    document = judged(GOOD, contender("near", right(138)))

    assert not {"beats", "beats_all"} & set(keys(document))


def test_what_did_better_on_test_is_told_and_the_choice_stays() -> None:
    document = judged(contender("chosen", right(100), val_accuracy=0.99), GOOD)

    assert values(document, "better_on_test") == {"id": "chosen", "names": ["good"]}
    assert values(document, "winner")["id"] == "chosen"
    assert not {"beats", "beats_all"} & set(keys(document))


def test_approaches_that_got_the_very_same_pictures_right_show_that_the_test_part_is_too_easy() -> None:
    document = judged(GOOD, contender("same", right(140)), contender("other", right(140, start=1)))

    assert values(document, "same_pictures_right") == {"id": "good", "names": ["same"]}


@pytest.mark.parametrize("better_on_val", [0.99, 0.5])
def test_a_fine_tuning_that_kept_the_frozen_network_is_no_sign_of_an_easy_test_part(better_on_val: float) -> None:
    document = judged(GOOD, fine_tuned(right(140), kept="frozen", val_accuracy=better_on_val))

    assert "same_pictures_right" not in keys(document)


def test_one_approach_alone_is_compared_with_nothing() -> None:
    assert keys(judged(GOOD))[:2] == ["winner", "only_one"]


@pytest.mark.parametrize(
    ("with_transfer", "without", "key"),
    [(140, 90, "transfer_brought"), (90, 140, "transfer_cost"), (138, 136, "transfer_not_told")],
)
def test_what_transfer_brought_is_claimed_if_it_is_shown(with_transfer: int, without: int, key: str) -> None:
    document = judged(contender("a", right(with_transfer)), handcrafted(right(without)))
    gain = document["verdict"]["transfer_gain"]

    told = values(document, key)
    assert (told["of"], told["over"]) == ("a", "handcrafted+svm")
    assert told["low"] <= told["value"] <= told["high"]
    ends = sorted(abs(100 * gain[end]) for end in ("low", "high"))
    assert sorted(abs(told[end]) for end in ("low", "high")) == pytest.approx(ends)
    assert told["value"] == pytest.approx(abs(100 * gain["value"]))


def test_what_transfer_did_not_bring_is_told_with_its_sign() -> None:
    told = values(judged(contender("a", right(136)), handcrafted(right(138))), "transfer_not_told")

    assert told["value"] == pytest.approx(-100 * 2 / PICTURES)
    assert told["low"] < 0 < told["high"]


@pytest.mark.parametrize(
    ("with_transfer", "without", "key"),
    [(140, 90, "transfer_brought"), (90, 140, "transfer_cost"), (138, 136, "transfer_not_told")],
)
def test_a_gain_over_a_starved_network_says_so_itself(with_transfer: int, without: int, key: str) -> None:
    document = judged(contender("a", right(with_transfer)), scratch(right(without), converged=False))

    assert values(document, f"{key}_over_starved")["starved"] == ["scratch"]
    assert key not in keys(document)


def test_a_gain_over_another_than_the_starved_network_says_so_too() -> None:
    document = judged(GOOD, handcrafted(right(90)), scratch(right(60), converged=False))

    told = values(document, "transfer_brought_over_starved")
    assert (told["over"], told["starved"]) == ("handcrafted+svm", ["scratch"])


def test_a_fine_tuning_that_had_not_converged_takes_nothing_from_what_transfer_brought() -> None:
    assert "transfer_brought" in keys(judged(GOOD, handcrafted(right(90)), fine_tuned(right(60), converged=False)))


def test_it_is_told_that_one_of_the_two_kinds_was_not_run() -> None:
    assert "nothing_without_transfer" in keys(judged(GOOD, contender("b", right(100))))
    assert "nothing_with_transfer" in keys(judged(handcrafted(right(140)), scratch(right(100))))


@pytest.mark.parametrize(
    ("tuned", "frozen", "key"),
    [(140, 90, "fine_tuning_brought"), (90, 140, "fine_tuning_cost"), (138, 136, "fine_tuning_not_told")],
)
def test_what_fine_tuning_brought_is_claimed_if_it_is_shown(tuned: int, frozen: int, key: str) -> None:
    told = values(judged(fine_tuned(right(tuned)), contender("a", right(frozen))), key)

    assert (told["of"], told["over"]) == ("fine-tune@lite0", "a")
    assert told["value"] == pytest.approx(100 * abs(tuned - frozen) / PICTURES)


def test_a_fine_tuning_that_kept_the_frozen_network_brought_nothing_of_its_own() -> None:
    document = judged(fine_tuned(right(140), kept="frozen"), contender("a", right(90)))

    assert values(document, "fine_tuning_kept_frozen") == {"of": "fine-tune@lite0", "over": "a"}
    assert "fine_tuning_brought" not in keys(document)


def test_the_p_value_of_a_claim_is_the_corrected_one() -> None:
    document = judged(contender("a", right(140)), contender("b", right(138)), handcrafted(right(132, start=1)))
    gain = document["verdict"]["transfer_gain"]

    assert gain["p_holm"] > gain["p_value"]
    assert values(document, "transfer_brought")["p"] == f"p = {gain['p_holm']:.3g}"


def test_a_gain_that_only_an_uncorrected_p_value_would_claim_is_not_claimed() -> None:
    best, plain = contender("best", right(144)), handcrafted(right(137))
    others = [contender(f"other {i}", right(138, start=i)) for i in range(5)]

    assert "transfer_brought" in keys(judged(best, plain))
    document = judged(best, plain, *others)
    assert document["verdict"]["transfer_gain"]["p_value"] < 0.05
    assert "transfer_not_told" in keys(document)


def test_a_tiny_p_value_is_told_as_smaller_than_a_thousandth() -> None:
    assert values(judged(GOOD, handcrafted(right(60))), "transfer_brought")["p"] == "p < 0.001"


def test_a_cheap_one_that_would_do_is_told_with_what_it_may_be_worse_by() -> None:
    document = judged(contender("good", right(140), seconds=60.0), contender("cheap", right(137), seconds=2.0))

    (pair,) = document["pairs"]
    assert values(document, "cheapest") == {
        "id": "good",
        "seconds": 60.0,
        "cheapest": "cheap",
        "cheapest_seconds": 2.0,
        "at_worst": 100 * pair["difference"]["high"],
    }


def test_where_there_is_no_cheaper_one_the_cost_of_the_winner_is_told() -> None:
    assert values(judged(GOOD), "seconds") == {"id": "good", "seconds": 10.0}


def test_a_network_that_had_not_converged_within_its_budget_is_not_taken_for_beaten() -> None:
    document = judged(GOOD, scratch(right(60), converged=False, budget_seconds=90.0), fine_tuned(right(60)))

    assert values(document, "starved_in_budget") == {"id": "scratch", "budget": 90.0}


def test_a_network_that_had_not_converged_without_a_budget_is_told_too() -> None:
    assert values(judged(GOOD, scratch(right(60), converged=False)), "starved") == {"id": "scratch"}


def test_a_starved_network_is_told_where_nothing_is_above_chance() -> None:
    document = judged(contender("a", right(33, start=117)), scratch(right(30), converged=False))

    assert keys(document)[:3] == ["nothing_above_chance", "best_of_nothing", "starved"]


@pytest.mark.parametrize(("budget", "key"), [(None, "starved_winner"), (90.0, "starved_winner_in_budget")])
def test_a_winner_that_had_not_converged_may_get_better_still(budget: float | None, key: str) -> None:
    assert key in keys(judged(scratch(right(140), converged=False, budget_seconds=budget)))


def test_few_test_pictures_are_warned_of() -> None:
    assert values(judged(contender("a", right(20, 29)), chance=2), "few_pictures") == {"pictures": 29}
    assert "few_pictures" not in keys(judged(contender("a", right(20, 30)), chance=2))


def test_few_groups_of_test_pictures_are_warned_of() -> None:
    few, enough = np.arange(PICTURES) % 19, np.arange(PICTURES) % 20

    assert values(judged(GOOD, units=few.tolist()), "few_groups") == {"pictures": PICTURES, "groups": 19}
    assert "few_groups" not in keys(judged(GOOD, units=enough.tolist()))


@pytest.mark.parametrize(
    ("hits", "told"), [(150, ["no_error"]), (149, ["one_error"]), (146, ["few_errors"]), (145, [])]
)
def test_fewer_than_five_errors_are_warned_of(hits: int, told: list[str]) -> None:
    document = judged(contender("a", right(hits)))

    assert [key for key in keys(document) if key.endswith(("_error", "_errors"))] == told


def test_without_an_error_it_is_told_how_many_there_may_be() -> None:
    assert values(judged(contender("a", right(150))), "no_error")["most"] == 1 - wilson(150, 150).low


def test_classes_of_which_the_test_part_has_one_picture_or_none_are_named() -> None:
    document = judged(GOOD, counts={"ant": 148, "bee": 0, "cow": 1, "dog": 1, "eel": 0})

    assert values(document, "classes_without_pictures") == {"names": ["bee", "eel"]}
    assert values(document, "classes_of_one_picture") == {"names": ["cow", "dog"]}


def test_nothing_is_said_of_classes_with_several_pictures() -> None:
    hundred = {f"class {number}": 2 for number in range(100)}

    assert not [key for key in keys(judged(GOOD, counts=hundred)) if key.startswith("classes")]


@pytest.mark.parametrize(("repeats", "told"), [(1, True), (4, True), (5, False)])
def test_below_five_repetitions_nothing_is_claimed_of_methods(repeats: int, *, told: bool) -> None:
    assert ("these_models_alone" in keys(judged(GOOD, repeats=repeats))) is told


def test_repetitions_are_told_of_the_best_three_by_their_means() -> None:
    told = repeats_statements(repeated(5, a=0.5, b=0.8, c=0.6, d=0.7))

    assert [statement["values"]["id"] for statement in told] == ["b", "d", "c"]
    assert told[0] == {
        "key": "repeated",
        "values": {"id": "b", "repeats": 5, "mean": 0.8, "low": pytest.approx(0.7), "high": pytest.approx(0.9)},
    }


def test_too_few_repetitions_say_nothing() -> None:
    assert repeats_statements(repeated(4, a=0.5)) == []
    assert repeats_statements(None) == []
