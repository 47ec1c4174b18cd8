"""Whether a classifier is right as often as it is sure: the reliability curve, and what it is off by."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.judge.groups import Numbers, share_interval

BINS = 10
"""Of the same width in [0, 1]; a probability at an edge belongs to the lower one."""

Array = NDArray[Any]
"""Float32 or float64."""


def calibration_errors(labels: NDArray[np.intp], proba: Array, weights: Array) -> Array:
    """Return the expected calibration error, ``(n_resamples,)`` in [0, 1] (Naeini et al. 2015; Guo et al. 2017).

    The mean, over pictures, of how far accuracy and mean top probability are apart in the picture's bin.

    Parameters
    ----------
    labels
        ``(n_pictures,)`` positions of the true classes.
    proba
        ``(n_pictures, n_classes)`` probabilities.
    weights
        ``(n_resamples, n_pictures)``: how often each picture counts.
    """
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == labels
    apart = np.zeros((len(labels), BINS), proba.dtype)
    apart[np.arange(len(labels)), _bins(confidence)] = right - confidence
    return np.asarray(np.abs(weights @ apart).sum(axis=1) / weights.sum(axis=1))


def reliability(labels: NDArray[np.intp], proba: Array, numbers: Numbers) -> list[dict[str, Any]]:
    """Return for each bin its ends, its pictures, their mean top probability, and their accuracy with its interval.

    The last two are None where no picture is. Arguments as for `calibration_errors`; ``numbers`` has each picture's
    unit, from `headstart.judge.groups.numbered`.
    """
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == labels
    bins = _bins(confidence)
    curve = []
    for number in range(BINS):
        here = bins == number
        some = bool(here.any())
        curve.append(
            {
                "low": number / BINS,
                "high": (number + 1) / BINS,
                "pictures": int(here.sum()),
                "confidence": float(confidence[here].mean()) if some else None,
                "accuracy": share_interval(right[here], numbers[here]).document() if some else None,
            }
        )
    return curve


def _bins(confidence: Array) -> NDArray[np.intp]:
    """Return the position of each probability's bin."""
    edges = np.arange(1, BINS, dtype=confidence.dtype) / BINS
    return np.searchsorted(edges, confidence, side="left")
