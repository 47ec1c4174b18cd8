"""The engine of hand-crafted features: pictures in, vectors out, without a network."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from headstart.errors import MissingError
from headstart.features.handcrafted import MISSING, handcrafted_vector
from headstart.networks.backbones import HANDCRAFTED
from headstart.networks.converted import ConvertedNetwork


def handcrafted_name() -> str:
    """Return the vector's version and that of scikit-image, which makes a part of it.

    Raises
    ------
    MissingError
        If scikit-image isn't installed.
    """
    try:
        library = version("scikit-image")
    except PackageNotFoundError as error:
        raise MissingError(MISSING) from error
    return f"handcrafted {dict(HANDCRAFTED.options)['version']} on scikit-image {library}"


class HandcraftedEngine:
    """Threads that each work on a picture of their own: NumPy lets others run while it computes."""

    def __init__(self, network: ConvertedNetwork) -> None:
        self.name = handcrafted_name()
        self.parallel = _processors()

    def vectors(self, pictures: Iterable[tuple[int, NDArray[np.uint8]]]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield keys and vectors; see `headstart.features.engine.Engine`."""
        waiting: deque[tuple[int, Future[NDArray[np.float32]]]] = deque()
        with ThreadPoolExecutor(self.parallel) as threads:
            try:
                for key, pixels in pictures:
                    waiting.append((key, threads.submit(handcrafted_vector, pixels)))
                    if len(waiting) > 2 * self.parallel:
                        yield _first(waiting)
                while waiting:
                    yield _first(waiting)
            finally:
                for _, future in waiting:  # nobody wants the rest
                    future.cancel()


def _first(waiting: deque[tuple[int, Future[NDArray[np.float32]]]]) -> tuple[int, NDArray[np.float32]]:
    key, future = waiting.popleft()
    return key, future.result()


def _processors() -> int:
    """Return how many processors this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
