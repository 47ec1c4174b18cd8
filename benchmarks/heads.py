"""Heads on frozen features, each fitted to the train part alone: which is how good, and what a better recipe brings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import Figure, median_seconds, timed
from benchmarks.parts import SEEDS, Parts, Right, difference, parts_of, shares, spread
from benchmarks.pictures import TRASHNET, unpacked
from benchmarks.rows import network_of, rows_by
from headstart.features.store import FeatureStore, store_in_memory
from headstart.jobs.extraction import extracted
from headstart.jobs.pictures import Pictures, pictures_of
from headstart.jobs.setup import setup_of, wish_of
from headstart.learn.head_fits import HEAD_FITS
from headstart.learn.logistic import PENALTIES, fit_logistic
from headstart.learn.rows import Rows
from headstart.learn.standardisation import standardisation
from headstart.progress import silent
from headstart.settings import FeatureOptions

TARGETS = {"logistic": "≥ 0.97", "svm": "≥ 0.97", "mlp": "≥ 0.97"}
"""On Caltech-101, 40 classes; the others are there to compare with."""

TO_SKLEARN = "≥ 5"

LAYERS = "blocks_10+avg_pool"
RECIPES: dict[str, dict[str, Any]] = {
    "": {},
    "--flip": {"flip": True},
    "--l2": {"l2": True},
    "--scale 224 --scale 288": {"scale": (224, 288)},
    "--scale 224 --scale 288 --flip": {"scale": (224, 288), "flip": True},
    f"--layer {LAYERS}": {"layer": LAYERS},
    f"--layer {LAYERS} --l2": {"layer": LAYERS, "l2": True},
    f"--layer {LAYERS} --l2 --scale 224 --scale 288 --flip": {
        "layer": LAYERS,
        "l2": True,
        "scale": (224, 288),
        "flip": True,
    },
}
"""Options of `train`, and the same as settings; the first is what it does without any."""


def heads(pictures: Path) -> list[Figure]:
    """Measure every head on frozen EfficientNet-Lite0: mean test accuracy over five seeds, lowest and highest.

    A head is fitted to the train part of a 60/20/20 split alone, its cross-validation included.
    """
    caltech = _parts(pictures)
    figures = [_judged(name, caltech, "caltech101_40", TARGETS.get(name, "–")) for name in HEAD_FITS]
    with unpacked(TRASHNET) as folder:
        return [*figures, _judged("svm", _parts(folder), "trashnet_112", "≥ 0.855")]


def _parts(pictures: Path) -> list[Parts]:
    with pictures_of(pictures, silent) as read:
        dataset, features = rows_by(network_of(), read.dataset)
        return [parts_of(read, dataset, features, seed) for seed in SEEDS]


def _judged(name: str, parts: list[Parts], data: str, target: str) -> Figure:
    fits = [timed(partial(HEAD_FITS[name].fit, each.train, silent)) for each in parts]
    rights = [each.right(fit.head) for each, (fit, _) in zip(parts, fits, strict=True)]
    seconds = np.mean([spent for _, spent in fits])
    n, d = parts[0].train.features.shape
    what = f"frozen+{name} on {data}, seeds 0–4 ({seconds:.1f} s a fit to {n:,} × {d:,})"
    return Figure(what, spread(shares(rights)), target)


@dataclass(frozen=True)
class _Tried:
    """A recipe on one seed: the log loss of the cross-validation inside its train part, and what it got right."""

    log_loss: float
    right: Right


def recipe(pictures: Path) -> list[Figure]:
    """Compare the best recipe of frozen features, found for each seed inside its train part, with the plain features.

    The head is logistic. The recipe with the lowest log loss in the cross-validation is taken: the test part has no
    say. Its figures for the other recipes are there to be read. Seeds share test pictures, so the p-value of the pooled
    ones is a little too small.
    """
    with pictures_of(pictures, silent) as read, store_in_memory() as store:
        tried = {options: _tried(pictures, read, store, settings) for options, settings in RECIPES.items()}
    plain = [each.right for each in tried[""]]
    chosen = [min((own[seed].log_loss, options) for options, own in tried.items())[1] for seed in SEEDS]
    best = [tried[options][seed].right for seed, options in zip(SEEDS, chosen, strict=True)]
    figures = [
        Figure(
            f"frozen+logistic {options or 'as it is'}, seeds 0–4 (chosen for {chosen.count(options)}; log loss in the "
            f"cross-validation {np.mean([each.log_loss for each in own]):.4f})",
            spread(shares([each.right for each in own])),
        )
        for options, own in tried.items()
    ]
    return [
        *figures,
        Figure("the recipe chosen for each seed", spread(shares(best))),
        Figure("the recipe chosen for each seed against frozen+logistic as it is", str(difference(best, plain)), "> 0"),
    ]


def _tried(pictures: Path, read: Pictures, store: FeatureStore, settings: dict[str, Any]) -> list[_Tried]:
    setup, _ = setup_of(wish_of(FeatureOptions(pictures, precision="f32", **settings)), silent)
    features = extracted(read.dataset, setup, store, silent, training=read.dataset)
    matrix, tried = features.matrix(), []
    for seed in SEEDS:
        parts = parts_of(read, features.dataset, matrix, seed)
        fit = fit_logistic(parts.train, silent)
        tried.append(_Tried(float(fit.chosen["log_loss"]), parts.right(fit.head)))
    return tried


def logistic(pictures: Path) -> list[Figure]:
    """Compare frozen+logistic's fit with scikit-learn's LogisticRegressionCV: time, and test accuracy over five seeds.

    Both try the same 7 penalties in 4 folds of the same standardised train part, and choose by log loss.
    """
    parts = _parts(pictures)
    first = parts[0].train
    ours, theirs = median_seconds(partial(fit_logistic, first, silent), partial(_sklearn, first))
    own = [each.right(fit_logistic(each.train, silent).head) for each in parts]
    other = [_right_by_sklearn(each) for each in parts]
    n, d = first.features.shape
    return [
        Figure(
            f"scikit-learn's LogisticRegressionCV against frozen+logistic's fit ({n:,} × {d:,}; {theirs:.1f} and "
            f"{ours:.1f} s)",
            f"{theirs / ours:.1f}",
            TO_SKLEARN,
        ),
        Figure("mean test accuracy of frozen+logistic, seeds 0–4", spread(shares(own)), "≥ 0.97"),
        Figure("mean test accuracy of LogisticRegressionCV, seeds 0–4", spread(shares(other))),
        Figure("frozen+logistic against LogisticRegressionCV", str(difference(own, other)), "no worse"),
    ]


def _sklearn(rows: Rows) -> Any:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.linear_model import LogisticRegressionCV

    mean, std = standardisation(rows.features)
    theirs = LogisticRegressionCV(
        Cs=[1 / (penalty * len(rows.labels)) for penalty in PENALTIES],
        cv=4,
        max_iter=1000,
        scoring="neg_log_loss",
        use_legacy_attributes=False,
        l1_ratios=(0,),
    )
    return theirs.fit(((rows.features - mean) / std).astype(np.float64), rows.labels, sample_weight=rows.weights)


def _right_by_sklearn(parts: Parts) -> Right:
    mean, std = standardisation(parts.train.features)
    return np.asarray(_sklearn(parts.train).predict((parts.test - mean) / std) == parts.labels)
