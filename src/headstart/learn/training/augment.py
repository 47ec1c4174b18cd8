"""Pictures changed at random before they are learned from, in numpy: uint8 in, uint8 out, the label stays true.

"light" is what He et al. 2016 (arXiv:1512.03385, section 4.2) do with CIFAR: the mirror image or not, and a shift of
up to an eighth of the side (their 4 of 32 pixels), here with mirrored borders instead of black ones. "strong" adds a
zoom, brightness, contrast and saturation, and cutout (DeVries & Taylor 2017, arXiv:1708.04552).

All of a batch is drawn by one generator, in the order of the pictures, so a batch depends on its seed alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SHIFT = 1 / 8
"""Of the side, at most: 4 pixels of CIFAR's 32."""

SMALLEST_PART = 0.7
"""Side of the smallest part that is zoomed in on: half of the area, so that most objects stay recognisable."""

COLOUR = 0.3
"""How far brightness, contrast and saturation go from 1, at most; 0.4 is usual for ImageNet, whose data is plenty."""

HOLE = 1 / 4
"""Side of cutout's hole, of the picture's: 8 of 32 pixels, what they found best for CIFAR-100."""


def augmented(pixels: Pixels, strength: str, random: np.random.Generator) -> Pixels:
    """Return ``pixels``, ``(n, side, side, 3)`` RGB in [0, 255], changed as ``strength`` says, or themselves."""
    return _STRENGTHS[strength](pixels, random)


def _unchanged(pixels: Pixels, random: np.random.Generator) -> Pixels:
    return pixels


def _light(pixels: Pixels, random: np.random.Generator) -> Pixels:
    n, side = pixels.shape[:2]
    reach = int(side * SHIFT)
    down, right = random.integers(-reach, reach + 1, (2, n))
    mirror = random.random(n) < 0.5
    rows, columns = (
        _reflected(np.arange(side) + down[:, None], side),
        _reflected(np.arange(side) + right[:, None], side),
    )
    columns[mirror] = columns[mirror, ::-1]
    return _gathered(pixels, rows, columns)


def _strong(pixels: Pixels, random: np.random.Generator) -> Pixels:
    n, side = pixels.shape[:2]
    part = random.uniform(SMALLEST_PART, 1, n) * side
    spare = side - part
    reach = side * SHIFT
    # Where the part begins: anywhere within the picture, and as far beyond as a shift goes.
    top, left = random.uniform(0, 1, (2, n)) * (spare + 2 * reach) - reach
    mirror = random.random(n) < 0.5
    steps = (np.arange(side) + 0.5) / side
    rows = _reflected(np.floor(top[:, None] + part[:, None] * steps).astype(np.intp), side)
    columns = _reflected(np.floor(left[:, None] + part[:, None] * steps).astype(np.intp), side)
    columns[mirror] = columns[mirror, ::-1]
    changed = _recoloured(_gathered(pixels, rows, columns), random)
    _cut_out(changed, random)
    return changed


_STRENGTHS: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "none": _unchanged,
    "light": _light,
    "strong": _strong,
}

STRENGTHS = tuple(_STRENGTHS)
"""What `augmented` can do."""


def _reflected(positions: NDArray[np.intp], side: int) -> NDArray[np.intp]:
    """Return positions within the picture: beyond its border they go back as in a mirror."""
    positions = np.abs(positions)
    return np.asarray(np.minimum(positions, 2 * (side - 1) - positions))


def _gathered(pixels: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Pixels:
    """Return of each picture the pixels at its ``rows`` and ``columns``, both ``(n, side)``."""
    gathered = np.empty_like(pixels)
    for into, picture, own_rows, own_columns in zip(gathered, pixels, rows, columns, strict=True):
        # Rows first: whole lines are copied, and only then single pixels.
        into[:] = picture[own_rows][:, own_columns]
    return gathered


def _recoloured(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Return the pictures brighter or darker, with more or less contrast and colour.

    All three are linear, so they are one 3x3 matrix and an offset for each picture.
    """
    n = len(pixels)
    brightness, contrast, saturation = random.uniform(1 - COLOUR, 1 + COLOUR, (3, n)).astype(np.float32)
    # Grey as ITU-R BT.601 weighs the colours.
    grey = np.tile(np.array([0.299, 0.587, 0.114], np.float32)[:, None], (1, 3))
    changed = np.empty_like(pixels)
    for number, picture in enumerate(pixels):
        to_colours = saturation[number] * np.eye(3, dtype=np.float32) + (1 - saturation[number]) * grey
        matrix = (brightness[number] * contrast[number]) * to_colours
        # Every 4th line is enough for the mean that contrast goes around.
        middle = brightness[number] * picture[::4].mean(dtype=np.float32)
        colours = picture.reshape(-1, 3).astype(np.float32) @ matrix
        colours += (1 - contrast[number]) * middle
        changed[number] = np.clip(colours, 0, 255, out=colours).reshape(picture.shape)
    return changed


def _cut_out(pixels: Pixels, random: np.random.Generator) -> None:
    """Make a square of each picture grey, in place; its middle may be anywhere, so it may reach over the border."""
    n, side = pixels.shape[:2]
    half = max(1, int(side * HOLE) // 2)
    middles = random.integers(0, side, (n, 2))
    for picture, (row, column) in zip(pixels, middles, strict=True):
        picture[max(0, row - half) : row + half, max(0, column - half) : column + half] = _GREY


_GREY = 127
"""The middle of the range, near 0 for a network after its preprocessing."""
