"""Learning curves: what was measured at each size, what a law says of more pictures, and what may be claimed of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headstart.judge.power_law import FEWEST_SIZES, TIMES, Check, Extrapolation, Point, check, extrapolation

LITTLE = 0.02
"""A gain in accuracy that is at most this is called small."""


@dataclass(frozen=True)
class Size:
    """What was measured at one size.

    ``point`` has the pictures learnt from, the mean of the draws, and the accuracies; ``held_out`` is whether pictures
    could be held out to choose by; ``converged`` is None where nothing is trained epoch by epoch.
    """

    per_class: int
    point: Point
    held_out: bool = True
    converged: bool | None = None

    def document(self) -> dict[str, Any]:
        """Return the size as it stands in results."""
        return {
            "per_class": self.per_class,
            "pictures": round(self.point.size),
            "accuracy": self.point.accuracy,
            "each": list(self.point.accuracies),
        } | ({} if self.converged is None else {"converged": self.converged})


@dataclass(frozen=True)
class Curve:
    """The learning curve of an approach.

    Attributes
    ----------
    id
        The approach.
    sizes
        What was measured, from the fewest pictures to the most.
    left_out
        Pictures per class at which nothing could be learnt, with the reason; without one if the time was over.
    tested
        How many independent test pictures it was judged on.
    is_even
        Whether all classes have as many training pictures.
    """

    id: str
    sizes: tuple[Size, ...]
    left_out: tuple[tuple[int, str], ...]
    tested: float
    is_even: bool

    @property
    def last(self) -> Size:
        """The largest size."""
        return self.sizes[-1]

    @cached_property
    def laws(self) -> Extrapolation | None:
        """What agrees with all sizes; None if they are too few."""
        points = [size.point for size in self.sizes]
        return extrapolation(points, self.tested, points[-1].size) if points else None

    @cached_property
    def checked(self) -> Check | None:
        """How a law of half of the pictures did; None if the sizes are too few."""
        return check([size.point for size in self.sizes], self.tested) if self.sizes else None

    @property
    def is_trusted(self) -> bool:
        """Whether there is a law, and no check that it failed."""
        return self.laws is not None and (self.checked is None or self.checked.inside)

    @property
    def starved(self) -> list[Size]:
        """The sizes at which a training hadn't converged."""
        return [size for size in self.sizes if size.converged is False]

    def document(self) -> dict[str, Any]:
        """Return the curve as it stands in results."""
        return {
            "id": self.id,
            "points": [size.document() for size in self.sizes],
            "law": self.laws and self.laws.law.document(),
            "predicted": [self._predicted(self.laws, times) for times in TIMES] if self.laws else [],
            "checked": self.checked and self._check(self.checked),
        }

    def _predicted(self, laws: Extrapolation, times: int) -> dict[str, float]:
        expected = laws.on_others(times * laws.largest)
        figures = {"accuracy": expected.value, "low": expected.low, "high": expected.high}
        return {"times": times, "per_class": times * self.last.per_class} | figures

    def _check(self, checked: Check) -> dict[str, Any]:
        return {
            "fitted_up_to": self.sizes[checked.fitted].per_class,
            "at": self.last.per_class,
            "predicted": checked.predicted.document(),
            "measured": checked.measured,
            "inside": checked.inside,
        }


Statement = dict[str, Any]


def statements(curves: Sequence[Curve]) -> list[Statement]:
    """Return what may be said of the curves, as keys and values of `headstart.report.words`."""
    told = [statement for curve in curves for statement in _of_one(curve)]
    return [*told, *_crossings(curves)]


def _of_one(curve: Curve) -> Iterator[Statement]:
    yield from (_said("curve_left_out", id=curve.id, per_class=size, why=why) for size, why in curve.left_out if why)
    unreached = [size for size, why in curve.left_out if not why]
    if unreached:
        yield _said("curve_no_time", id=curve.id, per_class=min(unreached))
    if not curve.sizes:
        return
    last, laws = curve.last, curve.laws
    now = {"id": curve.id, "accuracy": last.point.accuracy, "pictures": round(last.point.size)}
    if laws is None:
        yield _said("curve_without_law", **now, sizes=len(curve.sizes), needed=FEWEST_SIZES)
    elif not curve.is_trusted:
        yield _said("curve_not_trusted", **now, **_of_check(curve))
    else:
        yield _expected(curve, laws, now)
        yield _gain(curve, laws)
        yield (
            _said("curve_checked", id=curve.id, **_of_check(curve))
            if curve.checked
            else _said("curve_unchecked", id=curve.id, needed=FEWEST_SIZES)
        )
    if curve.starved:
        yield _said("curve_starved", id=curve.id, starved=len(curve.starved), sizes=len(curve.sizes))
    cautious = [size.per_class for size in curve.sizes if not size.held_out]
    if cautious:
        yield _said("curve_cautious", id=curve.id, per_class=max(cautious))


def _expected(curve: Curve, laws: Extrapolation, now: dict[str, Any]) -> Statement:
    """Return what is expected of more pictures; per class, if all classes have as many."""
    counted, count = ("per_class", curve.last.per_class) if curve.is_even else ("pictures", now["pictures"])
    values = now | {counted: count}
    for times in TIMES:
        values |= {f"{name}{times}": value for name, value in laws.on_others(times * laws.largest).document().items()}
        values[f"{counted}{times}"] = times * count
    return _said("curve_expected_per_class" if curve.is_even else "curve_expected", **values)


def _gain(curve: Curve, laws: Extrapolation) -> Statement:
    """Return what the most pictures that are spoken of would bring on the same test pictures."""
    times, now = max(TIMES), curve.last.point.accuracy
    gain = laws.on_these(times * laws.largest)
    low, high = gain.low - now, gain.high - now
    key = "curve_climbs" if low > 0 else "curve_flat" if high <= LITTLE else "curve_open"
    return _said(key, id=curve.id, times=times, low=100 * low, high=100 * max(0.0, high))


def _of_check(curve: Curve) -> dict[str, Any]:
    checked = curve.checked
    assert checked is not None  # noqa: S101 - asked for where there is one
    half = curve.sizes[checked.fitted].point.size
    return {
        "half": round(half),
        "all": round(curve.last.point.size),
        "measured": checked.measured,
        **checked.predicted.document(),
    }


def _crossings(curves: Sequence[Curve]) -> Iterator[Statement]:
    """Yield whether others would come past the one that is best now; of several at the top, the first is that."""
    known = [curve for curve in curves if curve.sizes]
    if len(known) < 2:
        return
    leader = max(known, key=lambda curve: curve.last.point.accuracy)
    for other in known:
        if other is not leader:
            yield _said(_crossing(leader, other), leader=leader.id, other=other.id, times=max(TIMES))


def _crossing(leader: Curve, other: Curve) -> str:
    """Return which of the two is expected to be better with more pictures, where their intervals are apart."""
    if not (leader.laws and other.laws and leader.is_trusted and other.is_trusted) or other.starved:
        return "curve_crossing_unknown"
    pairs = [
        (leader.laws.on_others(times * leader.laws.largest), other.laws.on_others(times * other.laws.largest))
        for times in TIMES
    ]
    if all(theirs.high < own.low for own, theirs in pairs):
        return "curve_stays_behind"
    return "curve_overtakes" if pairs[-1][1].low > pairs[-1][0].high else "curve_crossing_unknown"


def _said(key: str, **values: Any) -> Statement:  # noqa: ANN401 - plain JSON values
    return {"key": key, "values": values}
