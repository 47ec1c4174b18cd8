"""frozen+mlp: the classic custom layers (dense 256, ReLU, dropout 0.5, softmax), trained with Keras on features.

The recipe of Chollet 2016 ("Building powerful image classification models using very little data") with Adam
(Kingma & Ba 2015) under a cosine learning rate. It runs in a child process, which has a Keras backend that can
train; the fitted layers come back as arrays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart import child
from headstart.folders import scratch_folder
from headstart.learn.heads import DenseHead, Floats, on_raw_features, standardisation
from headstart.networks.classifier import compile_head, head_layers
from headstart.networks.keras_backend import import_keras, required_training_backend
from headstart.progress import Listener

HIDDEN, DROPOUT = 256, 0.5
EPOCHS, BATCH_SIZE, LEARNING_RATE = 60, 32, 1e-3


def fit_keras_head(
    features: Floats, labels: NDArray[np.intp], n_classes: int, seed: int, listen: Listener
) -> DenseHead:
    """Return the custom layers fitted to ``features``, ``(n, dimension)`` float32, and ``labels``, ``(n,)``.

    Raises
    ------
    MissingError
        If no Keras backend that can train is installed.
    """
    backend = required_training_backend("frozen+mlp")
    mean, std = standardisation(features)
    with scratch_folder() as folder:
        np.savez(folder / "rows.npz", features=(features - mean) / std, labels=labels)
        child.run(__name__, {"n_classes": n_classes, "seed": seed}, folder, backend, listen)
        with np.load(folder / "head.npz", allow_pickle=False) as arrays:
            (kernel, bias), *rest = [(arrays[f"kernel{i}"], arrays[f"bias{i}"]) for i in range(len(arrays) // 2)]
    return DenseHead((on_raw_features(kernel, bias, mean, std), *rest))


def _fit(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    keras = import_keras()
    keras.utils.set_random_seed(job["seed"])
    with np.load(folder / "rows.npz", allow_pickle=False) as rows:
        features, labels = rows["features"], rows["labels"]
    custom = head_layers(job["n_classes"], hidden=HIDDEN, dropout=DROPOUT, seed=job["seed"])
    head = keras.Sequential([keras.Input(features.shape[1:]), *custom])
    steps = EPOCHS * -(-len(features) // BATCH_SIZE)
    compile_head(head, keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps))
    head.fit(features, labels, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
    dense = [layer for layer in head.layers if layer.weights]
    arrays = {}
    for number, layer in enumerate(dense):
        arrays[f"kernel{number}"] = layer.kernel.numpy()
        arrays[f"bias{number}"] = layer.bias.numpy()
    np.savez(folder / "head.npz", **arrays)
    return {}


if __name__ == "__main__":
    child.child_main(_fit)
