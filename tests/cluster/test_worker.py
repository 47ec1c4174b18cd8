"""What happens on a node, without a cluster: chunks in, shards out, and who sees something else says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.addresses import Address
from headstart.cluster import worker
from headstart.cluster.plan import identity
from headstart.cluster.shards import decoded_shard
from headstart.cluster.worker import MARK, ChunkWorker, Order, introduced, versions
from headstart.data.records import Listing
from headstart.data.sources import opened
from headstart.errors import MissingError, UserError
from headstart.features.engine import engine_for
from headstart.features.extract import Row, extract_chunk
from headstart.progress import silent
from models import names
from pictures import write_classes
from ray_nodes import small_network

KEY = "a" * 64


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    with opened(write_classes(tmp_path / "data", {"ant": 5, "bee": 5}), silent) as listing:
        return listing


@pytest.fixture
def order(listing: Listing, tmp_path: Path) -> Order:
    network, extractor = small_network()
    folder = tmp_path / "shards"
    folder.mkdir()
    (folder / MARK).write_text(extractor.facts)
    first = listing.pictures[0]
    return Order(listing.root, first, identity(listing.root, first), network, extractor, folder)


def files_of(order: Order) -> Mapping[str, NDArray[np.uint8]]:
    return {name: np.fromfile(order.network.folder / name, np.uint8) for name in order.network.files}


def test_a_worker_writes_the_shard_of_a_chunk_with_the_bits_of_the_local_run(
    order: Order, listing: Listing, tmp_path: Path
) -> None:
    running = ChunkWorker(order, 1)
    running.prepare(files_of(order))
    assert running.compute(KEY, listing.pictures) == 10
    shard = (tmp_path / "shards" / f"{KEY}.parquet").read_bytes()
    rows = decoded_shard(shard, KEY, listing.pictures, order.extractor, order.network.dimension)
    files = [listing.root / listed.path for listed in listing.pictures]
    local = extract_chunk(files, engine_for(order.network, "openvino"), order.extractor.geometry)
    for row, other in zip(rows, local, strict=True):
        assert row.sha256 == other.sha256
        np.testing.assert_array_equal(row.vector, other.vector)


def test_nothing_of_the_network_is_left_on_the_node(order: Order, cache: Path) -> None:
    ChunkWorker(order, 1).prepare(files_of(order))
    assert names(cache / "tmp") == []


def test_a_network_that_arrives_damaged_is_refused(order: Order) -> None:
    files = {name: content.copy() for name, content in files_of(order).items()}
    files["network.bin"][1000] ^= 1
    with pytest.raises(MissingError, match=r"^network\.bin of the network arrived damaged"):
        ChunkWorker(order, 1).prepare(files)


def test_a_worker_keeps_so_many_processors_busy_and_may_use_any(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    allowed = os.sched_getaffinity(0)

    def noted(*arguments: object) -> object:
        seen.append(len(os.sched_getaffinity(0)))
        return engine_for(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(worker, "engine_for", noted)
    ChunkWorker(order, 1).prepare(files_of(order))
    assert seen == [1]
    threads = [int(thread.name) for thread in Path("/proc/self/task").iterdir()]
    assert {frozenset(os.sched_getaffinity(thread)) for thread in threads} == {frozenset(allowed)}


def test_numbers_too_large_for_maps_are_a_sentence(
    order: Order, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = Row("0" * 64, np.full(order.network.dimension, 1e6, np.float32))
    monkeypatch.setattr(worker, "extract_chunk", lambda *arguments: [large] * 10)
    running = ChunkWorker(replace(order, extractor=replace(order.extractor, dtype="float16")), 1)
    running.prepare(files_of(order))
    with pytest.raises(UserError, match="too large for float16"):
        running.compute(KEY, listing.pictures)
    assert names(Path(str(order.folder))) == [MARK]


def test_a_node_says_what_would_compute_there(order: Order) -> None:
    found, processor = introduced(order)
    assert found == {"engine": order.extractor.engine, "decoder": order.extractor.decoder}
    assert processor


def test_a_node_without_the_engine_says_so(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(kind: str) -> str:
        raise PackageNotFoundError(kind)

    monkeypatch.setattr(worker, "engine_name", missing)
    assert introduced(order)[0]["engine"] == "no openvino"


def test_versions_are_those_of_headstart_and_python() -> None:
    assert set(versions()) == {"headstart", "Python"}


def test_a_node_that_sees_other_pictures_says_so(order: Order) -> None:
    with pytest.raises(
        UserError, match=r"data/ant/00\.png isn't there or is another file than here; the pictures must"
    ):
        introduced(replace(order, seen="1 1"))


def test_a_node_that_sees_another_folder_of_shards_says_so(order: Order, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(UserError, match=r"elsewhere isn't the folder that it is here; --cluster-store must lie on"):
        introduced(replace(order, folder=tmp_path / "elsewhere"))


def test_a_node_that_may_not_write_says_so(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(file: Path | Address, content: bytes) -> None:
        raise MissingError("--cluster-store can't be written")

    monkeypatch.setattr(worker, "put", refused)
    with pytest.raises(MissingError, match="can't be written"):
        introduced(order)
