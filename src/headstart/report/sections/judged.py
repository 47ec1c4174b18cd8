"""Sections about how well approaches do, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.report.comparison_document import by_merit
from headstart.report.figures.curve import learning_curve
from headstart.report.figures.differences import differences
from headstart.report.figures.history import training_history
from headstart.report.figures.intervals import ruler, whiskers
from headstart.report.figures.reliability import UNIT, reliability_curve
from headstart.report.figures.scale import Scale, linear
from headstart.report.figures.wording import Say
from headstart.report.sections.told import Section, Told, plain

FIGURES = (
    *("accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro"),
    *("precision_weighted", "recall_weighted", "f1_weighted", "mcc", "top5_accuracy"),
    *("roc_auc_macro", "average_precision_macro", "log_loss", "ece", "brier"),
)
"""The figures of an approach, in the order in which they are read."""

COLUMNS = ("balanced_accuracy", "f1_macro", "mcc", "log_loss", "ece", "roc_auc_macro")
"""Those that have a column of their own."""

PAIRS = 300
"""Exploratory pairs on the page at most."""


def approaches(told: Told) -> Section | None:
    """Return the table of approaches: the best on val first, accuracies drawn on one scale."""
    verdict = told.results["verdict"]
    entries = by_merit(told.results["approaches"], verdict["winner"])
    if not entries:
        return None
    scale = _scale([entry["test"].get("accuracy") for entry in entries], verdict["chance"])
    rows = [
        {
            "entry": entry,
            "drawing": whiskers(entry["test"].get("accuracy") or {}, scale, verdict["chance"]),
            "standing": _standing(entry["id"], verdict),
            "seconds": sum(value or 0.0 for value in entry["seconds"].values()),
            "chosen": plain(entry["chosen"]),
            "features": plain(entry["features"]),
        }
        for entry in entries
    ]
    word = told.say("page.chance_short")
    return {"rows": rows, "ruler": ruler(scale, verdict["chance"], word), "columns": COLUMNS, "figures": FIGURES}


def repeats(told: Told) -> Section | None:
    """Return the mean and range of accuracies over several seeds."""
    given = told.results["repeats"]
    if not given or not given.get("accuracy"):
        return None
    ordered = sorted(given["accuracy"].items(), key=lambda pair: -(pair[1]["mean"] or 0.0))
    scale = linear((value for _, of in ordered for value in of["each"]), least=0, most=1)
    rows = [
        {"id": id_, "of": of, "drawing": whiskers({"value": of["mean"], "low": of["low"], "high": of["high"]}, scale)}
        for id_, of in ordered
    ]
    return {"seeds": given["seeds"], "rows": rows, "ruler": ruler(scale)}


def pairs(told: Told) -> Section | None:
    """Return the planned comparisons, drawn, and the exploratory ones."""
    planned = [pair for pair in told.results["pairs"] if pair["kind"] == "confirmatory"]
    others = [pair for pair in told.results["pairs"] if pair["kind"] != "confirmatory"]
    if not planned and not others:
        return None
    head, rows = differences(planned)
    tests = sorted({pair["test"] for pair in (*planned, *others) if pair["test"]})
    return {"ruler": head, "rows": rows, "exploratory": others[:PAIRS], "count": len(others), "tests": tests}


def beside(told: Told) -> Section | None:
    """Return two runs side by side: every approach of either, on one scale."""
    if told.beside is None:
        return None
    runs = [told.results, told.beside["results"]]
    figures = [{entry["id"]: entry["test"].get("accuracy") for entry in run["approaches"]} for run in runs]
    ids = list(
        dict.fromkeys(entry["id"] for run in runs for entry in by_merit(run["approaches"], run["verdict"]["winner"]))
    )
    scale = _scale([accuracy for of in figures for accuracy in of.values()], None)
    rows = [{"id": id_, "cells": [(of.get(id_), whiskers(of.get(id_) or {}, scale)) for of in figures]} for id_ in ids]
    pair = told.beside.get("pair")
    head, compared = differences([{"p_holm": None, "only_a": None, "only_b": None, **pair}] if pair else [])
    return {
        "runs": runs,
        "rows": rows,
        "ruler": ruler(scale),
        "same_test": told.beside["same_test"],
        "pair": compared[0] if compared else None,
        "pair_ruler": head,
    }


def curve(told: Told) -> Section | None:
    """Return the learning curve, what it says in words, and the numbers behind it."""
    given = told.results["curve"]
    series = [of for of in given["of"] if of["points"]] if given else []
    if not given or not series:
        return None
    best = max(series, key=lambda of: of["points"][-1]["accuracy"])["points"]
    sizes = [point["per_class"] for of in series for point in of["points"]]
    label = told.say(
        "page.curve.label",
        ids=", ".join(of["id"] for of in series),
        first=best[0]["accuracy"],
        last=best[-1]["accuracy"],
        few=min(sizes),
        many=max(sizes),
    )
    return {
        "drawing": learning_curve(given, label),
        "series": series,
        "draws": given["draws"],
        "statements": given["statements"],
    }


def training(told: Told) -> Section | None:
    """Return a pair of charts, loss and accuracy, for each network that was trained."""
    rows = []
    for entry in by_merit(told.results["approaches"], told.results["verdict"]["winner"]):
        history = (entry["training"] or {}).get("history")
        if history:
            best = entry["training"].get("best_epoch")
            charts = {
                figure: training_history(history, figure, best, _history_label(told.say, entry["id"], figure, history))
                for figure in ("loss", "accuracy")
            }
            rows.append({"entry": entry, "charts": charts})
    return {"rows": rows} if rows else None


def reliability(told: Told) -> Section | None:
    """Return the reliability curve of the winner, and for two classes its operating point."""
    winner = told.winner
    bins = winner["test"].get("reliability") if winner else None
    if not winner or not bins:
        return None
    ece = (winner["test"].get("ece") or {}).get("value")
    label = told.say("page.reliability.label", id=winner["id"], ece=ece or 0.0)
    operating = winner["test"].get("operating_point")
    classes = told.results["dataset"]["classes"]
    return {
        "drawing": reliability_curve(bins, told.say, label),
        "bins": [entry for entry in bins if entry["pictures"]],
        "winner": winner,
        "operating": operating,
        "negative": next((name for name in classes if operating and name != operating["positive"]), ""),
        "rows": [
            {"key": key, "figure": operating[key] or {}, "drawing": whiskers(operating[key] or {}, UNIT)}
            for key in ("sensitivity", "specificity")
        ]
        if operating
        else [],
        "ruler": ruler(UNIT),
    }


def _scale(accuracies: Sequence[Mapping[str, Any] | None], chance: float | None) -> Scale:
    known = [accuracy.get(key) for accuracy in accuracies if accuracy for key in ("value", "low", "high")]
    return linear((value for value in (*known, chance) if value is not None), least=0, most=1)


def _standing(id_: str, verdict: Mapping[str, Any]) -> str | None:
    if id_ == verdict["winner"]:
        return "winner"
    return "not_told_apart" if id_ in verdict["not_told_apart"] else None


def _history_label(say: Say, id_: str, figure: str, history: Sequence[Mapping[str, Any]]) -> str:
    first, last = history[0], history[-1]
    return say(
        f"page.training.{figure}.label",
        id=id_,
        epochs=len(history),
        first=first[figure] or 0.0,
        last=last[figure] or 0.0,
        val_first=first[f"val_{figure}"] or 0.0,
        val_last=last[f"val_{figure}"] or 0.0,
    )
