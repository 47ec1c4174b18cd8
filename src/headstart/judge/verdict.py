"""What may be claimed of several approaches that were judged on the same test pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from headstart.judge.contenders import Contender, Pair, fine_tuning_pair, ranked, transfer_pair
from headstart.judge.groups import Units
from headstart.judge.pairs import LEVEL, Compared, Right, compared, holm
from headstart.judge.statements import Claims, statements

CONFIRMATORY, EXPLORATORY = "confirmatory", "exploratory"

Document = dict[str, Any]


def verdict(
    contenders: Sequence[Contender],
    majority_right: Right,
    units: Units,
    test_counts: Mapping[str, int],
    repeats: int = 1,
) -> Document:
    """Return ``verdict`` (without its sentence) and ``pairs`` of the results, see ``docs/formats.md``.

    Who wins is decided on val; what is claimed of it is measured on test. The claims that are made by rule are
    corrected for their number (Holm 1979): the winner against every other, the best approach with transfer against
    the best without, the best fine-tuned network against the best frozen one. All other pairs are there to be looked
    at, and nothing is claimed of them. That an approach is better than chance is a family of claims by itself.

    Parameters
    ----------
    contenders
        The approaches that are done, in any order; there may be none.
    majority_right
        ``(n_test,)``: which test pictures are of the class that is most frequent in train.
    units
        ``(n_test,)``: what belongs together has the same number.
    test_counts
        Test pictures of each class, by name.
    repeats
        How often everything was done, each time with another split.
    """
    ranking = ranked(contenders)
    pairs = _pairs(ranking, units)
    above = _above_chance(ranking, majority_right, units)
    winner = ranking[0] if ranking else None
    alike = [c for c in ranking[1:] if _between(pairs, ranking[0], c)["p_holm"] >= LEVEL]
    claims = Claims(
        ranking=ranking,
        units=units,
        chance=float(majority_right.mean()),
        test_counts=test_counts,
        repeats=repeats,
        above_chance=above,
        against_winner={c.id: _between(pairs, ranking[0], c) for c in ranking[1:]},
        not_told_apart=alike,
        transfer=transfer_pair(ranking),
        transfer_gain=_gain(pairs, transfer_pair(ranking)),
        fine_tuning=fine_tuning_pair(ranking),
        fine_tuning_gain=_gain(pairs, fine_tuning_pair(ranking)),
        cheapest=_cheapest(winner, [c for c in alike if c in above]),
    )
    return {
        "verdict": {
            "winner": winner.id if winner else None,
            "not_told_apart": [c.id for c in alike],
            "chance": claims.chance,
            "transfer_gain": claims.transfer_gain,
            "fine_tuning_gain": claims.fine_tuning_gain,
            "above_chance": [c.id for c in above],
            "cheapest": claims.cheapest.id if claims.cheapest else None,
            "statements": statements(claims),
        },
        "pairs": pairs,
    }


def _pairs(ranking: Sequence[Contender], units: Units) -> list[Document]:
    """Return all pairs, those first of which something may be claimed; of each the better on val is a."""
    planned = [(ranking[0], other) for other in ranking[1:]]
    for pair in (transfer_pair(ranking), fine_tuning_pair(ranking)):
        if pair and not any({pair[0].id, pair[1].id} == {a.id, b.id} for a, b in planned):
            planned.append(pair)
    known = {frozenset((a.id, b.id)) for a, b in planned}
    others = [(a, b) for a, b in combinations(ranking, 2) if frozenset((a.id, b.id)) not in known]
    confirmatory = [_compared(pair, CONFIRMATORY, units) for pair in planned]
    for document, p_holm in zip(confirmatory, holm([d["p_value"] for d in confirmatory]), strict=True):
        document["p_holm"] = p_holm
    return confirmatory + [_compared(pair, EXPLORATORY, units) for pair in others]


def _compared(pair: Pair, kind: str, units: Units) -> Document:
    a, b = pair
    return pair_document(a.id, b.id, kind, compared(a.right, b.right, units))


def pair_document(a: str, b: str, kind: str, result: Compared) -> Document:
    """Return two approaches that were compared, as results have them; without a correction."""
    return {
        "a": a,
        "b": b,
        "kind": kind,
        "difference": result.difference.document(),
        "p_value": result.p_value,
        "p_holm": None,
        "test": result.test,
        "only_a": result.only_a,
        "only_b": result.only_b,
    }


def _between(pairs: Sequence[Document], a: Contender, b: Contender) -> Document:
    """Return the pair of ``a`` and ``b``, turned around if need be."""
    pair = next(pair for pair in pairs if {pair["a"], pair["b"]} == {a.id, b.id})
    if pair["a"] == a.id:
        return pair
    difference = pair["difference"]
    # Taken from zero, none becomes -0.0.
    turned = {"value": 0 - difference["value"], "low": 0 - difference["high"], "high": 0 - difference["low"]}
    return pair | {"a": a.id, "b": b.id, "difference": turned, "only_a": pair["only_b"], "only_b": pair["only_a"]}


def _gain(pairs: Sequence[Document], pair: Pair | None) -> Document | None:
    if pair is None:
        return None
    found = _between(pairs, *pair)
    return {
        "of": found["a"],
        "over": found["b"],
        **found["difference"],
        "p_value": found["p_value"],
        "p_holm": found["p_holm"],
    }


def _above_chance(ranking: Sequence[Contender], majority_right: Right, units: Units) -> list[Contender]:
    """Return those that are shown to be right more often than always answering the most frequent class."""
    against = [compared(c.right, majority_right, units) for c in ranking]
    corrected = holm([result.p_value for result in against])
    return [
        c for c, result, p in zip(ranking, against, corrected, strict=True) if result.difference.value > 0 and p < LEVEL
    ]


def _cheapest(winner: Contender | None, alike: Sequence[Contender]) -> Contender | None:
    """Return the cheapest of those not told apart from the winner, if it costs half as much at most."""
    cheaper = [c for c in alike if winner and 2 * c.seconds <= winner.seconds]
    return min(cheaper, key=lambda c: c.seconds, default=None)
