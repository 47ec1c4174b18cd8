"""EfficientNet-Lite: EfficientNet without squeeze-and-excitation and with ReLU6, which Keras doesn't ship.

Tan & Le 2019, EfficientNet (arXiv:1905.11946), Table 1 for the stages; the Lite variants (TensorFlow TPU models,
2020) drop squeeze-and-excitation, replace swish by ReLU6, and scale neither the stem (32) nor the head (1280).
Layer names follow the keys of the published weights (``_blocks.3._bn1`` is ``blocks_3_bn1`` here).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class _Stage:
    repeats: int
    kernel: int
    stride: int
    expand: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_EPSILON = 1e-3


def EfficientNetLite0(**options: Any) -> Any:  # noqa: ANN401, N802 - Keras has no types; named as in keras.applications
    """Return EfficientNet-Lite0 (224 px); see `_network` for the options."""
    return _network("efficientnet_lite0", width=1.0, depth=1.0, default_size=224, **options)


def EfficientNetLite1(**options: Any) -> Any:  # noqa: ANN401, N802
    """Return EfficientNet-Lite1 (240 px); see `_network` for the options."""
    return _network("efficientnet_lite1", width=1.0, depth=1.1, default_size=240, **options)


def EfficientNetLite2(**options: Any) -> Any:  # noqa: ANN401, N802
    """Return EfficientNet-Lite2 (260 px); see `_network` for the options."""
    return _network("efficientnet_lite2", width=1.1, depth=1.2, default_size=260, **options)


def _network(
    name: str,
    *,
    width: float,
    depth: float,
    default_size: int,
    include_top: bool = True,
    weights: None = None,
    input_shape: tuple[int, int, int] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
) -> Any:  # noqa: ANN401
    """Return the network with random weights, from preprocessed pixels to logits' softmax or to features.

    The options are those of ``keras.applications``: with ``include_top`` the output is ``(n, classes)``
    probabilities, else the last map, averaged over its positions if ``pooling`` is "avg".
    """
    import keras
    from keras import layers

    if weights is not None:
        raise ValueError("weights are loaded by headstart.networks.weight_files")
    inputs = keras.Input(input_shape or (default_size, default_size, 3))
    x = _convolved(inputs, "conv_stem", 32, 3, stride=2)
    x = _normalised(x, "bn0", relu="stem_relu")
    number = 0
    for index, stage in enumerate(_STAGES):
        # The first and the last stage aren't repeated more often in deeper networks.
        repeats = stage.repeats if index in (0, len(_STAGES) - 1) else math.ceil(stage.repeats * depth)
        for repeat in range(repeats):
            x = _block(
                x,
                f"blocks_{number}",
                stage,
                _rounded(stage.filters * width),
                stage.stride if repeat == 0 else 1,
            )
            number += 1
    x = _convolved(x, "conv_head", 1280, 1)
    x = _normalised(x, "bn1", relu="head_relu")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(0.2, name="top_dropout")(x)
        x = layers.Dense(classes, activation="softmax", name="fc")(x)
    elif pooling == "avg":
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, x, name=name)


def _rounded(filters: float) -> int:
    """Return ``filters`` rounded to a multiple of 8, never down by more than 10 % (as in EfficientNet's code)."""
    rounded = max(8, int(filters + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * filters else rounded


def _block(x: Any, name: str, stage: _Stage, filters: int, stride: int) -> Any:  # noqa: ANN401
    """Return ``x`` through an inverted residual block (MobileNetV2, section 3.3)."""
    from keras import layers

    entry, width = x, x.shape[-1]
    last = "output" if stride == 1 and width == filters else ""
    if stage.expand != 1:
        x = _convolved(x, f"{name}_expand_conv", width * stage.expand, 1)
        x = _normalised(x, f"{name}_bn0", relu=f"{name}_expand_relu")
    x = layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalised(x, f"{name}_bn1", relu=f"{name}_depthwise_relu")
    x = _convolved(x, f"{name}_project_conv", filters, 1)
    x = _normalised(x, f"{name}_bn2")
    if last:
        return layers.Add(name=name)([x, entry])
    return layers.Activation("linear", name=name)(x)


def _convolved(x: Any, name: str, filters: int, kernel: int, stride: int = 1) -> Any:  # noqa: ANN401
    from keras import layers

    return layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False, name=name)(x)


def _normalised(x: Any, name: str, relu: str | None = None) -> Any:  # noqa: ANN401
    from keras import layers

    x = layers.BatchNormalization(epsilon=_EPSILON, momentum=0.99, name=name)(x)
    return layers.ReLU(6.0, name=relu)(x) if relu else x


_VARIABLES = {
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
    "bias": "bias",
}


def keras_arrays(tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Return the published torch tensors under the names, and in the axes, of the Keras network's variables."""
    arrays = {}
    for key, tensor in tensors.items():
        layer, variable = key.rsplit(".", 1)
        if variable == "num_batches_tracked":
            continue
        layer = re.sub(r"\._?|^_", "_", layer).lstrip("_")
        if variable == "weight":
            variable = {1: "gamma", 2: "kernel", 4: "kernel"}[tensor.ndim]
        else:
            variable = {**_VARIABLES, "bias": "bias" if layer == "fc" else "beta"}[variable]
        axes: tuple[int, ...] = tuple(range(tensor.ndim))
        if tensor.ndim == 4:
            # torch (out, in, height, width); Keras (height, width, in, out), depthwise (height, width, in, 1).
            axes = (2, 3, 0, 1) if layer.endswith("depthwise_conv") else (2, 3, 1, 0)
        elif tensor.ndim == 2:
            axes = (1, 0)
        arrays[f"{layer}/{variable}"] = np.ascontiguousarray(tensor.transpose(axes), np.float32)
    return arrays
