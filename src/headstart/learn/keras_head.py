"""The classic custom layers (dense 256, ReLU, dropout 0.5, softmax), trained with Keras on features.

The recipe of Chollet 2016 ("Building powerful image classification models using very little data") with Adam
(Kingma & Ba 2015) under a cosine learning rate. It runs in a child process, which has a Keras backend that can
train; the fitted layers come back as arrays. The networks that tell the temperature, each without one fold, are
trained side by side with the one that is kept: a step costs mostly its overhead.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from headstart import child
from headstart.folders import scratch_folder
from headstart.learn.fit import Fit, trial
from headstart.learn.folds import folds_of, sides
from headstart.learn.heads import DenseHead
from headstart.learn.rows import Rows
from headstart.learn.standardisation import on_raw_features, standardisation
from headstart.networks.classifier import head_layers
from headstart.networks.keras_backend import import_keras, required_training_backend
from headstart.progress import Listener

HIDDEN, DROPOUT = 256, 0.5
EPOCHS, BATCH_SIZE, LEARNING_RATE = 60, 128, 1e-3

HELD_OUT = 2
"""How many folds tell the temperature: every network more costs as much as the one that is kept."""

_LENGTH = 4.0
"""About the length of a row that the network is given: with longer ones its hidden layer learns rows by heart."""

_MOST_STEPS, _FEWEST_EPOCHS = 3000, 10


def fit_keras_head(rows: Rows, listen: Listener) -> Fit:
    """Return the custom layers fitted to ``rows``.

    Raises
    ------
    MissingError
        If no Keras backend that can train is installed.
    """
    backend = required_training_backend("The head mlp")
    mean, std = standardisation(rows.features)
    std *= np.float32(max(1.0, np.sqrt(len(std)) / _LENGTH))
    fold = folds_of(rows)
    fold = np.where(fold < HELD_OUT, fold, -1)
    parts = list(sides(fold))
    # What each network learns from: the first, which is kept, from all.
    counts = np.stack([rows.weights, *(rows.weights * learnt for learnt, _ in parts)])
    with scratch_folder() as folder:
        standardised = (rows.features - mean) / std
        np.savez(folder / "rows.npz", features=standardised, labels=rows.labels, counts=counts)
        child.run(__name__, {"n_classes": rows.n_classes, "seed": rows.seed}, folder, backend, listen)
        with np.load(folder / "heads.npz", allow_pickle=False) as arrays:
            networks = [
                DenseHead(tuple((arrays[f"{net}/kernel{i}"], arrays[f"{net}/bias{i}"]) for i in range(2)))
                for net in range(len(counts))
            ]
    scores = np.zeros((len(rows.labels), rows.n_classes), np.float32)
    for network, (_, held) in zip(networks[1:], parts, strict=True):
        scores[held] = network.scores(standardised[held])
    judged = trial(None, scores, rows, fold)
    (kernel, bias), last = networks[0].layers
    head = DenseHead((on_raw_features(kernel, bias, mean, std), last)).cooled(judged.temperature)
    return Fit(head, {"hidden": HIDDEN, "epochs": epochs_for(len(rows.labels)), **judged.document()})


def epochs_for(n: int) -> int:
    """Return how often ``n`` rows are passed over: less often where they are so many that it would take minutes."""
    return max(_FEWEST_EPOCHS, min(EPOCHS, _MOST_STEPS * BATCH_SIZE // n))


def _fit(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    keras = import_keras()
    keras.utils.set_random_seed(job["seed"])
    with np.load(folder / "rows.npz", allow_pickle=False) as rows:
        features, labels, counts = rows["features"], rows["labels"], rows["counts"]
    taken = keras.Input(features.shape[1:])
    networks = [
        keras.Sequential(
            head_layers(job["n_classes"], hidden=HIDDEN, dropout=DROPOUT, seed=job["seed"] + 2 * number),
            name=f"network{number}",
        )
        for number in range(len(counts))
    ]
    model = keras.Model(taken, [network(taken) for network in networks])
    epochs = epochs_for(len(features))
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * -(-len(features) // BATCH_SIZE))
    model.compile(keras.optimizers.Adam(rate), ["sparse_categorical_crossentropy"] * len(networks))
    many = len(networks)
    model.fit(features, [labels] * many, sample_weight=list(counts), batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    arrays = {}
    for number, network in enumerate(networks):
        for place, layer in enumerate(layer for layer in network.layers if layer.weights):
            arrays[f"{number}/kernel{place}"] = layer.kernel.numpy()
            arrays[f"{number}/bias{place}"] = layer.bias.numpy()
    np.savez(folder / "heads.npz", **arrays)
    return {}


if __name__ == "__main__":
    child.child_main(_fit)
