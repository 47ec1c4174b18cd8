"""One number that makes probabilities honest: the temperature by which scores are divided before the softmax."""

from __future__ import annotations

import numpy as np

from headstart.learn.rows import Floats, Labels

COLDEST, HOTTEST = 1e-3, 1e3
"""Between these a temperature is sought."""


def temperature_for(scores: Floats, labels: Labels, weights: Floats) -> float:
    """Return the temperature under which held-out scores have the lowest log loss (Guo et al. 2017, section 4.2).

    As in Platt 1999 (section 2.2), each row counts a little for every class, as if one more row had had any: without
    it, rows that are all told right would ask for certainty.

    Parameters
    ----------
    scores
        ``(m, n_classes)`` float32, of rows that weren't learnt from.
    labels, weights
        ``(m,)``: of these rows.

    Returns
    -------
    float
        In [COLDEST, HOTTEST]; 1.0 where it can't be told: without rows, or if no score differs from another.
    """
    from scipy.optimize import minimize_scalar

    centred = scores - scores.mean(axis=1, keepdims=True)
    total = float(weights.sum())
    if not total or (scores == scores[:, :1]).all():
        return 1.0
    doubt = 1 / (len(scores) + 1)
    of_label = np.take_along_axis(centred, labels[:, np.newaxis], axis=1)[:, 0]
    told = (1 - doubt) * float(weights @ of_label) / total  # the mean score is 0, so the doubt adds nothing

    def loss(log_temperature: float) -> float:
        cold = np.float32(np.exp(-log_temperature))
        return float(weights @ log_sum_exp(centred * cold)) / total - told * float(cold)

    bounds = (np.log(COLDEST), np.log(HOTTEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x))


def log_loss(scores: Floats, labels: Labels, weights: Floats, temperature: float = 1.0) -> float:
    """Return the weighted mean of the negative log probability of the label; arguments as for `temperature_for`."""
    cool = scores / np.float32(temperature)
    of_label = np.take_along_axis(cool, labels[:, np.newaxis], axis=1)[:, 0]
    return float(weights @ (log_sum_exp(cool) - of_label)) / float(weights.sum())


def log_sum_exp(scores: Floats) -> Floats:
    """Return ``log(sum(exp(scores)))`` of each row, ``(n,)`` for ``(n, k)``, without overflow."""
    highest = scores.max(axis=1)
    return np.asarray(highest + np.log(np.exp(scores - highest[:, np.newaxis]).sum(axis=1)), np.float32)
