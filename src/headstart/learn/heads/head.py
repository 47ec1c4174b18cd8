"""What every head is once it is fitted: arrays that make scores, whose softmax is the probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError, first_three
from headstart.learn.rows import Floats

Tensors = Mapping[str, NDArray[Any]]

Reader = Callable[[Tensors, int, int], "Head"]
"""Makes a head of stored tensors, the number of features and the number of classes; raises `UserError`."""

_NUMBERS_AT_ONCE = 2**24


class Head(Protocol):
    """A fitted head: data alone, the same wherever it was fitted.

    A row's scores don't depend on the other rows that are asked for with it, but for the rounding of floats.
    """

    @property
    def kind(self) -> str:
        """Its name in `headstart.learn.heads.KINDS`."""
        ...

    @property
    def dimension(self) -> int:
        """How many features it takes."""
        ...

    def scores(self, features: Floats) -> Floats:
        """Return ``(n, n_classes)`` float32 scores for ``(n, dimension)`` float32 features: logits."""
        ...

    def predict_proba(self, features: Floats) -> Floats:
        """Return ``(n, n_classes)`` float32 probabilities for ``(n, dimension)`` features; rows sum to 1.

        Raises
        ------
        UserError
            If they aren't numbers: arrays that are finite can still make infinities of a picture.
        """
        with np.errstate(all="ignore"):
            proba = softmax(self.scores(features))
        if not np.isfinite(proba).all():
            raise UserError("The model is spoilt: its scores aren't numbers; train again or fetch the model again.")
        return proba

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as they are stored."""
        ...

    def cooled(self, temperature: float) -> Self:
        """Return the head whose scores are these divided by ``temperature``, which is over 0 (Guo et al. 2017)."""
        ...


def softmax(logits: Floats) -> Floats:
    """Return the softmax of ``(n, k)`` logits along the last axis, computed without overflow."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def chunks(n: int, numbers_a_row: int) -> Iterator[slice]:
    """Yield slices that cover ``n`` rows, so that what is computed of one at a time stays below some 64 MB."""
    step = max(1, _NUMBERS_AT_ONCE // max(1, numbers_a_row))
    for start in range(0, n, step):
        yield slice(start, start + step)


def directions_of(features: Floats, mean: Floats, std: Floats) -> Floats:
    """Return the rows of ``(features - mean) / std``, ``(n, dimension)`` float32, at length 1; a row of 0 stays 0."""
    z = (features - mean) / std
    # The largest number first, so that no square overflows or vanishes.
    z /= np.maximum(np.abs(z).max(axis=1, keepdims=True, initial=0), np.finfo(np.float32).tiny)
    return np.asarray(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 0.5), np.float32)


def check_names(tensors: Tensors, names: set[str]) -> None:
    """Raise `UserError` unless ``tensors`` are those that ``names`` lists, and no others."""
    if odd := sorted(set(tensors) ^ names):
        raise UserError(f"its head doesn't have the tensors that it should: {first_three([name[:60] for name in odd])}")


def floats_in(
    tensors: Tensors,
    name: str,
    shape: tuple[int | None, ...],
    dtype: type[np.floating[Any]] = np.float32,
    lowest: float = -np.inf,
) -> NDArray[Any]:
    """Return a tensor as finite floats of ``dtype``; raise `UserError` if it isn't one.

    Parameters
    ----------
    tensors, name
        Where it is.
    shape
        Which shape it must have; None is any length.
    dtype
        What it is brought to.
    lowest
        Less than that isn't allowed.
    """
    found = _shaped(tensors, name, shape)
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(found, dtype)
    if not np.isfinite(floats).all():
        raise UserError(f"its head holds values that aren't numbers in {name}")
    if floats.size and floats.min() < lowest:
        raise UserError(f"its head holds values that are too small in {name}")
    return floats


def integers_in(
    tensors: Tensors, name: str, shape: tuple[int | None, ...], lowest: int, highest: int
) -> NDArray[np.int32]:
    """Return a tensor of whole numbers in [lowest, highest]; raise `UserError` if it isn't one. As `floats_in`."""
    found = _shaped(tensors, name, shape)
    if found.dtype.kind not in "iu" or (found.size and not lowest <= found.min() <= found.max() <= highest):
        raise UserError(f"its head points to what there isn't in {name}")
    return np.ascontiguousarray(found, np.int32)


def _shaped(tensors: Tensors, name: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
    found = tensors[name]
    fits = found.ndim == len(shape) and all(
        length in (None, own) for own, length in zip(found.shape, shape, strict=True)
    )
    if not fits or found.dtype.kind not in "fiu":
        raise UserError(f"its head doesn't fit together in {name}")
    return found
