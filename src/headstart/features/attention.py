"""Where a model looks: how much each place of a picture counts for a class, and colours that show it.

Two ways lead there. Where the vector is the average of a map and the head one dense layer, the class's score is itself
an average over places, and nothing need be estimated: the class activation map (Zhou et al. 2016, CVPR, section 2;
Grad-CAM gives the same for such networks, Selvaraju et al. 2017, section 3.1). For everything else a grey patch is slid
over the picture, and what counts is how much the class's odds fall (Zeiler & Fergus 2014, section 4.2, with odds for
probabilities: where a model is sure, the probability stays at 1.000 wherever the patch is).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.data.decode import PADDING

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

GRIDS = (8, 6, 5)
"""Cells along a side of the picture, the finest first: a patch covers 2 x 2 of them and moves by one."""

_PATCH_CELLS = 2

_LEAST = 0.5
"""A difference of scores, or of logarithmic odds, that is shown at full strength: below, no place counts for much."""

_COLOURS: tuple[tuple[float, ...], ...] = ((18, 14, 66), (104, 30, 120), (190, 52, 92), (238, 122, 48), (255, 234, 150))
"""From little to much: each is lighter than the one before, so that the order shows without colours, too."""

_DIMMED = 0.55
_MOST_COLOUR = 0.65


def class_activation_map(features: Floats, weights: Floats) -> Floats:
    """Return how much each place adds to a class's score, ``(height, width)`` float32.

    Its mean is the score without the bias, if the vector is the mean of the map.

    Parameters
    ----------
    features
        The map whose average is the picture's vector, ``(height, width, channels)`` float32.
    weights
        The class's column of the dense layer, ``(channels,)`` float32.
    """
    return np.asarray(features @ weights, np.float32)


def patches(cells: int) -> int:
    """Return how often a patch is moved over a picture of ``cells`` x ``cells``."""
    return (cells - _PATCH_CELLS + 1) ** 2


def grid_for(pictures: int, looks: float) -> tuple[int, int]:
    """Return the finest of `GRIDS` that so many ``looks`` allow for all pictures, and for how many they do.

    Where not even the coarsest is allowed for all, it is taken for as many as it is, but at least one.
    """
    for cells in GRIDS:
        if pictures * patches(cells) <= looks:
            return cells, pictures
    return GRIDS[-1], min(pictures, max(1, int(looks // patches(GRIDS[-1]))))


def covered(pixels: Pixels, cells: int) -> Iterator[Pixels]:
    """Yield a square, ``(size, size, 3)`` uint8 in [0, 255], with a grey patch in each place, row by row."""
    edges = _edges(len(pixels), cells)
    for top, bottom in edges:
        for left, right in edges:
            square = pixels.copy()
            square[top:bottom, left:right] = PADDING
            yield square


def log_odds(scores: Floats, position: int) -> Floats:
    """Return the logarithm of p / (1 - p) of the class at ``position``, ``(n,)`` float32, where p is never rounded.

    ``scores`` is ``(n, n_classes)``, at least two classes; their softmax is the probabilities.
    """
    exact = scores.astype(np.float64)
    others = np.delete(exact, position, axis=1)
    highest = others.max(axis=1, keepdims=True)
    against = highest[:, 0] + np.log(np.exp(others - highest).sum(axis=1))
    return np.asarray(exact[:, position] - against, np.float32)


def occlusion_map(odds: float, covered_odds: Floats, cells: int) -> Floats:
    """Return how much the logarithmic odds of a class fall when a place is covered, ``(cells, cells)`` float32.

    A place has the mean of all patches that cover it.

    Parameters
    ----------
    odds
        Those of the class for the picture as it is.
    covered_odds
        The same for each square of `covered`, ``(patches(cells),)``.
    cells
        As given to `covered`.
    """
    along = cells - _PATCH_CELLS + 1
    drops = odds - covered_odds.reshape(along, along)
    total, count = np.zeros((cells, cells), np.float32), np.zeros((cells, cells), np.float32)
    for down in range(_PATCH_CELLS):
        for across in range(_PATCH_CELLS):
            total[down : down + along, across : across + along] += drops
            count[down : down + along, across : across + along] += 1
    return total / count


def heat_of_activations(activations: Floats) -> Floats:
    """Return a class activation map in [0, 1]: 0 where it is lowest, 1 where it is highest.

    Where it hardly differs, no place gets to 1.
    """
    above = activations - activations.min()
    return np.asarray(above / max(float(above.max()), _LEAST), np.float32)


def heat_of_drops(drops: Floats) -> Floats:
    """Return an occlusion map in [0, 1]: 0 where covering doesn't lower the odds, 1 where it does most.

    Where it lowers them by little everywhere, no place gets to 1.
    """
    return np.asarray(np.clip(drops / max(float(drops.max()), _LEAST), 0, 1), np.float32)


def overlay(pixels: Pixels, heat: Floats) -> Pixels:
    """Return the picture, ``(size, size, 3)`` uint8, in dark grey; what counts glows, violet to light yellow.

    The more counts, the lighter: it can be read from a print in grey.

    Parameters
    ----------
    pixels
        ``(size, size, 3)`` uint8 RGB in [0, 255].
    heat
        ``(height, width)`` float32 in [0, 1], of any size; it is enlarged smoothly.
    """
    side = len(pixels)
    smooth = np.asarray(Image.fromarray(heat).resize((side, side), Image.Resampling.BICUBIC)).clip(0, 1)
    grey = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)[..., np.newaxis] * _DIMMED
    share = _MOST_COLOUR * smooth[..., np.newaxis]
    return np.asarray(np.rint((1 - share) * grey + share * colours(smooth)), np.uint8)


def colours(heat: Floats) -> Floats:
    """Return the colour of each number in [0, 1], ``(*shape, 3)`` float32 in [0, 255]."""
    stops = np.linspace(0, 1, len(_COLOURS))
    channels = [np.interp(heat, stops, channel) for channel in zip(*_COLOURS, strict=True)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _edges(size: int, cells: int) -> list[tuple[int, int]]:
    """Return where patches begin and end along a side of ``size`` pixels."""
    lines = [round(size * cell / cells) for cell in range(cells + 1)]
    return list(zip(lines, lines[_PATCH_CELLS:], strict=False))
