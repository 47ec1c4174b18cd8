"""Test accuracy over seeds: what `headstart train --seed N` reports, with the features computed once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.figure import Figure
from benchmarks.pictures import CALTECH
from benchmarks.speed import network_of
from headstart.data.decode import Geometry
from headstart.data.split import new_split
from headstart.features.engine import engine_for
from headstart.features.extract import features_of
from headstart.jobs.holdout import rows_to_learn
from headstart.jobs.pictures import pictures_of
from headstart.learn.logistic import fit_logistic
from headstart.networks.backbones import DEFAULT
from headstart.progress import silent

SEEDS = range(5)
MOBILENET = CALTECH.parent / "weights" / "mobilenet_1_0_224_tf_no_top.h5"


def accuracy(pictures: Path) -> list[Figure]:
    """Measure the mean test accuracy over five seeds, of the default backbone and of MobileNet from a local file."""
    figures = [_mean_accuracy(pictures, DEFAULT, "imagenet")]
    if MOBILENET.is_file():
        figures.append(_mean_accuracy(pictures, "mobilenet", str(MOBILENET)))
    return figures


def _mean_accuracy(pictures: Path, name: str, weights: str) -> Figure:
    network = network_of(name, weights)
    geometry = Geometry(network.image_size)
    with pictures_of(pictures, silent) as read:
        dataset, features = features_of(read.dataset, engine_for(network), geometry, silent)
    labels = np.array([dataset.label_index(r) for r in dataset.records])
    shares = []
    for seed in SEEDS:
        split, _ = new_split(dataset, seed, read.together.units)
        train, test = rows_to_learn(split, dataset), split.part(dataset.records, "test")
        head = fit_logistic(features[train], labels[train], len(dataset.classes), seed)
        shares.append(float((head.predict_proba(features[test]).argmax(axis=1) == labels[test]).mean()))
    each = ", ".join(f"{share:.3f}" for share in shares)
    return Figure(f"mean test accuracy of {name}, seeds 0–4 ({each})", f"{np.mean(shares):.3f}", "≥ 0.97")
