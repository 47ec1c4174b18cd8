"""Keras models made from the table: the feature network, and the classifier a Keras user expects."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart.errors import UserError
from headstart.networks.backbones import Backbone, backbone
from headstart.networks.cuts import AVERAGE, cut_of
from headstart.networks.inference_mode import in_inference_mode
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import layer_names
from headstart.progress import silent


def whole_network(record: Backbone, *, include_top: bool) -> Any:  # noqa: ANN401 - Keras has no types
    """Return the record's Keras network with random weights, from preprocessed pixels.

    Without the top its output is the pooled last map, ``(n, dimension)``; with it, ``(n, 1000)`` probabilities.
    """
    import_keras()
    module, function = record.builder.split(":")
    builder = getattr(importlib.import_module(module), function)
    options = dict(record.options) | ({} if include_top else {"pooling": "avg"})
    side = record.image_size
    return builder(include_top=include_top, weights=None, input_shape=(side, side, 3), **options)


def cut_at(network: Any, record: Backbone, layer: str) -> Any:  # noqa: ANN401
    """Return the part of ``network`` from preprocessed pixels to ``layer``, see `headstart.networks.cuts`.

    Its output is ``(n, dimension)``; a map is flattened.
    """
    cut = cut_of(record, layer)
    if not cut.needs_top and layer == AVERAGE:
        return network
    keras = import_keras()
    layers = layer_names(network)
    parts = [_POOLINGS[tap.pool](keras)(layers[tap.layer].output) for tap in cut.taps]
    together = parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="side_by_side")(parts)
    return keras.Model(network.input, together, name=f"{record.name}_cut")


_POOLINGS: dict[str | None, Callable[[Any], Callable[[Any], Any]]] = {
    "avg": lambda keras: keras.layers.GlobalAveragePooling2D(),
    "max": lambda keras: keras.layers.GlobalMaxPooling2D(),
    "none": lambda keras: keras.layers.Flatten(),
    None: lambda keras: lambda output: output,
}


def parts_of(network: Any, record: Backbone, layer: str) -> list[tuple[int, ...]]:  # noqa: ANN401
    """Return the shapes of what `cut_at` puts side by side: ``(d,)``, or ``(height, width, channels)`` of a map."""
    cut = cut_of(record, layer)
    shapes = [tuple(layer_names(network)[tap.layer].output.shape[1:]) for tap in cut.taps]
    return shapes if cut.is_map else [shape[-1:] for shape in shapes]


def preprocessed(pixels: Any, record: Backbone) -> Any:  # noqa: ANN401
    """Return the symbolic tensor ``pixels``, RGB in [0, 255], as the network of ``record`` expects it."""
    keras = import_keras()
    prep = record.preprocessing
    if prep.channels == "BGR":
        pixels = keras.ops.take(pixels, [2, 1, 0], axis=-1)
    scale = [1 / std for std in prep.std]
    offset = [-mean / std for mean, std in zip(prep.mean, prep.std, strict=True)]
    return keras.layers.Rescaling(scale, offset, name="preprocessing")(pixels)


def with_preprocessing(network: Any, record: Backbone) -> Any:  # noqa: ANN401
    """Return ``network`` with its preprocessing in front, to predict with: from RGB pixels in [0, 255]."""
    keras = import_keras()
    side = record.image_size
    pixels = keras.Input((side, side, 3), name="pixels")
    return keras.Model(pixels, network(preprocessed(pixels, record)), name=f"{record.name}_features")


def head_layers(num_classes: int, *, hidden: int, dropout: float, seed: int) -> list[Any]:
    """Return the classic custom layers: dense with ReLU, dropout, softmax; without ``hidden`` units, softmax alone."""
    keras = import_keras()
    layers: list[Any] = []
    if hidden:
        initial = keras.initializers.GlorotUniform(seed=seed)
        layers.append(keras.layers.Dense(hidden, activation="relu", kernel_initializer=initial, name="hidden"))
        layers.append(keras.layers.Dropout(dropout, seed=seed, name="dropout"))
    initial = keras.initializers.GlorotUniform(seed=seed + 1)
    layers.append(
        keras.layers.Dense(num_classes, activation="softmax", kernel_initializer=initial, name="probabilities")
    )
    return layers


def compile_head(model: Any, learning_rate: Any) -> None:  # noqa: ANN401
    """Compile a model that ends in class probabilities for integer labels."""
    keras = import_keras()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def build_classifier(
    backbone_name: str = "efficientnet_lite0",
    *,
    num_classes: int,
    weights: str | Path = "imagenet",
    layer: str = "avg_pool",
    hidden: int = 256,
    dropout: float = 0.5,
    learning_rate: float = 1e-3,
    seed: int = 0,
    offline: bool = False,
) -> Any:  # noqa: ANN401
    """Return a compiled ``keras.Model`` for transfer learning, in which exactly the custom layers are trainable.

    It maps RGB pixels, ``(n, size, size, 3)`` in [0, 255], to probabilities, ``(n, num_classes)`` float32 that
    sum to 1. Preprocessing is inside. The backbone runs in inference mode always, so that its batch normalisation
    isn't changed by ``fit``, not even where the user unfreezes it. A model saved with ``model.save`` needs headstart
    imported where it is loaded.

    Parameters
    ----------
    backbone_name
        A name that ``headstart backbones`` lists.
    num_classes
        Number of classes, at least 2.
    weights
        "imagenet", "none", a weight file, or a model folder that headstart wrote.
    layer
        The layer whose output the custom layers see.
    hidden, dropout
        The classic custom layers: one dense layer of ``hidden`` units with ReLU, then dropout; 0 leaves both out.
    learning_rate
        Of Adam (Kingma & Ba 2015).
    seed
        Of the initial custom layers, of dropout, and of the backbone if ``weights`` is "none".
    offline
        Never download a weight file.

    Raises
    ------
    UserError
        For an unknown name or a weight file that doesn't fit.
    MissingError
        If the weights can't be had.
    """
    from headstart.networks.weight_files import load_weights
    from headstart.networks.weights import find_weights

    if num_classes < 2:
        raise UserError(f"num_classes is {num_classes}; a classifier needs at least 2 classes.")
    record = backbone(backbone_name)
    origin = find_weights(record, str(weights), layer=layer, seed=seed, offline=offline, listen=silent)
    keras = import_keras()
    whole = whole_network(record, include_top=cut_of(record, layer).needs_top)
    cut = cut_at(whole, record, layer)
    load_weights(whole, cut, record, origin)
    frozen = in_inference_mode(cut)
    frozen.trainable = False
    side = record.image_size
    pixels = keras.Input((side, side, 3), name="pixels")
    x = frozen(preprocessed(pixels, record))
    for custom in head_layers(num_classes, hidden=hidden, dropout=dropout, seed=seed):
        x = custom(x)
    model = keras.Model(pixels, x, name=f"{record.name}_classifier")
    compile_head(model, learning_rate)
    return model
