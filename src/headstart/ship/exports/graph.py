"""The graph of a whole model, from uint8 pixels to probabilities, built once in Keras for every format.

It says what `headstart.features.recipe` and `headstart.learn.heads` compute in numpy, in operations that each of
Keras' backends has.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from headstart.errors import UserError
from headstart.features.recipe import Recipe
from headstart.networks.backbones import Backbone
from headstart.networks.classifier import cut_at, parts_of, whole_network, with_preprocessing
from headstart.networks.cuts import cut_of, sized
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import load_weights, write_tensors
from headstart.networks.weights import WeightsOrigin
from headstart.ship.bundle import Bundle
from headstart.ship.exports.head_layers import SCORES

FEATURES = "features"
"""The layer whose output is the vector that the head sees, ``(n, dimension)`` float32."""

PROBABILITIES = "probabilities"

Network = Callable[[Any], Any]
"""From float pixels ``(n, size, size, 3)`` in [0, 255] to vectors, symbolic both."""


def input_name(size: int) -> str:
    """Return what the input for pictures of ``size`` pixels a side is called."""
    return f"pixels_{size}"


def classifier_graph(bundle: Bundle) -> Any:  # noqa: ANN401 - Keras has no types
    """Return the model in ``bundle`` as a ``keras.Model``.

    Its inputs are a dictionary, ``pixels_224`` and so on: the picture at each size of the recipe, ``(n, 224, 224, 3)``
    uint8 RGB. Its output is a dictionary as well: ``probabilities``, ``(n, n_classes)`` float32 that sum to 1.
    """
    keras = import_keras()
    recipe = bundle.recipe
    inputs = {
        input_name(size): keras.Input((size, size, 3), name=input_name(size), dtype="uint8") for size in recipe.sizes
    }
    networks, lengths = _networks(bundle)
    of_sizes = []
    for pixels, network in zip(inputs.values(), networks, strict=True):
        of_sizes.append(_of_one_size(recipe, network, keras.ops.cast(pixels, "float32"), lengths))
    features = keras.layers.Identity(name=FEATURES)(_of_all_sizes(recipe, of_sizes))
    if features.shape[-1] != bundle.head.dimension:
        raise UserError("the model is refused: its head and its network don't fit together; fetch the model again.")
    scores = SCORES[bundle.head.kind](features, bundle.head)
    probabilities = keras.layers.Softmax(name=PROBABILITIES)(scores)
    return keras.Model(inputs, {PROBABILITIES: probabilities}, name="classifier")


def one_picture(graph: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what Keras' ``export`` is told to write ``graph`` for one picture at a time."""
    keras = import_keras()
    return {
        name: keras.InputSpec(shape=(1, *tensor.shape[1:]), dtype="uint8", name=name)
        for name, tensor in graph.input.items()
    }


def _networks(bundle: Bundle) -> tuple[list[Network], Sequence[int]]:
    """Return the network for each size of the recipe, all with the same weights, and the lengths of its parts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        write_tensors(bundle.backbone_arrays, path)
        origin = WeightsOrigin("file", path.name, path)
        built = [_network(bundle.backbone, size, bundle.recipe.layer, origin) for size in bundle.recipe.sizes]
    return [network for network, _ in built], built[0][1]


def _network(record: Backbone, size: int, layer: str, origin: WeightsOrigin) -> tuple[Network, Sequence[int]]:
    keras = import_keras()
    record = sized(record, size, layer)
    whole = whole_network(record, include_top=cut_of(record, layer).needs_top)
    cut = cut_at(whole, record, layer)
    load_weights(whole, cut, record, origin)
    network = with_preprocessing(cut, record)
    named = keras.Model(network.input, network.output, name=f"network_{size}")
    return named, [part[-1] for part in parts_of(whole, record, layer)]


def _of_one_size(recipe: Recipe, network: Network, pixels: Any, lengths: Sequence[int]) -> Any:  # noqa: ANN401
    """Return the vectors of the looks at one size brought together; see `features.recipe.brought_together`."""
    ops = import_keras().ops
    vectors = network(pixels)
    if recipe.flip:
        vectors = (vectors + network(ops.flip(pixels, axis=2))) / 2
    return _of_length_one(vectors, lengths) if recipe.l2 else vectors


def _of_all_sizes(recipe: Recipe, of_sizes: Sequence[Any]) -> Any:  # noqa: ANN401
    ops = import_keras().ops
    if recipe.combine == "stack" and len(of_sizes) > 1:
        together = ops.concatenate(of_sizes, axis=1)
    else:
        together = sum(of_sizes[1:], start=of_sizes[0]) / len(of_sizes) if len(of_sizes) > 1 else of_sizes[0]
    return _of_length_one(together, (together.shape[-1],)) if recipe.l2 else together


def _of_length_one(vectors: Any, parts: Sequence[int]) -> Any:  # noqa: ANN401
    """Return the vectors with each group of ``parts`` columns at length 1; zeros stay zeros."""
    ops = import_keras().ops
    groups, start = [], 0
    for width in parts:
        group = vectors[:, start : start + width]
        length = ops.sqrt(ops.sum(ops.square(group), axis=1, keepdims=True))
        groups.append(group / ops.where(length > 0, length, 1.0))
        start += width
    return ops.concatenate(groups, axis=1) if len(groups) > 1 else groups[0]
