"""Cross-validation: every picture judged once, by a head that has not seen it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.jobs.extraction import Features
from headstart.jobs.learning.given import Given, labels_of, of_sides, probabilities, vectors_for
from headstart.jobs.learning.on_features import fitted, rows_known
from headstart.judge.judged import chance_of, figures_with_intervals, plain_figures
from headstart.learn.heads import Floats
from headstart.progress import Entered, Listener


def fold_figures(given: Given, features: Features, listen: Listener) -> dict[str, Any]:
    """Return the figures of one head per fold, each on the fold that it was not trained on.

    These figures are of the method, not of the model that is written: that one is of the first fold's split.

    Parameters
    ----------
    given
        What heads are fitted to and how; its split has folds.
    features
        Of all pictures.
    listen
        Told of the progress.
    """
    dataset, split = features.dataset, given.split
    count = max(split.folds.values()) + 1
    listen(Entered(f"cross-validating in {count} folds"))
    judged: list[NDArray[np.intp]] = []
    units: list[int] = []
    probabilities_of: list[Floats] = []
    each = []
    for number in range(count):
        fold = split.fold(number)
        fit = fitted(given, features, rows_known(given, of_sides(dataset, fold, "train")), listen)
        test = vectors_for(features, of_sides(dataset, fold, "test").records)
        proba = probabilities(fit.head, test)
        judged.append(labels_of(test.dataset))
        units += [given.units[record.sha256] for record in test.dataset.records]
        probabilities_of.append(proba)
        each.append(plain_figures(judged[-1], proba))
    accuracies = [float(figures["accuracy"] or 0) for figures in each]
    labels, proba = np.concatenate(judged), np.concatenate(probabilities_of)
    chance = chance_of(labels_of(dataset), labels)
    figures = figures_with_intervals(labels, proba, dataset.classes, chance, given.settings.seed, units=units)
    return {
        "count": count,
        "mean_accuracy": float(np.mean(accuracies)),
        "lowest_accuracy": min(accuracies),
        "highest_accuracy": max(accuracies),
        "each": each,
        "together": {name: value for name, value in figures.items() if name != "warnings"},
    }
