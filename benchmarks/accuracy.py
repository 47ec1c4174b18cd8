"""Test accuracy over seeds: what `headstart train --seed N` reports, with the features computed once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from benchmarks.parts import SEEDS, parts_of
from benchmarks.pictures import MOBILENET
from benchmarks.rows import network_of, rows_by
from headstart.data.decode import Geometry
from headstart.data.records import Dataset
from headstart.features.engine import reduced_precisions
from headstart.jobs.pictures import Pictures, pictures_of
from headstart.jobs.precision import Chosen, Trial, comparison, in_precision
from headstart.learn.logistic import fit_logistic
from headstart.networks.backbones import DEFAULT
from headstart.networks.converted import ConvertedNetwork, can_quantise
from headstart.progress import silent


def accuracy(pictures: Path) -> list[Figure]:
    """Measure the mean test accuracy over five seeds, of the default backbone and of MobileNet from a local file."""
    figures = []
    for name, network in _genuine():
        with pictures_of(pictures, silent) as read:
            shares = _shares(read, *rows_by(network, read.dataset))
        each = ", ".join(f"{share:.3f}" for share in shares)
        what = f"mean test accuracy of {name}, seeds 0–4 ({each})"
        figures.append(Figure(what, f"{np.mean(shares):.3f}", "≥ 0.97"))
    return figures


def precision(pictures: Path) -> list[Figure]:
    """Measure what features in less than f32 cost in mean test accuracy over five seeds, where they would be used."""
    names = (*reduced_precisions("openvino"), *(["int8"] if can_quantise() else []))
    figures = []
    for backbone, network in _genuine():
        with pictures_of(pictures, silent) as read:
            look = Geometry(network.image_size)
            exact = _shares(read, *rows_by(network, read.dataset))
            for name in names:
                reduced = in_precision(Chosen(name), network, look, read.dataset, silent)
                trial = Trial(network, "openvino", look, read.dataset, lambda some, by: rows_by(by, some))
                loss = comparison(trial, reduced)
                lost = 100 * float(np.mean(exact) - np.mean(_shares(read, *rows_by(reduced, read.dataset))))
                used = "used" if loss.is_good else "not used"
                what = f"points of accuracy that {name} costs {backbone}, seeds 0–4 ({used}: {loss})"
                figures.append(Figure(what, f"{lost:.2f}", "≤ 0.5, or not used"))
    return figures


def _genuine() -> list[tuple[str, ConvertedNetwork]]:
    own = [(DEFAULT, network_of())]
    return [*own, ("mobilenet", network_of("mobilenet", str(MOBILENET)))] if MOBILENET.is_file() else own


def _shares(read: Pictures, dataset: Dataset, features: NDArray[np.float32]) -> list[float]:
    """Return the test accuracy for each seed."""
    parts = [parts_of(read, dataset, features, seed) for seed in SEEDS]
    return [float(each.right(fit_logistic(each.train, silent).head).mean()) for each in parts]
