"""Who is best is decided on val alone."""

from __future__ import annotations

from comparisons import contender, fine_tuned, handcrafted, right, scratch
from headstart.judge.contenders import fine_tuning_pair, ranked, transfer_pair


def test_the_best_on_val_comes_first_whatever_the_test_part_says() -> None:
    good, bad = contender("good", right(10), val_accuracy=0.9), contender("bad", right(150), val_accuracy=0.8)

    assert ranked([bad, good]) == [good, bad]


def test_of_the_same_accuracy_the_smaller_log_loss_comes_first_and_of_the_same_loss_the_first_that_ran() -> None:
    a = contender("a", right(10), val_log_loss=0.3, seconds=1.0)
    b = contender("b", right(10), val_log_loss=0.2, seconds=9.0)
    c = contender("c", right(10), val_log_loss=0.2, seconds=2.0)

    assert ranked([a, b, c]) == [b, c, a]


def test_transfer_is_judged_by_the_best_of_both_kinds() -> None:
    ranking = [contender("a", right(9)), contender("b", right(9)), scratch(right(9)), handcrafted(right(9))]

    assert transfer_pair(ranking) == (ranking[0], ranking[2])


def test_a_random_frozen_network_is_an_approach_without_transfer() -> None:
    ranking = [contender("random", right(9), transfers=False), contender("pretrained", right(9))]

    assert transfer_pair(ranking) == (ranking[1], ranking[0])


def test_there_is_nothing_to_say_of_transfer_if_one_of_the_two_kinds_was_not_run() -> None:
    assert transfer_pair([contender("a", right(9)), fine_tuned(right(9))]) is None
    assert transfer_pair([scratch(right(9)), handcrafted(right(9))]) is None
    assert transfer_pair([]) is None


def test_fine_tuning_is_compared_with_the_best_frozen_features_of_its_own_backbone() -> None:
    other = contender("other", right(9), backbone="vgg16")
    ranking = [other, fine_tuned(right(9)), contender("a", right(9)), contender("b", right(9))]

    assert fine_tuning_pair(ranking) == (ranking[1], ranking[2])


def test_without_them_it_is_compared_with_the_best_frozen_features_of_any() -> None:
    ranking = [fine_tuned(right(9)), contender("other", right(9), backbone="vgg16")]

    assert fine_tuning_pair(ranking) == (ranking[0], ranking[1])


def test_there_is_nothing_to_say_of_fine_tuning_if_one_of_the_two_was_not_run() -> None:
    assert fine_tuning_pair([contender("a", right(9)), scratch(right(9))]) is None
    assert fine_tuning_pair([fine_tuned(right(9)), scratch(right(9))]) is None


def test_a_trained_network_that_had_not_converged_is_starved() -> None:
    assert scratch(right(9), converged=False).starved
    assert fine_tuned(right(9), converged=False).starved
    assert not scratch(right(9), converged=True).starved
    assert not contender("frozen+mlp@lite0", right(9), converged=None).starved
