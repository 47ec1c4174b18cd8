"""The other classic form of transfer: pretrain on a source, learn the target on the frozen network.

The source is the handwritten digits 0-4 of scikit-learn (8 x 8 pixels, Alpaydin & Kaynak 1998), the target the
digits 5-9 with 10 pictures each. Runs in a child process with a Keras backend that can train.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.child import child_main
from headstart.networks.classifier import compile_head, head_layers
from headstart.networks.keras_backend import import_keras
from headstart.networks.small_vgg import small_vgg
from headstart.progress import Entered, Listener

PER_CLASS = 10
_SOURCE_EPOCHS, _SCRATCH_EPOCHS = 12, 60
_BATCH_SIZE, _LEARNING_RATE = 32, 1e-3


def _transfer(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    """Write ``rows.npz``: features, labels and the scratch network's probabilities on the target's test pictures."""
    from sklearn.datasets import load_digits

    keras = import_keras()
    keras.utils.set_random_seed(job["seed"])
    digits = load_digits()
    pictures = (digits.images[..., np.newaxis] / 16).astype(np.float32)
    source = digits.target < 5
    listen(Entered("pretraining on the digits 0-4"))
    pretrained, _ = _trained(pictures[source], digits.target[source], _SOURCE_EPOCHS, job["seed"])

    target = np.flatnonzero(~source)
    order = np.random.default_rng(job["seed"]).permutation(target)
    labels = digits.target[order] - 5
    train = np.concatenate([np.flatnonzero(labels == label)[:PER_CLASS] for label in range(5)])
    test = np.setdiff1d(np.arange(len(order)), train)
    listen(Entered("learning the digits 5-9 from scratch"))
    _, scratch = _trained(pictures[order[train]], labels[train], _SCRATCH_EPOCHS, job["seed"])
    np.savez(
        folder / "rows.npz",
        train_features=pretrained.predict(pictures[order[train]], verbose=0),
        test_features=pretrained.predict(pictures[order[test]], verbose=0),
        train_pixels=pictures[order[train]].reshape(len(train), -1),
        test_pixels=pictures[order[test]].reshape(len(test), -1),
        train_labels=labels[train],
        test_labels=labels[test],
        scratch_proba=scratch.predict(pictures[order[test]], verbose=0),
    )
    learnt = scratch.predict(pictures[order[train]], verbose=0).argmax(axis=1) == labels[train]
    return {"source_pictures": int(source.sum()), "scratch_train_accuracy": float(learnt.mean())}


def _trained(pictures: NDArray[np.float32], labels: NDArray[np.intp], epochs: int, seed: int) -> tuple[Any, Any]:
    """Return the network without and with its softmax layer, trained on 5 classes."""
    keras = import_keras()
    maps = small_vgg(input_shape=pictures.shape[1:])
    network = keras.Model(maps.input, keras.layers.Flatten()(maps.output))
    x = network.output
    for layer in head_layers(5, hidden=0, dropout=0, seed=seed):
        x = layer(x)
    model = keras.Model(network.input, x)
    steps = epochs * -(-len(pictures) // _BATCH_SIZE)
    compile_head(model, keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, steps))
    model.fit(pictures, labels, batch_size=_BATCH_SIZE, epochs=epochs, verbose=0)
    return network, model


if __name__ == "__main__":
    child_main(_transfer)
