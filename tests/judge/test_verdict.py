"""The verdict: who won on val, what may be claimed of it on test, and what may not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from comparisons import PICTURES, contender, fine_tuned, handcrafted, judged, right, scratch
from headstart.judge.pairs import compared, holm
from headstart.judge.verdict import verdict


def test_94_and_96_percent_of_150_test_pictures_cannot_be_told_apart() -> None:
    document = judged(contender("a", right(144)), contender("b", right(141, start=9)))

    assert document["verdict"]["winner"] == "a"
    assert document["verdict"]["not_told_apart"] == ["b"]
    (pair,) = document["pairs"]
    assert pair["difference"]["value"] == pytest.approx(0.02)
    assert pair["difference"]["low"] < 0 < pair["difference"]["high"]
    assert pair["p_holm"] > 0.05


def test_what_differs_on_many_pictures_is_told_apart() -> None:
    document = judged(contender("a", right(144)), handcrafted(right(90)))

    assert document["verdict"]["not_told_apart"] == []
    assert document["pairs"][0]["p_holm"] < 0.05


def test_the_winner_is_chosen_on_val_even_if_another_is_better_on_test() -> None:
    document = judged(contender("a", right(80), val_accuracy=0.9), contender("b", right(140), val_accuracy=0.8))

    assert document["verdict"]["winner"] == "a"
    assert document["verdict"]["not_told_apart"] == []
    assert document["pairs"][0]["difference"]["value"] == pytest.approx(-0.4)


def test_a_pair_is_what_the_paired_test_says_of_the_same_pictures() -> None:
    a, b = contender("a", right(120)), contender("b", right(100, start=40))
    result = compared(a.right, b.right, np.arange(PICTURES))

    assert judged(b, a)["pairs"] == [
        {
            "a": "a",
            "b": "b",
            "kind": "confirmatory",
            "difference": result.difference.document(),
            "p_value": result.p_value,
            "p_holm": result.p_value,
            "test": "mcnemar",
            "only_a": 40,
            "only_b": 20,
        }
    ]


def test_pictures_that_belong_together_are_compared_as_groups() -> None:
    groups = np.arange(PICTURES) // 10
    a, b = contender("a", right(120)), contender("b", right(100))

    assert [pair["test"] for pair in judged(a, b, units=groups.tolist())["pairs"]] == ["sign-flip"]


def test_claims_are_the_winners_pairs_the_transfer_pair_and_the_fine_tuning_pair_each_once() -> None:
    vgg = {"backbone": "vgg16"}
    document = judged(
        contender("frozen+svm@vgg16", right(140), **vgg),
        contender("frozen+svm@lite0", right(130)),
        fine_tuned(right(135)),
        handcrafted(right(90)),
        scratch(right(70)),
    )

    claimed = [(pair["a"], pair["b"]) for pair in document["pairs"] if pair["kind"] == "confirmatory"]
    assert claimed == [
        ("frozen+svm@vgg16", "fine-tune@lite0"),
        ("frozen+svm@vgg16", "frozen+svm@lite0"),
        ("frozen+svm@vgg16", "handcrafted+svm"),  # this is the transfer pair too
        ("frozen+svm@vgg16", "scratch"),
        ("fine-tune@lite0", "frozen+svm@lite0"),
    ]
    everything = [frozenset((pair["a"], pair["b"])) for pair in document["pairs"]]
    assert len(everything) == len(set(everything)) == 10


def test_claims_are_corrected_for_their_number_and_the_other_pairs_are_not_corrected() -> None:
    pairs = judged(
        contender("a", right(140)), contender("b", right(128)), handcrafted(right(125)), scratch(right(123))
    )["pairs"]

    claimed, other = pairs[:3], pairs[3:]
    assert [pair["p_holm"] for pair in claimed] == holm([pair["p_value"] for pair in claimed])
    assert claimed[-1]["p_holm"] > claimed[-1]["p_value"]
    assert [(pair["kind"], pair["p_holm"]) for pair in other] == [("exploratory", None)] * 3


def test_a_difference_that_only_an_uncorrected_p_value_would_claim_is_not_claimed() -> None:
    best = contender("best", right(144))
    others = [contender(f"other {i}", right(137, start=i)) for i in range(5)]
    near = contender("near", right(137))

    assert judged(best, near)["verdict"]["not_told_apart"] == []
    assert "near" in judged(best, near, *others)["verdict"]["not_told_apart"]


def test_the_transfer_gain_is_that_of_the_best_on_val_of_both_kinds() -> None:
    document = judged(
        contender("a", right(140), val_accuracy=0.8),
        contender("b", right(120), val_accuracy=0.9),
        handcrafted(right(60), val_accuracy=0.5),
        scratch(right(90), val_accuracy=0.4),
    )

    gain = document["verdict"]["transfer_gain"]
    (pair,) = [pair for pair in document["pairs"] if (pair["a"], pair["b"]) == ("b", "handcrafted+svm")]
    assert gain == {
        "of": "b",
        "over": "handcrafted+svm",
        **pair["difference"],
        "p_value": pair["p_value"],
        "p_holm": pair["p_holm"],
    }
    assert gain["value"] == pytest.approx(0.4)


def test_where_the_winner_does_without_transfer_the_gain_is_turned_around() -> None:
    document = judged(contender("a", right(90)), handcrafted(right(140)))

    gain, (pair,) = document["verdict"]["transfer_gain"], document["pairs"]
    assert (pair["a"], gain["of"]) == ("handcrafted+svm", "a")
    assert gain["value"] == -pair["difference"]["value"]
    assert gain["low"] == -pair["difference"]["high"] <= gain["value"] <= gain["high"] == -pair["difference"]["low"]


def test_no_gain_turned_around_is_no_gain_without_a_sign() -> None:
    gain = judged(contender("a", right(90)), handcrafted(right(90), val_accuracy=0.7))["verdict"]["transfer_gain"]

    assert json.dumps(gain["value"]) == "0.0"


def test_the_fine_tuning_gain_is_over_frozen_features_of_the_same_backbone() -> None:
    document = judged(contender("a", right(140), backbone="vgg16"), contender("b", right(100)), fine_tuned(right(130)))

    gain = document["verdict"]["fine_tuning_gain"]
    assert (gain["of"], gain["over"]) == ("fine-tune@lite0", "b")
    assert gain["value"] == pytest.approx(0.2)


def test_what_was_not_run_has_no_gain() -> None:
    document = judged(contender("a", right(140)), contender("b", right(100)))

    assert document["verdict"]["transfer_gain"] is None
    assert document["verdict"]["fine_tuning_gain"] is None


def test_chance_is_the_share_of_the_class_that_is_most_frequent_in_train() -> None:
    assert judged(contender("a", right(140)), chance=45)["verdict"]["chance"] == 0.3


def test_what_answers_one_class_alone_is_not_above_chance() -> None:
    document = judged(contender("a", right(140)), contender("b", right(30, start=120)), scratch(right(31, start=119)))

    assert document["verdict"]["above_chance"] == ["a"]


def test_what_is_worse_than_chance_is_not_above_it_though_it_differs() -> None:
    assert judged(contender("a", right(20)), chance=100)["verdict"]["above_chance"] == []


def test_among_many_approaches_one_that_luck_put_above_chance_is_not_above_it() -> None:
    lucky = contender("lucky", right(37, start=113))  # 7 pictures more than chance has, and none less
    others = [contender(f"unlucky {i}", right(30, start=i)) for i in range(4)]

    assert judged(lucky)["verdict"]["above_chance"] == ["lucky"]
    assert judged(lucky, *others)["verdict"]["above_chance"] == []


def test_on_seeded_noise_nothing_works_better_than_chance() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 200)
    guessing = [contender(f"a{i}", random.integers(0, 4, 200) == labels) for i in range(10)]

    document = verdict(guessing, labels == 0, np.arange(200), {"ant": 50, "bee": 50, "cow": 50, "dog": 50})

    assert document["verdict"]["above_chance"] == []
    assert document["verdict"]["statements"][0]["key"] == "nothing_above_chance"


def test_the_cheapest_is_one_that_cannot_be_told_apart_from_the_winner_and_costs_less() -> None:
    winner = contender("winner", right(144), seconds=60.0)
    near, nearer = contender("near", right(141), seconds=20.0), contender("nearer", right(142), seconds=30.0)
    dear, far = contender("dear", right(143), seconds=90.0), handcrafted(right(60), seconds=1.0)

    assert judged(winner, near, nearer, dear, far)["verdict"]["cheapest"] == "near"
    assert judged(winner, dear, far)["verdict"]["cheapest"] is None


def test_what_is_not_above_chance_is_recommended_to_nobody() -> None:
    winner = contender("winner", right(40, 60), seconds=60.0)
    near = contender("near", right(31, 60, start=17), seconds=2.0)

    document = judged(winner, near, chance=20)

    assert document["verdict"]["not_told_apart"] == ["near"]
    assert document["verdict"]["above_chance"] == ["winner"]
    assert document["verdict"]["cheapest"] is None


def test_where_no_approach_came_to_its_end_there_is_no_winner() -> None:
    assert judged() == {
        "verdict": {
            "winner": None,
            "not_told_apart": [],
            "chance": 0.2,
            "transfer_gain": None,
            "fine_tuning_gain": None,
            "above_chance": [],
            "cheapest": None,
            "statements": [{"key": "nothing_done", "values": {}}],
        },
        "pairs": [],
    }


def test_one_approach_wins_without_a_comparison() -> None:
    document = judged(contender("a", right(140)))

    assert document["verdict"]["winner"] == "a"
    assert document["pairs"] == []


def test_a_verdict_does_not_depend_on_the_order_in_which_approaches_ran() -> None:
    contenders = [contender("a", right(140)), handcrafted(right(90)), fine_tuned(right(139)), scratch(right(50))]

    assert judged(*contenders) == judged(*reversed(contenders))


def test_a_verdict_is_plain_json() -> None:
    document = judged(contender("a", right(140)), handcrafted(right(90)), fine_tuned(right(139)), scratch(right(50)))

    assert json.loads(json.dumps(document, allow_nan=False)) == document
