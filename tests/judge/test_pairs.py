"""Two classifiers on the same pictures: the exact McNemar test."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from headstart.judge.pairs import mcnemar_p_value


def rights(both: int, only_a: int, only_b: int, neither: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pictures each of two classifiers got right, for the counts of a 2 x 2 table."""
    counts = (both, only_a, only_b, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p_value"),
    [
        (0, 1, 1),
        (0, 5, 2 / 2**5),
        (0, 6, 2 / 2**6),
        (1, 9, 2 * (1 + 10) / 2**10),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
        (3, 3, 1),
        (10, 0, 2 / 2**10),
    ],
)
def test_the_p_value_is_that_of_the_binomial_distribution(only_a: int, only_b: int, p_value: float) -> None:
    assert mcnemar_p_value(*rights(4, only_a, only_b, 3)) == pytest.approx(p_value, rel=1e-9)


@pytest.mark.parametrize(("only_a", "only_b"), [(12, 30), (150, 100), (7, 7)])
def test_the_p_value_is_that_of_scipys_sign_test(only_a: int, only_b: int) -> None:
    expected = binomtest(min(only_a, only_b), only_a + only_b, 0.5, alternative="less").pvalue
    p_value = mcnemar_p_value(*rights(50, only_a, only_b, 20))
    assert p_value == pytest.approx(min(1, 2 * expected), rel=1e-9)


@pytest.mark.parametrize(("both", "neither"), [(10, 0), (0, 10), (6, 4), (0, 0)])
def test_classifiers_that_never_differ_have_a_p_value_of_1(both: int, neither: int) -> None:
    assert mcnemar_p_value(*rights(both, 0, 0, neither)) == 1


def test_pictures_on_which_both_agree_do_not_matter() -> None:
    assert mcnemar_p_value(*rights(0, 2, 9, 0)) == mcnemar_p_value(*rights(500, 2, 9, 300))


def test_which_classifier_comes_first_does_not_matter() -> None:
    a_right, b_right = rights(5, 2, 9, 1)
    assert mcnemar_p_value(a_right, b_right) == mcnemar_p_value(b_right, a_right)
