"""What people do today: the first part of https://keras.io/guides/transfer_learning on folders train, val and test.

A script of its own, without anything of headstart. The frozen base is a part of the model, and so every picture goes
through it again in every epoch. The head is the classic one: 256 units, dropout, softmax. Like the guide it keeps
decoded pictures in memory; unlike it, it doesn't change them at each look, which would cost it time.

``python -m benchmarks.guide train FOLDER WEIGHTS MODEL EPOCHS``, and afterwards ``predict MODEL FOLDER TABLE``.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIDE = 224


def train(folder: str, weights: str, model_file: str, epochs: str) -> None:
    """Train a head on frozen MobileNet, write the model, and print its accuracy on ``folder/test``."""
    import keras

    keras.utils.set_random_seed(0)
    train_pictures, classes = _pictures(Path(folder, "train"), shuffle=True)
    val_pictures, _ = _pictures(Path(folder, "val"), shuffle=False)
    test_pictures, _ = _pictures(Path(folder, "test"), shuffle=False)

    base = keras.applications.MobileNet(weights=weights, include_top=False, input_shape=(SIDE, SIDE, 3))
    base.trainable = False
    inputs = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = base(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(256, activation="relu")(x)
    x = keras.layers.Dropout(0.5)(x)
    model = keras.Model(inputs, keras.layers.Dense(len(classes), activation="softmax")(x))
    model.compile(keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])

    model.fit(train_pictures, validation_data=val_pictures, epochs=int(epochs))
    _, accuracy = model.evaluate(test_pictures)
    model.save(model_file)
    print(f"accuracy {accuracy:.4f}")


def _pictures(folder: Path, *, shuffle: bool) -> tuple[Any, list[str]]:
    """Return batches of 32 pictures and labels, kept in memory once they were decoded, and the classes."""
    import tensorflow as tf

    import keras

    pictures = keras.utils.image_dataset_from_directory(folder, image_size=(SIDE, SIDE), shuffle=shuffle, seed=0)
    kept = pictures.cache()
    return (kept.shuffle(1000) if shuffle else kept).prefetch(tf.data.AUTOTUNE), pictures.class_names


def predict(model_file: str, folder: str, table: str) -> None:
    """Write what the model says of the pictures in ``folder``, with the columns of our `predictions.csv`.

    No part of what people do, and so not of what is timed.
    """
    import keras

    pictures = keras.utils.image_dataset_from_directory(folder, image_size=(SIDE, SIDE), shuffle=False)
    scores = keras.models.load_model(model_file).predict(pictures)
    with Path(table).open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("path", "label", "approach", "predicted", "probability"))
        for file, own in zip(pictures.file_paths, scores, strict=True):
            path = Path(file).relative_to(folder)
            rows.writerow((path.as_posix(), path.parts[0], "guide", pictures.class_names[own.argmax()], own.max()))


if __name__ == "__main__":
    commands: dict[str, Callable[..., None]] = {"train": train, "predict": predict}
    commands[sys.argv[1]](*sys.argv[2:])
