"""Ridge on a real Ray cluster of two nodes: the head of one machine, whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.cluster.gram import Labelled, Shards, chunks_in, fit_ridge_on, labelled, shards_of
from headstart.cluster.on_ray import Cluster, connected
from headstart.cluster.plan import chunks_of
from headstart.cluster.shards import SUFFIX, encoded_shard
from headstart.cluster.storage import content_of, put
from headstart.data.records import Listed, Listing
from headstart.errors import MissingError
from headstart.features.extract import Row
from headstart.learn.fit import Fit
from headstart.learn.streaming import fit_ridge_in_passes
from headstart.progress import Advanced, Event, Started, silent
from made_up import sha
from processes import eventually
from ray_nodes import Nodes, ray_nodes
from stores import EXTRACTOR

DIMENSION, CLASSES, PICTURES, SIZE = 16, 3, 500, 40


@dataclass(frozen=True)
class Work:
    """Shards of rows in three classes, of which one in five isn't learnt, and one in fifty couldn't be read."""

    shards: Shards
    learnt: Labelled


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("shards")
    random = np.random.default_rng(0)
    n = PICTURES
    labels = np.sort(random.integers(0, CLASSES, n))
    vectors = (random.normal(0, 1, (CLASSES, DIMENSION))[labels] + random.normal(5, 1, (n, DIMENSION))).astype("f4")
    contents = [sha(str(number)) for number in range(n)]
    pictures = tuple(Listed(f"{number}.png", "", version="1") for number in range(n))
    listing = Listing(folder, pictures)
    shards = shards_of(listing, EXTRACTOR, DIMENSION, folder, SIZE)
    for chunk in chunks_of(listing, EXTRACTOR.fingerprint, SIZE):
        own = range(chunk.start, chunk.stop)
        rows = [Row("", reason="unreadable") if i % 50 == 7 else Row(contents[i], vectors[i]) for i in own]
        shard = encoded_shard(chunk.key, pictures[chunk.start : chunk.stop], rows, EXTRACTOR, DIMENSION)
        put(shards.folder / f"{chunk.key}{SUFFIX}", shard)
    learnt = np.flatnonzero(np.arange(n) % 5)
    return Work(
        shards,
        labelled(
            CLASSES,
            [contents[i] for i in learnt],
            labels[learnt],
            random.uniform(0.5, 2, len(learnt)).astype(np.float32),
            learnt // 2,
        ),
    )


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with ray_nodes() as running:
        yield running


@pytest.fixture(scope="module")
def cluster(nodes: Nodes) -> Iterator[Cluster]:
    with connected("ray", silent) as cluster:
        yield cluster


def local(work: Work) -> Fit:
    return fit_ridge_in_passes(lambda: chunks_in(work.shards, work.learnt), DIMENSION, CLASSES, 0, silent)


def adding_up() -> list[int]:
    """Return the workers that add up."""
    pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]
    return [pid for pid in pids if b"ray::_added_up" in command(pid)]


def command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def assert_same(fit: Fit, other: Fit) -> None:
    assert fit.chosen["alpha"] == other.chosen["alpha"]
    assert fit.chosen["accuracy"] == other.chosen["accuracy"]
    assert fit.chosen["temperature"] == pytest.approx(other.chosen["temperature"], rel=0.05)
    for tensor, expected in zip(least_squares(fit), least_squares(other), strict=True):
        np.testing.assert_allclose(tensor, expected, atol=1e-4 * np.abs(expected).max())


def least_squares(fit: Fit) -> list[NDArray[Any]]:
    """Return kernel and bias of a fit before its temperature, which is sought with less precision."""
    return list(fit.head.cooled(1 / fit.chosen["temperature"]).tensors().values())


def test_rows_that_are_learnt_are_read_and_no_others(work: Work) -> None:
    chunks = list(chunks_in(work.shards, work.learnt))
    numbers = [i for i in range(PICTURES) if i % 5 and i % 50 != 7]
    assert len(chunks) == len(work.shards.keys) > 5
    assert np.concatenate([chunk.units for chunk in chunks]).tolist() == [i // 2 for i in numbers]
    bits = [np.uint64(int(sha(str(i))[:16], 16)) for i in numbers]
    order = np.searchsorted(work.learnt.contents, bits)
    np.testing.assert_array_equal(np.concatenate([chunk.weights for chunk in chunks]), work.learnt.weights[order])
    np.testing.assert_array_equal(np.concatenate([chunk.labels for chunk in chunks]), work.learnt.labels[order])


def test_without_anything_that_is_learnt_there_are_no_rows(work: Work) -> None:
    none = labelled(3, [], np.zeros(0, np.intp), np.zeros(0, np.float32), np.zeros(0, np.int64))
    assert list(chunks_in(work.shards, none)) == []


@pytest.mark.parametrize("change", ["gone", "altered"])
def test_a_shard_that_is_not_whole_is_refused(work: Work, tmp_path: Path, change: str) -> None:
    key = work.shards.keys[0]
    content = content_of(work.shards.folder / f"{key}{SUFFIX}") or b""
    if change == "altered":
        (tmp_path / f"{key}{SUFFIX}").write_bytes(content[:-50] + b"x" * 50)
    with pytest.raises(MissingError, match=r"The shard \S+ is damaged \(.*\); have the features computed again\."):
        list(chunks_in(replace(work.shards, folder=tmp_path), work.learnt))


def test_the_cluster_finds_the_head_of_one_machine(work: Work, cluster: Cluster) -> None:
    events: list[Event] = []
    assert_same(fit_ridge_on(cluster, work.shards, work.learnt, 0, events.append), local(work))
    assert Started(len(work.shards.keys)) in events
    assert sum(event.pictures for event in events if isinstance(event, Advanced)) == len(work.shards.keys)


def test_a_worker_that_dies_is_replaced_and_no_shard_counts_twice(work: Work, cluster: Cluster) -> None:
    many = replace(work.shards, keys=work.shards.keys * 40)  # so that there is time to kill one
    killed: list[int] = []

    def kill() -> None:
        if eventually(adding_up):
            killed.append(adding_up()[0])
            os.kill(killed[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    fit = fit_ridge_on(cluster, many, work.learnt, 0, silent)
    thread.join()
    assert killed
    assert_same(fit, local(Work(many, work.learnt)))


def test_a_damaged_shard_ends_the_work_with_its_sentence(work: Work, cluster: Cluster, tmp_path: Path) -> None:
    first = work.shards.keys[0]
    (tmp_path / f"{first}{SUFFIX}").write_bytes(content_of(work.shards.folder / f"{first}{SUFFIX}") or b"")
    with pytest.raises(MissingError, match=r"The shard \S+ is damaged .*again\.$"):
        fit_ridge_on(cluster, replace(work.shards, folder=tmp_path), work.learnt, 0, silent)
