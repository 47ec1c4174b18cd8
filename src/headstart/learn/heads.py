"""What a head is once it is fitted: dense layers as arrays, the same wherever they were trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class DenseHead:
    """Dense layers with ReLU between them and softmax at the end.

    ``layers`` holds a kernel ``(inputs, units)`` and a bias ``(units,)`` per layer, float32; the last has one
    unit per class.
    """

    layers: tuple[tuple[Floats, Floats], ...]

    @property
    def dimension(self) -> int:
        """How many features it takes."""
        return len(self.layers[0][0])

    def predict_proba(self, features: Floats) -> Floats:
        """Return ``(n, n_classes)`` float32 probabilities for ``(n, dimension)`` features; rows sum to 1."""
        x = features
        for kernel, bias in self.layers[:-1]:
            x = np.maximum(x @ kernel + bias, 0)
        kernel, bias = self.layers[-1]
        return softmax(x @ kernel + bias)

    def tensors(self) -> dict[str, Floats]:
        """Return the arrays by name, as they are stored."""
        named = {}
        for number, (kernel, bias) in enumerate(self.layers):
            named[f"{number}/kernel"] = kernel
            named[f"{number}/bias"] = bias
        return named


def head_from(tensors: Mapping[str, NDArray[Any]], dimension: int, n_classes: int) -> DenseHead:
    """Return the head made of stored ``tensors``; raise `UserError` if they don't form one of that size."""
    layers = []
    width = dimension
    for number in range(len(tensors) // 2):
        kernel, bias = tensors.get(f"{number}/kernel"), tensors.get(f"{number}/bias")
        if kernel is None or bias is None or bias.ndim != 1 or kernel.shape != (width, len(bias)):
            raise UserError(f"its head doesn't fit together at layer {number}")
        with np.errstate(over="ignore"):
            kernel, bias = kernel.astype(np.float32), bias.astype(np.float32)
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise UserError(f"its head holds values that aren't numbers at layer {number}")
        layers.append((kernel, bias))
        width = len(bias)
    if not layers or len(tensors) % 2 or width != n_classes:
        raise UserError(f"its head doesn't end in {n_classes} classes")
    return DenseHead(tuple(layers))


def softmax(logits: Floats) -> Floats:
    """Return the softmax of ``(n, k)`` logits along the last axis, computed without overflow."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def standardisation(features: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column, ``(dimension,)``; 1 where a column is constant."""
    mean = features.mean(axis=0, dtype=np.float64)
    std = features.std(axis=0, dtype=np.float64)
    std[std <= 1e-6 * np.abs(mean)] = 1
    return mean.astype(np.float32), std.astype(np.float32)


def on_raw_features(kernel: Floats, bias: Floats, mean: Floats, std: Floats) -> tuple[Floats, Floats]:
    """Return the dense layer that does to raw features what ``kernel`` and ``bias`` do to standardised ones."""
    raw = kernel / std[:, np.newaxis]
    return raw.astype(np.float32), (bias - mean @ raw).astype(np.float32)
