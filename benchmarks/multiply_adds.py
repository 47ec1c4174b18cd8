"""What a picture's way through a network costs, counted from the Keras graph."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

_COUNTED = ("Conv2D", "DepthwiseConv2D", "Dense")


def multiply_adds(layers: Iterable[Any]) -> int:
    """Return the multiply-adds of a picture's way forward through convolutions, depthwise ones too, and dense layers.

    Each number of a kernel is used once at each position of the map that comes out.
    """
    counted = [layer for layer in layers if type(layer).__name__ in _COUNTED]
    return sum(math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1]) for layer in counted)
