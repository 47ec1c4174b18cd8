"""Whether a network's weights are those it was born with: a file that claims to be trained, and isn't.

Three signs, each of which training destroys in its first step, so that none of them is a false alarm:

* **Batch normalisation as it begins**: moving means of exactly 0 and moving variances of exactly 1. One layer of it is
  enough: then that part was never trained, or got lost on the way.
* **Biases of exactly 0**, all of them, in a network without batch normalisation.
* **Kernels with an edge**: numbers drawn from a uniform distribution between -a and a, as Glorot & Bengio 2010 and He
  et al. 2015 do, have a largest one of √3 standard deviations and a kurtosis of 9/5, to within 2 % of 5,000.
  The first step of any optimiser blurs the edge; trained kernels have a kurtosis of 3 and far more. Where all large
  kernels look like that, the network is random, whatever its biases are.

Kernels drawn from a normal distribution aren't a sign by themselves: after a short training they still look alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST_NUMBERS = 5_000
_LOOKED_AT = 100_000
_EDGE, _EDGE_ERROR = 3**0.5, 0.03
_KURTOSIS, _KURTOSIS_ERROR = 1.8, 0.1


def untrained_sign(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return how one sees that a network wasn't trained, in words that follow its name; nothing if it was.

    ``arrays`` are its weights by ``layer/variable``, float32.
    """
    means = [name for name in arrays if name.endswith("/moving_mean")]
    born = [name for name in means if _is_born(arrays, name.removesuffix("moving_mean"))]
    if born:
        return (
            f"{len(born)} of its {len(means)} batch normalisations have means of exactly 0 and variances of exactly 1, "
            "as before any training"
        )
    biases = [array for name, array in arrays.items() if name.endswith("/bias")]
    if biases and not means and not any(array.any() for array in biases):
        return "all of its biases are exactly 0, as before any training"
    kernels = [array for array in arrays.values() if array.ndim > 1 and array.size >= _LEAST_NUMBERS]
    if kernels and all(map(_has_an_edge, kernels)):
        return "its kernels are spread evenly up to a sharp edge, as they are drawn before any training"
    return ""


def _is_born(arrays: Mapping[str, NDArray[Any]], layer: str) -> bool:
    variance = arrays.get(f"{layer}moving_variance")
    return variance is not None and not arrays[f"{layer}moving_mean"].any() and bool((variance == 1).all())


def _has_an_edge(kernel: NDArray[Any]) -> bool:
    """Whether the numbers look drawn from a uniform distribution around 0, or are all the same."""
    numbers = kernel.ravel()[:_LOOKED_AT].astype(np.float64)
    numbers -= numbers.mean()
    deviation = np.sqrt(np.square(numbers).mean())
    if not deviation:
        return True
    z = numbers / deviation
    edge, kurtosis = np.abs(z).max(), np.square(np.square(z)).mean()
    return bool(abs(edge / _EDGE - 1) < _EDGE_ERROR and abs(kurtosis - _KURTOSIS) < _KURTOSIS_ERROR)
