"""Cross-validation: every picture judged once, by a head that has not seen it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import Dataset
from headstart.data.split import Split
from headstart.jobs.holdout import rows_to_learn
from headstart.judge.judged import chance_of, figures_with_intervals, plain_figures
from headstart.learn.approaches import Approach
from headstart.learn.heads import Floats
from headstart.progress import Entered, Listener


def fold_figures(
    way: Approach, dataset: Dataset, features: Floats, split: Split, *, seed: int, listen: Listener
) -> dict[str, Any]:
    """Return the figures of one head per fold, each on the fold that it was not trained on.

    These figures are of the method, not of the model that is written: that one is of the first fold's split.

    Parameters
    ----------
    way
        How heads are fitted.
    dataset, features
        The pictures and their ``(n_pictures, dimension)`` features.
    split
        With folds.
    seed
        Of the fits and the bootstrap.
    listen
        Told of the progress.
    """
    count = max(split.folds.values()) + 1
    listen(Entered(f"cross-validating in {count} folds"))
    labels = np.array([dataset.label_index(record) for record in dataset.records])
    judged: list[NDArray[np.intp]] = []
    probabilities: list[Floats] = []
    each = []
    for number in range(count):
        fold = split.fold(number)
        train, test = rows_to_learn(fold, dataset), np.array(fold.part(dataset.records, "test"))
        head = way.fit_head(features[train], labels[train], len(dataset.classes), seed, listen)
        proba = head.predict_proba(features[test])
        judged.append(test)
        probabilities.append(proba)
        each.append(plain_figures(labels[test], proba))
    accuracies = [float(figures["accuracy"] or 0) for figures in each]
    together, proba = np.concatenate(judged), np.concatenate(probabilities)
    figures = figures_with_intervals(
        labels[together], proba, dataset.classes, chance_of(labels, labels[together]), seed
    )
    return {
        "count": count,
        "mean_accuracy": float(np.mean(accuracies)),
        "lowest_accuracy": min(accuracies),
        "highest_accuracy": max(accuracies),
        "each": each,
        "together": {name: value for name, value in figures.items() if name != "warnings"},
    }
