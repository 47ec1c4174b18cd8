"""Nearest neighbours: stored rows that vote for their classes by how much nearer they are than the first left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.heads.head import Head, Tensors, check_names, chunks, directions_of, floats_in, integers_in
from headstart.learn.rows import Floats


@dataclass(frozen=True)
class NeighboursHead(Head):
    """The ``k`` rows of highest cosine vote, each by the power of how much it exceeds the cosine of the next.

    Distance-weighted neighbours (Dudani 1976): the last neighbour's vote is the smallest, so that a rounding which
    exchanges it for the next one changes next to nothing. ``smoothing`` is added to the votes by ``prior``.

    Attributes
    ----------
    mean, std
        ``(dimension,)`` float32: a row is standardised before its direction is taken; std over 0.
    directions
        ``(m, dimension)`` float16 of length 1, or 0.
    labels
        ``(m,)`` int32, in [0, n_classes).
    votes
        ``(m,)`` float32: what each row's vote counts; at least 0.
    prior
        ``(n_classes,)`` float32, over 0.
    settings
        ``(4,)`` float32: k, power, smoothing, temperature.
    """

    mean: Floats
    std: Floats
    directions: NDArray[np.float16]
    labels: NDArray[np.int32]
    votes: Floats
    prior: Floats
    settings: Floats
    kind: ClassVar[str] = "neighbours"

    @property
    def dimension(self) -> int:
        """How many features it takes."""
        return len(self.mean)

    def scores(self, features: Floats) -> Floats:
        """Return ``(n, n_classes)`` float32 scores for ``(n, dimension)`` features: logarithms of shares of votes."""
        k, power, smoothing, temperature = (float(number) for number in self.settings)
        directions = self.directions.astype(np.float32)
        out = np.empty((len(features), len(self.prior)), np.float32)
        for part in chunks(len(features), len(directions) + self.dimension):
            cosines = directions_of(features[part], self.mean, self.std) @ directions.T
            nearest, similar = most_similar(cosines, int(k) + 1)
            shares = shares_of_votes(
                similar,
                self.labels[nearest],
                self.votes[nearest],
                k=int(k),
                power=power,
                smoothing=smoothing,
                prior=self.prior,
            )
            out[part] = np.log(shares) / np.float32(temperature)
        return out

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, as they are stored."""
        return {name: getattr(self, name) for name in _NAMES}

    def cooled(self, temperature: float) -> NeighboursHead:
        """Return the head with its temperature multiplied by ``temperature``."""
        settings = self.settings.copy()
        settings[3] *= np.float32(temperature)
        return replace(self, settings=settings)


_NAMES = ("mean", "std", "directions", "labels", "votes", "prior", "settings")


def neighbours_head(tensors: Tensors, dimension: int, n_classes: int) -> NeighboursHead:
    """Return the neighbours stored as ``tensors``; raise `UserError` if they don't form a head of that size."""
    check_names(tensors, set(_NAMES))
    tiny = float(np.finfo(np.float32).tiny)
    directions = floats_in(tensors, "directions", (None, dimension), np.float16)
    m = len(directions)
    settings = floats_in(tensors, "settings", (4,), lowest=tiny)
    if not 1 <= settings[0] <= m or settings[0] % 1:
        raise UserError(f"its head has {m} rows and asks for {settings[0]:g} neighbours")
    return NeighboursHead(
        mean=floats_in(tensors, "mean", (dimension,)),
        std=floats_in(tensors, "std", (dimension,), lowest=tiny),
        directions=directions,
        labels=integers_in(tensors, "labels", (m,), 0, n_classes - 1),
        votes=floats_in(tensors, "votes", (m,), lowest=0),
        prior=floats_in(tensors, "prior", (n_classes,), lowest=tiny),
        settings=settings,
    )


def most_similar(cosines: Floats, count: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the columns of the ``count`` highest cosines of each row, and these, the highest first.

    Where there are fewer columns, columns are repeated at a cosine of -1.
    """
    m = cosines.shape[1]
    count_here = min(count, m)
    columns = np.argpartition(cosines, m - count_here, axis=1)[:, m - count_here :]
    values = np.take_along_axis(cosines, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns, values = np.take_along_axis(columns, order, axis=1), np.take_along_axis(values, order, axis=1)
    missing = count - count_here
    return np.pad(columns, ((0, 0), (0, missing))), np.pad(values, ((0, 0), (0, missing)), constant_values=-1)


def shares_of_votes(
    similar: Floats,
    labels: NDArray[np.integer[Any]],
    votes: Floats,
    *,
    k: int,
    power: float,
    smoothing: float,
    prior: Floats,
) -> Floats:
    """Return the share of each class in the votes of the nearest rows, ``(n, n_classes)`` float32 over 0.

    Parameters
    ----------
    similar, labels, votes
        ``(n, over k)`` cosines, the highest first, and whose they are.
    k, power, smoothing, prior
        As in `NeighboursHead`.
    """
    excess = np.maximum(similar[:, :k] - similar[:, k : k + 1], 0)
    weight = (excess**power).astype(np.float32) * votes[:, :k]
    shares = np.broadcast_to(np.float32(smoothing) * prior, (len(similar), len(prior))).copy()
    rows = np.broadcast_to(np.arange(len(similar))[:, np.newaxis], weight.shape)
    np.add.at(shares, (rows, labels[:, :k]), weight)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
