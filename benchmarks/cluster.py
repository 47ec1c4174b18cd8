"""Ray on nodes of one processor each, against the local executor on as many processors."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figure import ROUNDS, Figure
from benchmarks.rows import network_of
from benchmarks.speed import SIZE
from headstart.cluster.extraction import extracted_on
from headstart.data.decode import Geometry
from headstart.data.records import Listing
from headstart.data.sources import opened
from headstart.features.engine import engine_for, engine_name
from headstart.features.extract import computed
from headstart.features.extractor import extractor_of
from headstart.progress import Advanced, Event, silent

PICTURES = 1000
CHUNK = 25
NODES = 2


@dataclass(frozen=True)
class Pace:
    """How long the first pictures took, with everything that comes before, and pictures per second after them."""

    first_seconds: float
    rate: float


class Clock:
    """Listens, and notes when how many pictures were done."""

    def __init__(self) -> None:
        self._since = time.perf_counter()
        self._done: list[tuple[float, int]] = []

    def listen(self, event: Event) -> None:
        """Note what was done."""
        if isinstance(event, Advanced):
            self._done.append((time.perf_counter() - self._since, event.pictures))

    def pace(self) -> Pace:
        """Return the pace from the first time that something was done to the last."""
        first, last = self._done[0][0], self._done[-1][0]
        return Pace(first, sum(pictures for _, pictures in self._done[1:]) / (last - first))


def cluster(pictures: Path) -> list[Figure]:
    """Compare two nodes of a real Ray cluster on this machine with the local executor, and with one node."""
    with opened(pictures, silent) as listing:
        step = max(1, len(listing.pictures) // PICTURES)
        some = replace(listing, pictures=listing.pictures[::step])
        rounds = [(_local(some), _on_nodes(NODES, some), _on_nodes(1, some)) for _ in range(ROUNDS)]
    local, two, one = (
        Pace(statistics.median(pace.first_seconds for pace in paces), statistics.median(pace.rate for pace in paces))
        for paces in zip(*rounds, strict=True)
    )
    of = f"{len(some.pictures):,} pictures, efficientnet_lite0"
    return [
        Figure(
            f"Ray on {NODES} nodes of 1 processor against the local executor on {_processors()} ({of}; {two.rate:.0f} "
            f"and {local.rate:.0f} pictures/s between the first and the last chunk)",
            f"{two.rate / local.rate:.2f}",
            "≥ 0.8",
        ),
        Figure(
            f"{NODES} nodes against 1 ({two.rate:.0f} and {one.rate:.0f} pictures/s)",
            f"{two.rate / one.rate:.2f}",
            f"{NODES}",
        ),
        Figure(
            f"from the start to the first chunk of {CHUNK}, the cluster running ({NODES} nodes)",
            f"{two.first_seconds:.1f} s",
        ),
    ]


@contextmanager
def _on_processor(number: int) -> Iterator[None]:
    """Have everything that is started meanwhile, and what that starts, run on one processor."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _processors() -> int:
    return len(os.sched_getaffinity(0))


def _local(listing: Listing) -> Pace:
    clock = Clock()
    files = [listing.root / (listed.file or listed.path) for listed in listing.pictures]
    engine = engine_for(network_of(), "openvino")
    for _ in computed(files, [None] * len(files), engine, Geometry(SIZE), clock.listen):
        pass
    return clock.pace()


def _on_nodes(count: int, listing: Listing) -> Pace:
    network = network_of()
    extractor = extractor_of(network, Geometry(SIZE), engine_name("openvino"))
    with tempfile.TemporaryDirectory() as store, _nodes(count):
        clock = Clock()
        with extracted_on(
            "ray", listing, network, extractor, store=Path(store), listen=clock.listen, size=CHUNK
        ) as chunks:
            for _ in chunks:
                pass
    return clock.pace()


@contextmanager
def _nodes(count: int) -> Iterator[None]:
    """Run a cluster of so many nodes on this machine, each with a processor of its own."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        for number in range(count):
            with _on_processor(number):
                nodes.add_node(num_cpus=1, include_dashboard=False)
        os.environ["RAY_ADDRESS"] = nodes.address
        yield
    finally:
        os.environ.pop("RAY_ADDRESS", None)
        nodes.shutdown()
