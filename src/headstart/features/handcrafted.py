"""A picture as numbers that people thought of: colour, texture and edges. No network, no pretraining."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 64
"""Pictures are brought to this many pixels a side first."""

_COLOUR_BINS = 4
_LBP_POINTS, _LBP_RADII = 8, (1, 2, 3)
_HOG_DIRECTIONS, _HOG_CELL = 9, 8


def handcrafted_vector(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the features of ``(64, 64, 3)`` uint8 RGB pixels, ``(112,)`` float32.

    The joint RGB histogram of 4 x 4 x 4 bins (Swain & Ballard 1991); uniform local binary patterns of the grey
    picture at radii 1, 2 and 3 (Ojala et al. 2002), 10 bins each; mean and deviation over the picture of
    histograms of oriented gradients in cells of 8 pixels (Dalal & Triggs 2005), 9 directions. Histograms are
    shares, under a square root (Arandjelovic & Zisserman 2012).
    """
    from skimage.color import rgb2gray
    from skimage.feature import hog, local_binary_pattern

    grey = rgb2gray(pixels)
    levels = (grey * 255).astype(np.uint8)
    colour, _ = np.histogramdd(pixels.reshape(-1, 3), (_COLOUR_BINS,) * 3, ((0, 256),) * 3)
    textures = [
        np.histogram(local_binary_pattern(levels, _LBP_POINTS, radius, "uniform"), _LBP_POINTS + 2, (0, 10))[0]
        for radius in _LBP_RADII
    ]
    histograms = np.sqrt(np.concatenate([colour.ravel(), *textures]) / SIDE**2)
    cells = hog(
        grey,
        orientations=_HOG_DIRECTIONS,
        pixels_per_cell=(_HOG_CELL, _HOG_CELL),
        cells_per_block=(1, 1),
        feature_vector=False,
    ).reshape(-1, _HOG_DIRECTIONS)
    return np.concatenate([histograms, cells.mean(axis=0), cells.std(axis=0)]).astype(np.float32)
