"""A picture as numbers that people thought of: grey values, colour, edges and texture. No network, no pretraining.

This is what transfer learning has to beat, so it is built as its believers built it. Which parts and which numbers of
cells and bins was chosen by cross-validation of a linear classifier inside the training parts of three public sets.
Changed numbers need a new ``version`` in `headstart.networks.backbones.HANDCRAFTED`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.errors import MissingError
from headstart.networks.backbones import HANDCRAFTED

SIDE = HANDCRAFTED.image_size
"""Pictures are brought to this many pixels a side first."""

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.intp]
"""What kind each pixel is of, ``(side, side)``, counted from 0."""

MISSING = "Hand-crafted features need scikit-image, which isn't installed: pip install 'headstart[handcrafted]'."

_GREY_CELLS = 8
_CONTRAST_FLOOR = 4.0  # grey levels: the noise of a picture without contrast isn't made large

_COARSE_HSV, _COARSE_CELLS = (8, 3, 3), 2
_FINE_HSV = (12, 4, 4)
_MOMENT_CELLS = 4

_DIRECTIONS = 9
_COARSE_EDGES, _FINE_EDGES, _FINEST_EDGES = 4, 8, 16
_LARGEST_SHARE, _ENERGY_FLOOR = 0.2, 0.01

_NEIGHBOURS, _RADII = 8, (1, 2, 4)
_PATTERNS, _COARSE_PATTERNS = _NEIGHBOURS * (_NEIGHBOURS - 1) + 3, 2
_TURNED_PATTERNS, _FINE_PATTERNS = _NEIGHBOURS + 2, 4
_TURNED = np.array([0, *(1 + i // _NEIGHBOURS for i in range(_PATTERNS - 3)), _NEIGHBOURS, _NEIGHBOURS + 1])
"""How many neighbours are brighter in each uniform pattern of scikit-image, wherever they stand; then all others."""


def handcrafted_vector(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return all of `handcrafted_parts` side by side, ``(dimension,)`` float32, the same length for any side.

    ``pixels`` are ``(side, side, 3)`` uint8 RGB in [0, 255]; `SIDE` is what the parts were chosen for.

    Raises
    ------
    MissingError
        If scikit-image isn't installed.
    """
    return np.concatenate(list(handcrafted_parts(pixels).values()))


def handcrafted_parts(pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return the parts of a picture's vector by name, each ``(n,)`` float32.

    whole
        Of the picture as a whole, wherever something is: the joint histogram of hue, saturation and value (Swain &
        Ballard 1991), mean and deviation over 16 x 16 cells of the gradients below, and the 10 local binary patterns.
    grey
        Averages in 8 x 8 cells, less their mean, over their deviation.
    colour
        Joint histograms of hue, saturation and value in 2 x 2 cells (Lazebnik et al. 2006), and mean and deviation of
        Y, Cb and Cr in 4 x 4 cells.
    edges
        Histograms of oriented gradients (Dalal & Triggs 2005) with the contrast-sensitive directions and the four
        normalisations of Felzenszwalb et al. 2010, in 4 x 4 cells; in 8 x 8 cells the directions without a sign.
    texture
        Histograms of the uniform local binary patterns of 8 neighbours at radii 1, 2 and 4 (Ojala et al. 2002; Ahonen
        et al. 2006): in 2 x 2 cells all 59, in 4 x 4 cells the 10 that are left where directions don't count.

    Histograms are shares of their cell, under a square root (Arandjelovic & Zisserman 2012).
    """
    image = Image.fromarray(pixels)
    grey = np.asarray(image.convert("L"))
    hsv, ycbcr = np.asarray(image.convert("HSV")), np.asarray(image.convert("YCbCr"))
    gradients, patterns = _gradients(pixels), _patterns(grey)
    finest = _normalised(_oriented(gradients, _FINEST_EDGES))
    return {
        "whole": _joined(
            _shares(_joint_codes(hsv, _FINE_HSV), int(np.prod(_FINE_HSV)), 1),
            finest.mean(axis=(0, 1)),
            finest.std(axis=(0, 1)),
            *(_shares(_TURNED[codes], _TURNED_PATTERNS, 1) for codes in patterns),
        ),
        "grey": _joined(_grey_values(grey)),
        "colour": _joined(
            _shares(_joint_codes(hsv, _COARSE_HSV), int(np.prod(_COARSE_HSV)), _COARSE_CELLS),
            *_moments(ycbcr.astype(np.float32), _MOMENT_CELLS),
        ),
        "edges": _joined(
            _normalised(_oriented(gradients, _COARSE_EDGES)),
            _normalised(_oriented(gradients, _FINE_EDGES))[..., 2 * _DIRECTIONS : 3 * _DIRECTIONS],
        ),
        "texture": _joined(
            *(_shares(codes, _PATTERNS, _COARSE_PATTERNS) for codes in patterns),
            *(_shares(_TURNED[codes], _TURNED_PATTERNS, _FINE_PATTERNS) for codes in patterns),
        ),
    }


def _joined(*arrays: Floats) -> NDArray[np.float32]:
    return np.concatenate([array.ravel() for array in arrays]).astype(np.float32)


def _in_cells(values: Floats, cells: int) -> Floats:
    """Return the mean of ``(side, side, ...)`` in each of ``(cells, cells, ...)``."""
    side = len(values)
    starts = np.arange(cells) * side // cells
    sizes = np.diff(starts, append=side)
    sums = np.add.reduceat(np.add.reduceat(values, starts, axis=0), starts, axis=1)
    areas = np.outer(sizes, sizes).reshape(cells, cells, *(1,) * (values.ndim - 2))
    return np.asarray(sums / areas)


def _grey_values(grey: NDArray[np.uint8]) -> Floats:
    values = _in_cells(grey.astype(np.float32), _GREY_CELLS)
    return np.asarray((values - values.mean()) / (values.std() + _CONTRAST_FLOOR))


def _moments(channels: Floats, cells: int) -> tuple[Floats, Floats]:
    """Return mean and deviation of each channel, ``(cells, cells, channels)``."""
    mean = _in_cells(channels, cells)
    variance = _in_cells(np.square(channels), cells) - np.square(mean)
    return mean, np.sqrt(np.maximum(variance, 0))  # rounding may leave a little less than nothing


def _joint_codes(channels: NDArray[np.uint8], bins: tuple[int, ...]) -> Codes:
    codes = np.zeros(channels.shape[:2], np.intp)
    for channel, count in enumerate(bins):
        codes = codes * count + channels[..., channel].astype(np.intp) * count // 256
    return codes


def _shares(codes: Codes, kinds: int, cells: int) -> Floats:
    """Return the root of the share that each of ``kinds`` has in each of ``cells`` x ``cells``."""
    side = len(codes)
    places = np.arange(side) * cells // side
    cell = places[:, np.newaxis] * cells + places
    counts = np.bincount((cell * kinds + codes).ravel(), minlength=cells**2 * kinds).reshape(-1, kinds)
    return np.asarray(np.sqrt(counts / counts.sum(axis=1, keepdims=True)))


def _patterns(grey: NDArray[np.uint8]) -> list[Codes]:
    """Return the uniform local binary pattern that each pixel is the middle of, for each radius."""
    try:
        from skimage.feature import local_binary_pattern
    except ImportError as error:
        raise MissingError(MISSING) from error
    return [local_binary_pattern(grey, _NEIGHBOURS, radius, "nri_uniform").astype(np.intp) for radius in _RADII]


def _gradients(pixels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Return the gradient's strength and direction in [0, 18), ``(side, side)``: of the channel where it is strongest.

    Of the roots of the pixels: strength depends less on the light then (Dalal & Triggs 2005, section 6.1).
    """
    light = np.pad(np.sqrt(pixels.astype(np.float32) / 255), ((1, 1), (1, 1), (0, 0)), mode="edge")
    right, down = light[1:-1, 2:] - light[1:-1, :-2], light[2:, 1:-1] - light[:-2, 1:-1]
    squares = np.square(right) + np.square(down)
    strongest = squares.argmax(axis=-1)[..., np.newaxis]
    right, down, square = (np.take_along_axis(each, strongest, axis=-1)[..., 0] for each in (right, down, squares))
    turns = np.arctan2(down, right) / (2 * np.pi)
    return np.sqrt(square), np.asarray(turns * (2 * _DIRECTIONS) % (2 * _DIRECTIONS))


def _oriented(gradients: tuple[Floats, Floats], cells: int) -> Floats:
    """Return histograms of the directions, ``(cells, cells, 18)``: each pixel shared by its nearest cells and bins.

    scikit-image's ``hog`` knows neither these shares nor signs of directions, and takes several times as long.
    """
    strength, direction = gradients
    side, bins = len(strength), 2 * _DIRECTIONS
    place = (np.arange(side) + 0.5) * cells / side - 0.5
    rows = list(_two_nearest(place, cells - 1))
    below = np.floor(direction)
    share = direction - below
    first = below.astype(np.intp) % bins
    total = np.zeros(cells * cells * bins)
    for bin_, weight in ((first, strength * (1 - share)), ((first + 1) % bins, strength * share)):
        for row, row_share in rows:
            for column, column_share in rows:
                index = (row[:, np.newaxis] * cells + column) * bins + bin_
                weights = weight * (row_share[:, np.newaxis] * column_share)
                total += np.bincount(index.ravel(), weights.ravel(), len(total))
    return total.reshape(cells, cells, bins) * (cells / side) ** 2


def _two_nearest(place: Floats, last: int) -> Iterator[tuple[Codes, Floats]]:
    """Yield the cells before and after each place, and the place's shares in them; beyond the border there is none."""
    before = np.floor(place)
    yield np.clip(before.astype(np.intp), 0, last), 1 - (place - before)
    yield np.clip(before.astype(np.intp) + 1, 0, last), place - before


def _normalised(histograms: Floats) -> Floats:
    """Return ``(cells, cells, 31)``: 18 directions, 9 without a sign, and the strength against each neighbourhood.

    Each cell is normalised by the energy of the four blocks of 2 x 2 cells that it is part of, cut at 0.2, and the
    four summed: Felzenszwalb et al. 2010, section 6.
    """
    unsigned = histograms[..., :_DIRECTIONS] + histograms[..., _DIRECTIONS:]
    energy = np.pad(np.square(unsigned).sum(axis=-1), 1, mode="edge")
    blocks = np.sqrt(energy[:-1, :-1] + energy[1:, :-1] + energy[:-1, 1:] + energy[1:, 1:] + _ENERGY_FLOOR**2)
    around = np.stack([blocks[:-1, :-1], blocks[1:, :-1], blocks[:-1, 1:], blocks[1:, 1:]], axis=-1)
    both = np.concatenate([histograms, unsigned], axis=-1)
    cut = np.minimum(both[..., np.newaxis] / around[..., np.newaxis, :], _LARGEST_SHARE)
    strengths = cut[..., : 2 * _DIRECTIONS, :].sum(axis=-2) / np.sqrt(2 * _DIRECTIONS)
    return np.concatenate([cut.sum(axis=-1) / 2, strengths], axis=-1)
