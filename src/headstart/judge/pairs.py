"""Whether two classifiers differ, judged on the same pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mcnemar_p_value(a_right: NDArray[np.bool_], b_right: NDArray[np.bool_]) -> float:
    """Return the two-sided exact p-value that two classifiers are right equally often (McNemar 1947, exact form).

    Parameters
    ----------
    a_right, b_right
        ``(n_pictures,)``: which of the same pictures each classifier got right.
    """
    from scipy.stats import binomtest

    only_a, only_b = int((a_right & ~b_right).sum()), int((b_right & ~a_right).sum())
    if only_a + only_b == 0:
        return 1.0
    return float(binomtest(only_a, only_a + only_b, 0.5).pvalue)
