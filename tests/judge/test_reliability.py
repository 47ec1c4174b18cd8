"""The reliability curve and its error: by hand, against another way to compute it, and on classifiers that lie."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headstart.judge.groups import numbered
from headstart.judge.intervals import wilson
from headstart.judge.reliability import BINS, calibration_errors, reliability


def two_classes(
    confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return labels and probabilities of two classes for top probabilities of 0.5 or more."""
    return np.where(right, 0, 1), np.stack([confidence, 1 - confidence], axis=1)


SURE = np.array([0.95, 0.92, 0.98, 0.61, 0.68, 0.55])
RIGHT = np.array([True, True, False, True, False, True])


def test_the_error_by_hand() -> None:
    [error] = calibration_errors(*two_classes(SURE, RIGHT), np.ones((1, 6)))
    apart = [abs(2 - (0.95 + 0.92 + 0.98)), abs(1 - (0.61 + 0.68)), abs(1 - 0.55)]
    assert error == pytest.approx(sum(apart) / 6)


def test_weights_count_pictures_several_times() -> None:
    labels, proba = two_classes(SURE, RIGHT)
    times = np.array([2, 0, 1, 3, 1, 0])
    repeated = calibration_errors(np.repeat(labels, times), np.repeat(proba, times, axis=0), np.ones((1, 7)))
    np.testing.assert_allclose(calibration_errors(labels, proba, times[np.newaxis].astype(np.float64)), repeated)


@given(st.integers(1, 60), st.integers(2, 6), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_the_error_is_the_mean_over_bins_of_the_curve_weighted_by_pictures(n: int, n_classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, proba = random.integers(0, n_classes, n), random.dirichlet(np.ones(n_classes), n)
    curve = [entry for entry in reliability(labels, proba, np.arange(n)) if entry["pictures"]]
    expected = sum(entry["pictures"] * abs(entry["accuracy"]["value"] - entry["confidence"]) for entry in curve) / n
    assert calibration_errors(labels, proba, np.ones((1, n)))[0] == pytest.approx(expected, abs=1e-9)


def test_who_is_as_often_right_as_sure_has_hardly_an_error_and_who_boasts_has_that_much() -> None:
    random = np.random.default_rng(0)
    sure = random.uniform(0.6, 1, 100_000)
    honest, boastful = random.random(100_000) < sure, random.random(100_000) < sure - 0.2
    assert calibration_errors(*two_classes(sure, honest), np.ones((1, 100_000)))[0] < 0.01
    assert calibration_errors(*two_classes(sure, boastful), np.ones((1, 100_000)))[0] == pytest.approx(0.2, abs=0.01)


def test_every_picture_is_in_one_of_ten_bins_of_one_width() -> None:
    curve = reliability(*two_classes(SURE, RIGHT), np.arange(6))
    assert [entry["pictures"] for entry in curve] == [0, 0, 0, 0, 0, 1, 2, 0, 0, 3]
    assert [(entry["low"], entry["high"]) for entry in curve] == [(i / 10, (i + 1) / 10) for i in range(BINS)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("sure", "number"), [(0.5, 4), (0.8, 7), (0.81, 8), (1.0, 9)])
def test_a_probability_at_an_edge_belongs_to_the_lower_bin(sure: float, number: int, dtype: type[np.floating]) -> None:
    proba = np.array([[sure, 1 - sure]], dtype)
    curve = reliability(np.array([0]), proba, np.array([0]))
    assert [entry["pictures"] for entry in curve].index(1) == number


def test_a_bin_has_its_mean_probability_and_its_accuracy_with_an_interval() -> None:
    last = reliability(*two_classes(SURE, RIGHT), np.arange(6))[9]
    assert last["confidence"] == pytest.approx((0.95 + 0.92 + 0.98) / 3)
    assert last["accuracy"] == wilson(2, 3).document()


def test_pictures_of_one_group_leave_more_doubt_about_a_bin() -> None:
    labels, proba = two_classes(np.full(40, 0.9), np.arange(40) >= 10)
    alone, grouped = (reliability(labels, proba, numbered(units))[8] for units in (range(40), np.arange(40) // 5))
    assert grouped["accuracy"]["low"] < alone["accuracy"]["low"] - 0.05


def test_a_bin_without_pictures_has_no_figures_and_the_curve_is_json() -> None:
    curve = reliability(*two_classes(SURE, RIGHT), np.arange(6))
    assert curve[0] == {"low": 0.0, "high": 0.1, "pictures": 0, "confidence": None, "accuracy": None}
    assert json.loads(json.dumps(curve, allow_nan=False)) == curve
