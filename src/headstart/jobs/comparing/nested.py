"""Ever larger parts of the train part, each holding the one before: at which sizes, and which pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heapreplace
from itertools import takewhile

import numpy as np

from headstart.data.records import Dataset

_STEPS = (1, 2, 5)


def sizes_for(counts: Sequence[int]) -> list[int]:
    """Return pictures per class to learn from: 1, 2, 5, 10, 20, ..., what leaves half of all, and all.

    ``counts`` are the pictures of each class; a class that has fewer than a size gives what it has. The last size is
    the count of the largest class.
    """
    steps = (step * 10**power for power in range(len(str(max(counts)))) for step in _STEPS)
    return sorted({*takewhile(lambda size: size < max(counts), steps), *halved(counts, 2)})


def halved(counts: Sequence[int], times: int) -> list[int]:
    """Return so many sizes of which the last takes all pictures, and each that is left half of what the next takes.

    Arguments as for `sizes_for`; sizes that would be the same are one.
    """
    total = sum(counts)
    return sorted({_size_of(counts, total / 2**half) for half in range(times)})


def _size_of(counts: Sequence[int], pictures: float) -> int:
    """Return the largest size that takes at most so many ``pictures``, but at least 1."""
    sizes = range(1, max(counts) + 1)
    return max([size for size in sizes if sum(min(size, count) for count in counts) <= pictures], default=1)


def nested(part: Dataset, units: Mapping[str, int], sizes: Iterable[int], seed: Sequence[int]) -> dict[int, Dataset]:
    """Return a part of ``part`` for each of the ``sizes``, in pictures per class; larger ones hold the smaller.

    Whole units are taken, in a random order, each for the class that has fewest pictures until then, until every class
    has so many pictures or all that there are. So a unit is never cut: where units are several pictures, or hold
    several classes, a class may get more pictures than the size says, by less than a unit of its own, or as its
    neighbours in a unit bring them.

    Parameters
    ----------
    part
        Pictures in the order of their contents.
    units
        The unit of each picture by content, see `headstart.data.together`.
    sizes
        In any order.
    seed
        Of the draw.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for position, record in enumerate(part.records):
        members[units[record.sha256]].append(position)
    shuffled = list(members.values())
    order = [shuffled[number] for number in np.random.default_rng(list(seed)).permutation(len(shuffled))]
    labels = [part.label_index(record) for record in part.records]
    waiting: list[list[int]] = [[] for _ in part.classes]
    for number in reversed(range(len(order))):  # the last of a list is its next
        for label in {labels[position] for position in order[number]}:
            waiting[label].append(number)
    counts = [0] * len(part.classes)
    taken = np.zeros(len(order), np.bool_)
    chosen = np.zeros(len(labels), np.bool_)
    fewest = [(0, label) for label in range(len(counts))]
    heapify(fewest)
    parts = {}
    for size in sorted(set(sizes)):
        while fewest and fewest[0][0] < size:
            count, label = fewest[0]
            if count < counts[label]:  # another class' unit brought some
                heapreplace(fewest, (counts[label], label))
            elif not waiting[label]:
                heappop(fewest)
            elif not taken[unit := waiting[label].pop()]:
                taken[unit] = True
                for position in order[unit]:
                    chosen[position] = True
                    counts[labels[position]] += 1
        records = tuple(record for record, is_in in zip(part.records, chosen, strict=True) if is_in)
        parts[size] = replace(part, records=records)
    return parts
