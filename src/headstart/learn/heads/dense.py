"""Dense layers as arrays, the same wherever they were trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.errors import UserError
from headstart.learn.heads.head import Head, Tensors
from headstart.learn.rows import Floats


@dataclass(frozen=True)
class DenseHead(Head):
    """Dense layers with ReLU between them and softmax at the end.

    ``layers`` holds a kernel ``(inputs, units)`` and a bias ``(units,)`` per layer, float32; the last has one
    unit per class.
    """

    layers: tuple[tuple[Floats, Floats], ...]
    kind: ClassVar[str] = "dense"

    @property
    def dimension(self) -> int:
        """How many features it takes."""
        return len(self.layers[0][0])

    def scores(self, features: Floats) -> Floats:
        """Return what the last layer gives, ``(n, n_classes)`` float32, before the softmax."""
        x = features
        for kernel, bias in self.layers[:-1]:
            x = np.maximum(x @ kernel + bias, 0)
        kernel, bias = self.layers[-1]
        return np.asarray(x @ kernel + bias, np.float32)

    def tensors(self) -> dict[str, Floats]:
        """Return the arrays by name, as they are stored."""
        named = {}
        for number, (kernel, bias) in enumerate(self.layers):
            named[f"{number}/kernel"] = kernel
            named[f"{number}/bias"] = bias
        return named

    def cooled(self, temperature: float) -> DenseHead:
        """Return the head with the last layer divided by ``temperature``."""
        kernel, bias = self.layers[-1]
        by = np.float32(temperature)
        return DenseHead((*self.layers[:-1], (kernel / by, bias / by)))


def dense_head(tensors: Tensors, dimension: int, n_classes: int) -> DenseHead:
    """Return the layers stored as ``tensors``; raise `UserError` if they don't lead from ``dimension`` to classes."""
    layers = []
    width = dimension
    for number in range(len(tensors) // 2):
        kernel, bias = tensors.get(f"{number}/kernel"), tensors.get(f"{number}/bias")
        if kernel is None or bias is None or bias.ndim != 1 or kernel.shape != (width, len(bias)):
            raise UserError(f"its head doesn't fit together at layer {number}")
        with np.errstate(over="ignore"):
            kernel, bias = kernel.astype(np.float32, copy=False), bias.astype(np.float32, copy=False)
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise UserError(f"its head holds values that aren't numbers at layer {number}")
        layers.append((kernel, bias))
        width = len(bias)
    if not layers or len(tensors) % 2 or width != n_classes:
        raise UserError(f"its head doesn't end in {n_classes} classes")
    return DenseHead(tuple(layers))
