"""How error falls with the number of training pictures: a power law, what it leaves open, and whether it held.

``error(size) = limit + scale * size ** -exponent``, the law that Hestness et al. 2017 (arXiv:1712.00409, sections 3 and
5) found for image classifiers and others between a region of few pictures, where it doesn't hold, and the error that no
data removes; Rosenfeld et al. 2020 (arXiv:1909.12673) predict from small data sets by such a form, and Mahmood et al.
2022 (arXiv:2207.01725, section 3) ask by it how much more data is needed and find that one fitted curve promises too
much. So what is said here isn't one curve's: all laws count by how well they agree with what was measured, and a law is
believed the less, the further away it was measured or is asked (Jain et al. 2023, arXiv:2303.01598, section 3: from a
few pictures of a class the fall isn't that of later).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.judge.intervals import Interval

FEWEST_SIZES = 4
"""Sizes that a law of three numbers needs: with one less any three points have a law."""

EXPONENTS = (0.05, 1.5)
"""Between these an exponent is sought; Hestness et al. found 0.07 to 0.35, and name 0.5 to 1 of theory."""

HALF = 0.55
"""A law is checked by that of the sizes up to this share: about half, since units aren't cut to have it exactly."""

TIMES = (2, 4)
"""What is said of so many times the training pictures."""

DRIFT = 0.1
"""By which the slope of the logarithm of the error strays where the size is e times as large."""

FLIPS = 0.5
"""Variance between trainings alike, on other draws of pictures, as a share of the binomial one of the test part."""

_PRIOR_DRAWS = 2
"""Draws that the variance by `FLIPS` counts as, beside those that were measured."""

_FINENESS = 50
"""Limits, and exponents, of the grid."""

_NOTHING = 1e-5
"""A law that counts so little beside the one that counts most is left out."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """The accuracies of some draws of ``size`` training pictures, each in [0, 1], on the same test pictures."""

    size: float
    accuracies: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """The mean of the draws."""
        return float(np.mean(self.accuracies))


@dataclass(frozen=True)
class Law:
    """``error(size) = limit + scale * size ** -exponent``: limit and scale are at least 0, the exponent is over 0."""

    limit: float
    scale: float
    exponent: float

    def accuracy(self, size: float) -> float:
        """Return the accuracy that the law expects, in [0, 1]."""
        return float(np.clip(1 - self.limit - self.scale * size**-self.exponent, 0, 1))

    def document(self) -> dict[str, float]:
        """Return the law as it stands in results."""
        return {"limit": self.limit, "scale": self.scale, "exponent": self.exponent}


@dataclass(frozen=True)
class Extrapolation:
    """A fitted law, and all the laws of the grid that agree with the points, by how well they do.

    Attributes
    ----------
    law
        The one that agrees best.
    largest
        The largest size that was measured.
    tested
        How many independent test pictures the points are worth.
    flips
        The variance between trainings at the largest sizes, as a share of the binomial one of the test part.
    limits, exponents, rises, variances, weights
        ``(n_laws,)``: of each law its limit and exponent, what its error is over the limit at the largest size, the
        variance of that, and how much it counts; the weights' sum is 1.
    """

    law: Law
    largest: float
    tested: float
    flips: float
    limits: Doubles
    exponents: Doubles
    rises: Doubles
    variances: Doubles
    weights: Doubles

    def on_these(self, size: float) -> Interval:
        """Return the accuracy, and its 95 % interval, that the same test pictures would show at ``size``."""
        return self._interval(size, self.flips)

    def on_others(self, size: float) -> Interval:
        """Return the accuracy, and its 95 % interval, that as many other test pictures would show at ``size``."""
        return self._interval(size, 1 + self.flips)

    def _interval(self, size: float, binomial: float) -> Interval:
        ratio = size / self.largest
        fall = ratio**-self.exponents
        errors = np.clip(self.limits + self.rises * fall, 0, 1)
        spread = self.variances * fall**2 + _drift(np.log(ratio), np.log(ratio)) * errors**2
        spread += binomial * _binomial(errors, self.tested)
        low, high = (1 - _quantile(errors, np.sqrt(spread), self.weights, share) for share in (0.975, 0.025))
        value = self.law.accuracy(size)
        return Interval(value, min(value, max(0.0, low)), max(value, min(1.0, high)))


@dataclass(frozen=True)
class Check:
    """What a law said of the largest size, fitted to the points up to number ``fitted``, and what was ``measured``."""

    fitted: int
    predicted: Interval
    measured: float

    @property
    def inside(self) -> bool:
        """Whether it was what the law said, as near as that said."""
        return self.predicted.low <= self.measured <= self.predicted.high


def extrapolation(points: Sequence[Point], tested: float, pool: float) -> Extrapolation | None:
    """Return the laws that agree with the ``points``; None if they have fewer than `FEWEST_SIZES` sizes.

    Generalised least squares for each limit and exponent of a grid, with noise of the draws and the test pictures, and
    a drift from the law that grows away from the largest size as a random walk does in the logarithm of the size.

    Parameters
    ----------
    points
        In any order.
    tested
        How many independent test pictures they were judged on.
    pool
        From how many training pictures the draws were made: the larger their share of it, the more they are alike.
    """
    if len({point.size for point in points}) < FEWEST_SIZES:
        return None
    seen = _Seen.of(points, tested, pool)
    highest = float(_smoothed(seen.errors, tested).min())
    grid = np.meshgrid(np.linspace(0, highest, _FINENESS), np.linspace(*EXPONENTS, _FINENESS))
    limits, exponents = (axis.ravel() for axis in grid)
    rises, variances, misfits = seen.fits(limits, exponents)
    weights = np.exp(-(misfits - misfits.min()) / 2) * np.sqrt(variances) * (1 - limits / highest)
    best = int(misfits.argmin())
    law = seen.best_law((limits[best], exponents[best]), highest)
    kept = weights > _NOTHING * weights.max()
    laws = (column[kept] for column in (limits, exponents, rises, variances, weights / weights[kept].sum()))
    return Extrapolation(law, seen.largest, tested, seen.flips, *laws)


def check(points: Sequence[Point], tested: float) -> Check | None:
    """Return how a law of the smaller part of the ``points`` does on the largest; arguments as for `extrapolation`.

    None if there are too few sizes up to `HALF` of the largest.
    """
    last = max(points, key=lambda point: point.size)
    half = [point for point in points if point.size <= HALF * last.size]
    laws = extrapolation(half, tested, last.size)
    if laws is None:
        return None
    return Check(int(np.argmax([point.size for point in half])), laws.on_these(last.size), last.accuracy)


@dataclass(frozen=True)
class _Seen:
    """What laws are compared with: sizes as shares of the ``largest``, errors, and the inverse of their covariance."""

    largest: float
    flips: float
    ratios: Doubles
    errors: Doubles
    precision: Doubles

    @classmethod
    def of(cls, points: Sequence[Point], tested: float, pool: float) -> _Seen:
        sizes = np.array([point.size for point in points])
        errors = np.array([1 - point.accuracy for point in points])
        largest, smoothed = float(sizes.max()), _smoothed(errors, tested)
        flips = np.array([_flips(point, tested, pool) for point in points])
        shares, draws = np.minimum(1, sizes / pool), np.array([len(point.accuracies) for point in points])
        noise = flips * _binomial(errors, tested) * (shares + (1 - shares) / draws)
        away = np.log(largest / sizes)
        drift = _drift(np.minimum.outer(away, away), np.maximum.outer(away, away)) * np.outer(smoothed, smoothed)
        precision = np.asarray(np.linalg.inv(np.diag(noise) + drift), np.float64)
        return cls(largest, float(flips[sizes >= largest / 4].mean()), sizes / largest, errors, precision)

    def fits(self, limits: Doubles, exponents: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Return for each law its rise over its limit at the largest size, the variance of that, and its misfit."""
        fall = self.ratios ** -exponents[:, np.newaxis]
        rest = self.errors - limits[:, np.newaxis]
        weighed = fall @ self.precision
        curvature = (weighed * fall).sum(axis=1)
        rises = np.maximum((weighed * rest).sum(axis=1) / curvature, 0)
        missed = rest - rises[:, np.newaxis] * fall
        return rises, 1 / curvature, ((missed @ self.precision) * missed).sum(axis=1)

    def best_law(self, first: tuple[float, float], highest: float) -> Law:
        """Return the law of the least misfit, sought from a ``first`` limit and exponent on."""
        from scipy.optimize import minimize

        found = minimize(
            lambda free: float(self.fits(free[:1], free[1:])[2][0]),
            np.array(first),
            method="Nelder-Mead",
            bounds=[(0, highest), EXPONENTS],
            options={"xatol": 1e-9, "fatol": 1e-12},
        )
        limit, exponent = float(found.x[0]), float(found.x[1])
        rise = float(self.fits(found.x[:1], found.x[1:])[0][0])
        return Law(limit, rise * self.largest**exponent, exponent)


def _flips(point: Point, tested: float, pool: float) -> float:
    """Return the variance between the draws of a point, as a share of the binomial one of the test part."""
    draws, share = len(point.accuracies), min(1.0, point.size / pool)
    # Draws of much of the pool are alike, and so differ less than others would.
    squares = float(np.var(point.accuracies)) * draws / max(1 - share, 0.5)
    measured = squares / float(_binomial(np.array(1 - point.accuracy), tested))
    return (_PRIOR_DRAWS * FLIPS + measured) / (_PRIOR_DRAWS + draws - 1)


def _drift(nearer: Doubles, further: Doubles) -> Doubles:
    """Return the covariance of what an integrated random walk has strayed at two distances, over the error squared."""
    return np.asarray(DRIFT**2 * nearer**2 * (3 * further - nearer) / 6, np.float64)


def _smoothed(errors: Doubles, tested: float) -> Doubles:
    """Return the errors as if 4 pictures more had been judged, 2 of them wrongly (Agresti & Coull 1998)."""
    return np.asarray((errors * tested + 2) / (tested + 4), np.float64)


def _binomial(errors: Doubles, tested: float) -> Doubles:
    smoothed = _smoothed(errors, tested)
    return np.asarray(smoothed * (1 - smoothed) / tested, np.float64)


def _quantile(means: Doubles, deviations: Doubles, weights: Doubles, share: float) -> float:
    """Return the value under which ``share`` of a mixture of normal distributions lies, by bisection."""
    from scipy.special import ndtr

    low, high = float((means - 9 * deviations).min()), float((means + 9 * deviations).max())
    for _ in range(40):
        middle = (low + high) / 2
        below = float(weights @ ndtr((middle - means) / deviations))
        low, high = (middle, high) if below < share else (low, middle)
    return (low + high) / 2
