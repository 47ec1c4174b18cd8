"""Approaches to be compared, and what comes of it, made up: right answers that are known, results as documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.judge.contenders import Contender
from headstart.judge.verdict import verdict

Right = NDArray[np.bool_]

PICTURES = 150


def right(count: int, of: int = PICTURES, *, start: int = 0) -> Right:
    """Return answers of which ``count`` in a row, from ``start`` on and then from the first, are right."""
    answers = np.zeros(of, np.bool_)
    answers[(np.arange(count) + start) % of] = True
    return answers


def contender(name: str, answers: Right, **changes: Any) -> Contender:
    """Return a frozen network of that id; its figures on val are those on test, if no others are given."""
    accuracy = float(answers.mean())
    plain = {
        "family": "frozen",
        "backbone": "lite0",
        "transfers": True,
        "val_accuracy": accuracy,
        "val_log_loss": 1 - accuracy,
        "seconds": 10.0,
    }
    return Contender(**{"id": name, "right": answers, **plain, **changes})


def handcrafted(answers: Right, **changes: Any) -> Contender:
    """Return what learns from hand-crafted features."""
    plain = {"family": "handcrafted", "backbone": "handcrafted", "transfers": False}
    return contender("handcrafted+svm", answers, **{**plain, **changes})


def scratch(answers: Right, **changes: Any) -> Contender:
    """Return a network that was trained from nothing."""
    plain = {"family": "scratch", "backbone": "small_vgg4x32", "transfers": False, "converged": True}
    return contender("scratch", answers, **{**plain, **changes})


def fine_tuned(answers: Right, **changes: Any) -> Contender:
    """Return a fine-tuned network."""
    plain = {"family": "fine-tune", "converged": True, "kept": "fine-tuned"}
    return contender("fine-tune@lite0", answers, **{**plain, **changes})


def judged(
    *contenders: Contender,
    chance: int = 30,
    units: Sequence[int] | None = None,
    counts: Mapping[str, int] | None = None,
    repeats: int = 1,
) -> dict[str, Any]:
    """Return what is claimed of the contenders, where always answering one class gets ``chance`` pictures right.

    These are the last ones.
    """
    pictures = len(contenders[0].right) if contenders else PICTURES
    majority = right(chance, pictures, start=pictures - chance)
    belonging = np.arange(pictures) if units is None else np.asarray(units)
    return verdict(contenders, majority, belonging, counts or {"ant": pictures // 2, "bee": pictures // 2}, repeats)


def keys(document: Mapping[str, Any]) -> list[str]:
    """Return the keys of the statements."""
    return [statement["key"] for statement in document["verdict"]["statements"]]


def values(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the values of the one statement with the ``key``."""
    (found,) = [s["values"] for s in document["verdict"]["statements"] if s["key"] == key]
    return dict(found)


def interval(value: float) -> dict[str, float]:
    """Return a figure that is 0.05 from either end of its interval."""
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def entry(of: Contender, **changes: Any) -> dict[str, Any]:
    """Return an approach as results have it."""
    names = ("balanced_accuracy", "precision_macro", "recall_macro", "f1_macro", "mcc", "log_loss", "ece", "brier")
    training: dict[str, Any] = {
        "converged": of.converged,
        "sentence": "training stopped before it had converged.",
        "history": [],
    }
    return {
        "id": of.id,
        "name": of.id.split("@")[0],
        "family": of.family,
        "backbone": "efficientnet_lite0",
        "transfers": of.transfers,
        "features": {"layer": "avg_pool", "fit": "squash", "sizes": [224], "dimension": 1280},
        "precision": {"precision": "f32"},
        "weights": {"kind": "package", "name": "lite0-weights", "sha256": "1" * 64, "content_sha256": "2" * 64},
        "chosen": {"penalty": 0.001},
        "class_weight": "balanced",
        "seconds": {"features": of.seconds - 1, "fit": 1.0},
        "budget_seconds": of.budget_seconds,
        "val": {"accuracy": of.val_accuracy, "log_loss": of.val_log_loss},
        "test": {"accuracy": interval(of.accuracy), "chance": 0.2, "pictures": PICTURES}
        | {name: interval(0.5) for name in names},
        **({"training": training} if of.converged is not None else {}),
        **changes,
    }


def results(*contenders: Contender, classes: Sequence[str] = ("ant", "bee"), **changes: Any) -> dict[str, Any]:
    """Return the document of a comparison."""
    document = judged(*contenders)
    document["verdict"]["sentence"] = "A sentence."
    return {
        "format": 1,
        "kind": "comparison",
        "dataset": {
            "name": "insects",
            "pictures": 750,
            "classes": list(classes),
            "pictures_per_class": {name: 750 // len(classes) for name in classes},
            "sha256": "3" * 64,
            "skipped": [],
            "findings": [],
        },
        "split": {"train": 480, "val": 120, "test": PICTURES, "seed": 0, "rule": "random", "test_opened": 1}
        | {"groups": PICTURES, "sha256": "4" * 64},
        "approaches": [entry(each) for each in contenders],
        "not_run": [],
        **document,
        "curve": None,
        "seeing": {"of": None, "suspects": None},
        "repeats": None,
        "source": None,
        "warnings": [],
        "environment": {"headstart": "0.1.0", "python": "3.11.7", "engine": "openvino", "packages": {"numpy": "2.4"}},
        "settings": {"seed": 0},
        "command": "headstart compare insects --out run",
        "seconds": 90.0,
        **changes,
    }
