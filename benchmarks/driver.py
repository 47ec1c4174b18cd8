"""The machine that brings a cluster's vectors home, at work on a mock of the cluster: what a picture costs it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.figure import Figure, seconds_of
from benchmarks.rows import network_of
from headstart.addresses import Address
from headstart.cluster.extraction import Computed
from headstart.cluster.plan import chunks_of
from headstart.cluster.shards import decoded_shard, encoded_shard
from headstart.data.decode import Geometry
from headstart.data.records import Listed, Listing
from headstart.features.engine import engine_name
from headstart.features.extract import Row
from headstart.features.extractor import extractor_of
from headstart.features.recipe import Recipe
from headstart.features.store import opened_store
from headstart.jobs import on_cluster
from headstart.jobs.on_cluster import extracted_on_cluster
from headstart.jobs.setup import Setup
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import silent

PICTURES, CHUNK, CLASSES = 300_000, 256, 100
SHARDS = 20


def driver(pictures: Path) -> list[Figure]:
    """Measure what listing, planning and bringing home cost for each picture, where a mock does the computing."""
    before = _resident()
    listing = Listing(Address("s3://bucket/pictures"), tuple(_listed(number) for number in range(PICTURES)))
    listed = (_resident() - before) / PICTURES
    network = network_of()
    extractor = extractor_of(network, Geometry(network.image_size), engine_name())
    planning = seconds_of(lambda: chunks_of(listing, extractor.fingerprint, CHUNK)) / PICTURES * 1e6
    rows = [Row(f"{number:064x}", np.ones(network.dimension, np.float32)) for number in range(CHUNK)]
    some = listing.pictures[:CHUNK]
    shard = encoded_shard("key", some, rows, extractor, network.dimension)
    reading = seconds_of(
        lambda: [decoded_shard(shard, "key", some, extractor, network.dimension) for _ in range(SHARDS)]
    )
    setup = Setup(Recipe("avg_pool", "squash", (network.image_size,)), (network,), "openvino", "f32")
    with tempfile.TemporaryDirectory() as place, opened_store(Path(place)) as store, _mock_cluster():
        features = extracted_on_cluster(
            listing, setup, ("whole",), store, silent, on="ray", shards=Address("s3://bucket/shards")
        )
        home = (_resident() - before) / len(features.dataset.records)
    return [
        Figure("memory for each listed picture with an ETag", f"{listed:.0f} bytes"),
        Figure("memory for each picture that came home", f"{home:.0f} bytes"),
        Figure("naming the chunks of a million objects", f"{planning:.1f} s"),
        Figure(f"reading and checking a shard of {CHUNK}", f"{reading / SHARDS * 1000:.0f} ms"),
        Figure(f"bytes of a shard's row beside the vector of {network.dimension:,}", f"{_beside(shard, network):.0f}"),
    ]


def _listed(number: int) -> Listed:
    label = f"class {number % CLASSES:03}"
    return Listed(f"{label}/picture-{number:09}.jpg", label, version=f"{number:032x}")


def _beside(shard: bytes, network: ConvertedNetwork) -> float:
    return len(shard) / CHUNK - 4 * network.dimension


@contextmanager
def _mock_cluster() -> Iterator[None]:
    """Let a cluster answer at once, with contents of its own and always the same vector."""
    vector = np.ones(8, np.float32)

    @contextmanager
    def mock(on: str, listing: Listing, *_: object, **__: object) -> Iterator[Iterator[Computed]]:
        yield (
            Computed(some, tuple(Row(f"{start + i:064x}", vector) for i in range(len(some))))
            for start in range(0, len(listing.pictures), CHUNK)
            if (some := listing.pictures[start : start + CHUNK])
        )

    with patch.object(on_cluster, "extracted_on", mock):
        yield


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096
