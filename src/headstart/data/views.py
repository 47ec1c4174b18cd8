"""Views of a picture: as it is, mirrored, or a part of it drawn at random. The same picture always has the same."""

from __future__ import annotations

import hashlib
import math
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WHOLE, MIRRORED = "whole", "mirrored"
"""The picture as it is, and its left side on the right."""

MOST_VIEWS = 100
"""Of one picture: more of the same say nothing new."""

_LEAST_AREA = 0.5
_LARGEST_ASPECT = 4 / 3
_TRIES = 10

_is_drawn = re.compile(r"drawn-[1-9][0-9]{0,3}").fullmatch


def drawn(number: int) -> str:
    """Return the name of the random view of this ``number``, from 1."""
    return f"drawn-{number}"


def is_view(name: str) -> bool:
    """Return whether there is a view of this ``name``."""
    return name in (WHOLE, MIRRORED) or _is_drawn(name) is not None


def seen_as(view: str, image: Image.Image, data: bytes) -> tuple[Image.Image, bool]:
    """Return the part of ``image`` that the ``view`` shows, and whether it is mirrored.

    A drawn view has at least half of the area, an aspect changed by a third at most, and is mirrored half of the time
    (Szegedy et al. 2015, arXiv:1409.4842, section 6, with a larger part: a frozen network learns nothing from bits).
    What is drawn depends on the picture's ``data`` and the view's name alone.
    """
    if not _is_drawn(view):
        return image, view == MIRRORED
    seed = hashlib.sha256(view.encode() + hashlib.sha256(data).digest()).digest()
    random = np.random.default_rng(int.from_bytes(seed, "big"))
    return image.crop(_box(image.width, image.height, random)), bool(random.random() < 0.5)


def _box(width: int, height: int, random: np.random.Generator) -> tuple[int, int, int, int]:
    for _ in range(_TRIES):
        area = random.uniform(_LEAST_AREA, 1)
        aspect = math.exp(random.uniform(-math.log(_LARGEST_ASPECT), math.log(_LARGEST_ASPECT)))
        # Rounded up: of a small picture, rounding would leave less than half.
        across, down = (math.ceil(side) for side in _sides(width, height, area, aspect))
        if across <= width and down <= height:
            left, top = (int(random.integers(0, room + 1)) for room in (width - across, height - down))
            return left, top, left + across, top + down
    return 0, 0, width, height


def _sides(width: int, height: int, area: float, aspect: float) -> tuple[float, float]:
    return width * math.sqrt(area * aspect), height * math.sqrt(area / aspect)


def mirrored(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``(height, width, 3)`` pixels with left and right changed."""
    return np.ascontiguousarray(pixels[:, ::-1])
