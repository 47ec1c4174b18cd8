"""What must not be separated by a split: copies, near duplicates, and the pictures of one group."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.data.duplicates import Thumbs, components, copies, near_duplicates
from headstart.data.records import Dataset
from headstart.errors import UserError

LARGE_SHARE, LARGE = 0.1, 4
"""A cluster of near duplicates with more than this share of a class, and more than 4 pictures of it, is reported
instead of kept together: where everything looks alike (X-rays), looking alike is no sign of being the same."""


@dataclass(frozen=True)
class Together:
    """Which pictures belong together; positions are those in the data set's records.

    ``units`` is ``(n_pictures,)``: pictures with the same number stay on one side of a split. ``near`` are the
    clusters of near duplicates, copies included; those in ``too_large`` aren't enforced.
    """

    units: NDArray[np.intp]
    near: tuple[tuple[int, ...], ...] = ()
    too_large: tuple[tuple[int, ...], ...] = ()

    def of(self, positions: Sequence[int] | NDArray[np.intp]) -> int:
        """Return how many units the pictures at ``positions`` belong to."""
        return len(np.unique(self.units[positions]))


def together(dataset: Dataset, thumbs: Thumbs) -> Together:
    """Return which pictures of ``dataset`` belong together.

    Parameters
    ----------
    dataset
        Its records' groups are kept together too, whatever the class.
    thumbs
        ``(n_pictures, 16, 16)`` uint8 grey values.
    """
    records = dataset.records
    same = copies(records)
    first = {record.sha256: position for position, record in reversed(list(enumerate(records)))}
    distinct = np.array(sorted(first.values()), np.intp)
    pairs = distinct[near_duplicates(thumbs[distinct])]
    clusters = _clusters(len(records), [*same, *pairs.tolist()], pairs)
    sizes = dataset.counts()
    too_large = [cluster for cluster in clusters if _is_large(dataset, cluster, sizes)]
    enforced = set(clusters) - set(too_large)
    units = components(len(records), [*same, *enforced, *_groups(dataset)])
    return Together(units, tuple(clusters), tuple(too_large))


def _clusters(n: int, links: list[list[int]], pairs: NDArray[np.intp]) -> list[tuple[int, ...]]:
    """Return the components that hold at least one of the near ``pairs``, each in ascending order."""
    numbers = components(n, links)
    members: dict[int, list[int]] = {number: [] for number in numbers[pairs[:, 0]].tolist()}
    for position in np.flatnonzero(np.isin(numbers, list(members))).tolist():
        members[int(numbers[position])].append(position)
    return sorted(tuple(cluster) for cluster in members.values())


def _is_large(dataset: Dataset, cluster: Sequence[int], sizes: Counter[str]) -> bool:
    counts = Counter(dataset.records[position].label for position in cluster)
    return any(n > LARGE and n > LARGE_SHARE * sizes[label] for label, n in counts.items())


def _groups(dataset: Dataset) -> list[list[int]]:
    members: dict[str, list[int]] = defaultdict(list)
    for position, record in enumerate(dataset.records):
        if record.group is not None:
            members[record.group].append(position)
    return list(members.values())


def grouped_by(dataset: Dataset, pattern: str) -> tuple[Dataset, int]:
    """Return ``dataset`` with groups from the names of its pictures, and how many pictures have none.

    Parameters
    ----------
    dataset
        Its pictures must have no groups yet.
    pattern
        A regular expression, searched in each path (relative to the data, with forward slashes). Pictures in which
        its capturing groups, or the whole match where it has none, are the same are one group; where these are
        empty, a picture has none.

    Raises
    ------
    UserError
        If the expression is none, or finds nothing in any path, or the data came with a group column.
    """
    try:
        expression = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UserError(f"--group-by {pattern!r} is no regular expression ({error}).") from None
    if any(record.group is not None for record in dataset.records):
        raise UserError(f"{dataset.name} has a group column already; leave --group-by out.")
    records = tuple(replace(record, group=_group(expression, record.path)) for record in dataset.records)
    without = sum(record.group is None for record in records)
    if without == len(records):
        example = f"; the first is {records[0].path}" if records else ""
        raise UserError(f"--group-by {pattern!r} finds nothing in the paths of the pictures{example}.")
    return replace(dataset, records=records), without


def _group(expression: re.Pattern[str], path: str) -> str | None:
    match = expression.search(path)
    if match is None:
        return None
    parts = [part or "" for part in match.groups() or (match[0],)]
    return _BETWEEN.join(parts) if any(parts) else None


_BETWEEN = "\0"  # which is in no path: groups "a", "bc" and "ab", "c" are different
