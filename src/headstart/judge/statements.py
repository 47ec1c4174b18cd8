"""The claims of a verdict, one by one, as keys and values: the sentences that belong to them are the report's.

Each function looks at one question and returns what the figures allow to be said of it, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.judge.contenders import Contender, Pair
from headstart.judge.groups import Units, are_alone, numbered, share_interval
from headstart.judge.judged import FEW_ERRORS, FEW_GROUPS, FEW_PICTURES
from headstart.judge.pairs import LEVEL

ENOUGH_REPEATS = 5
"""Repetitions from which on something may be said of methods, beyond these fitted models."""

MOST_REPEATED = 3
"""Approaches whose repetitions are put into words; the document has all."""

Statement = dict[str, Any]
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Claims:
    """All that a verdict is made of; the rules are those of `headstart.judge.verdict`.

    Attributes
    ----------
    ranking
        The approaches, best on val first.
    units
        ``(n_test,)``: what belongs together has the same number.
    chance
        What always answering train's most frequent class reaches.
    test_counts
        Test pictures of each class, by name.
    repeats
        How often everything was done.
    above_chance, not_told_apart
        Of the ranking, those shown to be better than chance, and those not told apart from the winner.
    against_winner
        By id, the pair of the winner (a) and that approach (b).
    transfer, fine_tuning
        The approach that gains and the one that it gains over; None if there are no such two.
    transfer_gain, fine_tuning_gain
        What it gains, as in the results.
    cheapest
        The approach that would do for less, if there is one.
    """

    ranking: Sequence[Contender]
    units: Units
    chance: float
    test_counts: Mapping[str, int]
    repeats: int
    above_chance: Sequence[Contender]
    against_winner: Mapping[str, Document]
    not_told_apart: Sequence[Contender]
    transfer: Pair | None
    transfer_gain: Document | None
    fine_tuning: Pair | None
    fine_tuning_gain: Document | None
    cheapest: Contender | None

    @property
    def winner(self) -> Contender:
        """The best on val."""
        return self.ranking[0]

    @property
    def pictures(self) -> int:
        """How many test pictures there are."""
        return len(self.winner.right)


def statements(claims: Claims) -> list[Statement]:
    """Return what may be said, most important first, each as ``key`` and ``values`` of plain numbers and names."""
    if not claims.ranking:
        return [_said("nothing_done")]
    questions = _QUESTIONS if claims.above_chance else _QUESTIONS_WITHOUT_AN_ANSWER
    return [statement for question in questions for statement in question(claims)]


def _said(key: str, **values: Any) -> Statement:  # noqa: ANN401 - plain JSON values
    return {"key": key, "values": values}


def _nothing_works(claims: Claims) -> list[Statement]:
    winner = claims.winner
    told = {"pictures": claims.pictures, "chance": claims.chance}
    if len(claims.ranking) == 1:
        return [_said("only_one_not_above_chance", id=winner.id, **_figures(claims), **told)]
    return [
        _said("nothing_above_chance", approaches=len(claims.ranking), **told),
        _said("best_of_nothing", id=winner.id, **_figures(claims)),
    ]


def _winner(claims: Claims) -> list[Statement]:
    winner = claims.winner
    said = [_said("winner", id=winner.id, pictures=claims.pictures, chance=claims.chance, **_figures(claims))]
    if winner not in claims.above_chance:
        return [*said, _said("winner_not_above_chance", id=winner.id, names=_ids(claims.above_chance))]
    others = [c for c in claims.ranking if c not in claims.above_chance]
    return [*said, _said("not_above_chance", names=_ids(others))] if others else said


def _others(claims: Claims) -> list[Statement]:
    """Return which approaches the winner beats, which it can't be told from, and which did better on test."""
    others = claims.ranking[1:]
    if not others:
        return [_said("only_one", id=claims.winner.id)]
    told_apart = [c for c in others if c not in claims.not_told_apart]
    beaten = [c for c in told_apart if claims.against_winner[c.id]["difference"]["value"] > 0]
    better = [c for c in told_apart if c not in beaten]
    # A fine-tuning that kept the frozen network answers like it: that is told of fine-tuning, and no sign of ease.
    same = [
        c
        for c in claims.not_told_apart
        if c.kept != "frozen" and bool(np.array_equal(c.right, claims.winner.right)) and claims.winner.kept != "frozen"
    ]
    said = []
    if len(beaten) == len(others):
        said.append(_said("beats_all", id=claims.winner.id, names=_ids(beaten), others=len(others)))
    elif beaten:
        said.append(_said("beats", id=claims.winner.id, names=_ids(beaten)))
    if claims.not_told_apart:
        names = _ids(claims.not_told_apart)
        said.append(_said("not_told_apart", id=claims.winner.id, names=names, pictures=claims.pictures))
    if same:
        said.append(_said("same_pictures_right", id=claims.winner.id, names=_ids(same)))
    if better:
        said.append(_said("better_on_test", id=claims.winner.id, names=_ids(better)))
    return said


def _transfer(claims: Claims) -> list[Statement]:
    if claims.transfer is None or claims.transfer_gain is None:
        return [_said("nothing_without_transfer" if claims.winner.transfers else "nothing_with_transfer")]
    # Whichever without transfer is the best now, one that had not converged might have been better than it.
    starved = [c for c in claims.ranking if c.starved and not c.transfers]
    if not starved:
        return [_gain("transfer", claims.transfer_gain)]
    gain = _gain("transfer", claims.transfer_gain)
    return [_said(f"{gain['key']}_over_starved", starved=_ids(starved), **gain["values"])]


def _fine_tuning(claims: Claims) -> list[Statement]:
    if claims.fine_tuning is None or claims.fine_tuning_gain is None:
        return []
    tuned, frozen = claims.fine_tuning
    if tuned.kept == "frozen":
        return [_said("fine_tuning_kept_frozen", of=tuned.id, over=frozen.id)]
    return [_gain("fine_tuning", claims.fine_tuning_gain)]


def _gain(subject: str, gain: Document) -> Statement:
    verb = "not_told" if gain["p_holm"] >= LEVEL else "brought" if gain["value"] > 0 else "cost"
    points = {name: 100 * gain[name] for name in ("value", "low", "high")}
    if verb == "cost":
        points = {"value": -points["value"], "low": -points["high"], "high": -points["low"]}
    p = _p(gain["p_holm"])
    return _said(f"{subject}_{verb}", of=gain["of"], over=gain["over"], p=p, **points)


def _cost(claims: Claims) -> list[Statement]:
    winner, cheapest = claims.winner, claims.cheapest
    if cheapest is None:
        return [_said("seconds", id=winner.id, seconds=winner.seconds)]
    at_worst = 100 * max(0.0, claims.against_winner[cheapest.id]["difference"]["high"])
    return [
        _said(
            "cheapest",
            id=winner.id,
            seconds=winner.seconds,
            cheapest=cheapest.id,
            cheapest_seconds=cheapest.seconds,
            at_worst=at_worst,
        )
    ]


def _starved(claims: Claims) -> list[Statement]:
    said = []
    for c in (c for c in claims.ranking if c.starved):
        key = "starved_winner" if c is claims.winner else "starved"
        if c.budget_seconds is None:
            said.append(_said(key, id=c.id))
        else:
            said.append(_said(f"{key}_in_budget", id=c.id, budget=c.budget_seconds))
    return said


def _cautions(claims: Claims) -> list[Statement]:
    """Return what makes the intervals rough: few pictures, few groups of them, few errors."""
    pictures, numbers = claims.pictures, numbered(claims.units)
    groups, said = int(numbers.max()) + 1, []
    if pictures < FEW_PICTURES:
        said.append(_said("few_pictures", pictures=pictures))
    if groups < FEW_GROUPS and not are_alone(numbers):
        said.append(_said("few_groups", pictures=pictures, groups=groups))
    errors = int((~claims.winner.right).sum())
    if errors < FEW_ERRORS:
        key = {0: "no_error", 1: "one_error"}.get(errors, "few_errors")
        most = 1 - _figures(claims)["low"]
        said.append(_said(key, id=claims.winner.id, errors=errors, pictures=pictures, most=most))
    return said


def _classes(claims: Claims) -> list[Statement]:
    absent = [name for name, count in claims.test_counts.items() if count == 0]
    single = [name for name, count in claims.test_counts.items() if count == 1]
    return [
        _said(key, names=names)
        for key, names in (("classes_without_pictures", absent), ("classes_of_one_picture", single))
        if names
    ]


def _fits(claims: Claims) -> list[Statement]:
    return [_said("these_models_alone")] if claims.repeats < ENOUGH_REPEATS else []


_Question = Callable[[Claims], list[Statement]]
_ALWAYS: tuple[_Question, ...] = (_starved, _cautions, _classes, _fits)
_QUESTIONS: tuple[_Question, ...] = (_winner, _others, _transfer, _fine_tuning, _cost, *_ALWAYS)
_QUESTIONS_WITHOUT_AN_ANSWER: tuple[_Question, ...] = (_nothing_works, *_ALWAYS)


def repeats_statements(repeats: Document | None) -> list[Statement]:
    """Return what repetitions say of methods, see ``repeats`` in ``docs/formats.md``: nothing if they are too few."""
    if repeats is None or len(repeats["seeds"]) < ENOUGH_REPEATS:
        return []
    best = sorted(repeats["accuracy"].items(), key=lambda item: -item[1]["mean"])[:MOST_REPEATED]
    return [
        _said("repeated", id=name, repeats=len(repeats["seeds"]), **{key: of[key] for key in ("mean", "low", "high")})
        for name, of in best
    ]


def _figures(claims: Claims) -> dict[str, float]:
    """Return the winner's accuracy on test with its interval."""
    interval = share_interval(claims.winner.right, numbered(claims.units))
    return {"accuracy": interval.value, "low": interval.low, "high": interval.high}


def _ids(contenders: Sequence[Contender]) -> list[str]:
    return [c.id for c in contenders]


def _p(p_value: float) -> str:
    """Return a p-value as it stands in a sentence."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3g}"
