"""Pictures that are the same: exactly, by their content's hash, or nearly, by how they look."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.data.records import PictureRecord

HASH_DISTANCE = 8
"""Near duplicates differ in at most so many of the 63 bits of the hash."""

CORRELATION = 0.97
"""And their thumbnails correlate at least so much."""

_FLAT = 4.0  # a thumbnail whose grey values deviate by less is of nothing: it would look like any other such
_BLOCK = 1024

Thumbs = NDArray[np.uint8]


def copies(records: Sequence[PictureRecord]) -> list[list[int]]:
    """Return the positions of pictures with the same content, for each content that occurs more than once."""
    places: dict[str, list[int]] = defaultdict(list)
    for position, record in enumerate(records):
        places[record.sha256].append(position)
    return [group for group in places.values() if len(group) > 1]


def near_duplicates(thumbs: Thumbs) -> NDArray[np.intp]:
    """Return pairs of pictures that look alike, mirrored too, ``(n_pairs, 2)`` positions, the smaller first.

    Candidates are found by a perceptual hash, the signs of the low frequencies of the cosine transform against
    their median (Zauner 2010, section 3.2.1, on thumbnails of 16 pixels), and confirmed by the correlation of the
    thumbnails. That finds pictures saved anew, scaled, made brighter or grey, and shots of the same thing from the
    same place; pictures cut by more than about 2 % it doesn't find.

    Pairs connect all that look alike, but two that others connect may have no pair of their own: a thousand frames
    of one scene would have half a million.

    Parameters
    ----------
    thumbs
        ``(n_pictures, 16, 16)`` uint8 grey values.
    """
    hashed = _hashed(thumbs)
    starts = range(0, len(thumbs), _BLOCK)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        pairs = pool.map(lambda start: _pairs_from(start, thumbs, hashed), starts)
        return np.concatenate([np.empty((0, 2), np.intp), *pairs])


@dataclass(frozen=True)
class _Hashed:
    """Of each thumbnail and of its mirror image the perceptual hash, and how much its grey values deviate.

    All are ``(n_pictures,)``.
    """

    upright: NDArray[np.uint64]
    mirrored: NDArray[np.uint64]
    deviations: NDArray[np.float32]


def _hashed(thumbs: Thumbs) -> _Hashed:
    n = len(thumbs)
    hashed = _Hashed(np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n, np.float32))
    for start in range(0, n, _BLOCK):
        some = slice(start, start + _BLOCK)
        block = thumbs[some].astype(np.float32)
        hashed.upright[some], hashed.mirrored[some] = _hashes(block), _hashes(block[:, :, ::-1])
        hashed.deviations[some] = block.std(axis=(1, 2))
    return hashed


def _hashes(thumbs: NDArray[np.float32]) -> NDArray[np.uint64]:
    from scipy.fft import dctn

    low = dctn(thumbs, axes=(1, 2), norm="ortho")[:, :8, :8].reshape(-1, 64)[:, 1:]  # all but the mean
    bits = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(np.pad(bits, ((0, 0), (0, 1))), axis=1).view(np.uint64)[:, 0]


def _pairs_from(start: int, thumbs: Thumbs, hashed: _Hashed) -> NDArray[np.intp]:
    """Return the pairs whose first is in the block that begins at ``start``."""
    found = [np.empty((0, 2), np.intp)]
    clusters = np.arange(len(thumbs))  # what the pairs so far connect has one number
    usable = hashed.deviations >= _FLAT
    for first in range(start, min(start + _BLOCK, len(thumbs))):
        if not usable[first]:
            continue
        later = hashed.upright[first + 1 :]
        near = np.bitwise_count(later ^ hashed.upright[first]) <= HASH_DISTANCE
        near |= np.bitwise_count(later ^ hashed.mirrored[first]) <= HASH_DISTANCE
        others = np.flatnonzero(near) + first + 1
        others = others[usable[others] & (clusters[others] != clusters[first])]
        if len(others):
            alike = others[_correlations(thumbs, first, others, hashed.deviations) >= CORRELATION]
            found.append(np.column_stack([np.full_like(alike, first), alike]))
            if (clusters[alike] != alike).any():  # some bring others along
                clusters[np.isin(clusters, clusters[alike])] = clusters[first]
            clusters[alike] = clusters[first]
    return np.concatenate(found)


def _correlations(
    thumbs: Thumbs, first: int, others: NDArray[np.intp], deviations: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the correlation of each of ``others``, ``(n,)``, with ``first`` or its mirror image, the larger."""
    own = (thumbs[first] - thumbs[first].mean(dtype=np.float32)) / (thumbs[first].size * deviations[first])
    both = np.stack([own.ravel(), own[:, ::-1].ravel()], axis=1)  # of mean 0, so that the others' means don't matter
    blocks = (others[start : start + _BLOCK] for start in range(0, len(others), _BLOCK))
    products = [(thumbs[block].reshape(-1, len(both)).astype(np.float32) @ both).max(axis=1) for block in blocks]
    return np.asarray(np.concatenate(products) / deviations[others], np.float32)


def components(n: int, links: Iterable[Sequence[int]]) -> NDArray[np.intp]:
    """Return for each of ``n`` things the number of the component that ``links`` put it in, ``(n,)``."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.array([(group[0], other) for group in links for other in group[1:]], np.intp).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.intp)
