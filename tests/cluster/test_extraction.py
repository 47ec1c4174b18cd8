"""Features on a real Ray cluster of two nodes on this machine: the bits of one machine, whatever becomes of nodes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

import headstart
from headstart.addresses import Address
from headstart.cluster import computing, extraction, on_ray
from headstart.cluster.extraction import Computed, extracted_on
from headstart.cluster.on_ray import Cluster, Node
from headstart.data.records import Listing
from headstart.data.sources import opened
from headstart.errors import MissingError, UserError
from headstart.features.engine import engine_for
from headstart.features.extract import Row, extract_chunk
from headstart.features.extractor import Extractor
from headstart.networks.converted import ConvertedNetwork
from headstart.progress import Advanced, Event, Started, silent
from models import sentences
from object_storage import ObjectStorage
from pictures import encoded, picture, write_classes
from processes import eventually
from ray_nodes import Nodes, chunk_workers, ray_nodes, small_network

SIZE = 10
PICTURES = 10_000
"""What the slow proof computes."""


@dataclass(frozen=True)
class Work:
    """What is to be computed, and what one machine makes of it."""

    listing: Listing
    network: ConvertedNetwork
    extractor: Extractor
    rows: tuple[Row, ...]


@dataclass
class Run:
    """What came back from a cluster, and what was said."""

    computed: list[Computed] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All rows, one after the other."""
        return [row for some in self.computed for row in some.rows]

    @property
    def said(self) -> str:
        """Everything that was said to the user."""
        return " ".join(sentences(self.events))


def work_of(data: Path, vanished: str = "") -> Work:
    network, extractor = small_network()
    with opened(data, silent) as listing:
        if vanished:
            (data / vanished).unlink()
        files = [listing.root / listed.path for listed in listing.pictures]
        rows = extract_chunk(files, engine_for(network, "openvino"), extractor.geometry)
    return Work(listing, network, extractor, tuple(rows))


def run(
    work: Work, store: Path | Address, on: str = "ray", then: Callable[[Computed], object] = lambda computed: None
) -> Run:
    """Have ``work`` computed on the cluster; do ``then`` whenever a chunk came back."""
    done = Run()
    with extracted_on(
        on, work.listing, work.network, work.extractor, store=store, listen=done.events.append, size=SIZE
    ) as chunks:
        for computed in chunks:
            done.computed.append(computed)
            then(computed)
    return done


def same(rows: list[Row], others: tuple[Row, ...]) -> bool:
    return [bits(row) for row in rows] == [bits(row) for row in others]


def bits(row: Row) -> tuple[str, bytes | None, str | None]:
    return row.sha256, None if row.vector is None else row.vector.tobytes(), row.reason


def shards(store: Path) -> dict[str, int]:
    """Return when each shard was written."""
    return {file.name: file.stat().st_mtime_ns for file in store.rglob("*.parquet")}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    data = write_classes(tmp_path_factory.mktemp("data"), {"ant": 60, "bee": 60})
    (data / "ant" / "03.png").write_bytes(b"no picture")
    return work_of(data, vanished="bee/05.png")


@pytest.fixture(scope="module")
def nodes(storage: ObjectStorage) -> Iterator[Nodes]:
    with ray_nodes() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def whole(work: Work, nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A run that is finished, and its store, which nobody may change."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(extraction, "_MEASURED_SECONDS", 0.01)
        return folder, run(work, folder)


@pytest.fixture
def copied(whole: tuple[Path, Run], store: Path) -> Path:
    """A copy of a finished run's store."""
    return Path(shutil.copytree(whole[0], store, dirs_exist_ok=True))


def test_without_a_cluster_one_of_this_machine_is_started_where_ray_is_said_to_find_none(
    work: Work, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))  # what is killed leaves its scratch folder there
    monkeypatch.setattr(on_ray, "_address_here", lambda: None)
    monkeypatch.setattr(on_ray, "CPUS_A_WORKER", 1)
    monkeypatch.setattr(computing, "_LOOK_SECONDS", 0.2)
    temporary = set(Path("/tmp").glob("ray-*"))  # noqa: S108 - where Ray's sockets may lie
    killed: list[int] = []

    def kill_one(computed: Computed) -> None:
        if not killed:
            before = chunk_workers()
            killed.append(before[0])
            os.kill(before[0], signal.SIGKILL)
            assert eventually(lambda: len(chunk_workers()) == len(before) and killed[0] not in chunk_workers())

    done = run(work, store, then=kill_one)
    assert same(done.rows, work.rows)
    assert done.said.startswith("No Ray cluster runs on this machine; one is started, of this machine alone.")
    assert set(Path("/tmp").glob("ray-*")) == temporary  # noqa: S108


def test_a_cluster_gives_the_bits_of_one_machine_in_the_order_of_the_data(work: Work, whole: tuple[Path, Run]) -> None:
    _, done = whole
    assert [listed for some in done.computed for listed in some.pictures] == list(work.listing.pictures)
    assert same(done.rows, work.rows)
    assert len({row.sha256 for row in done.rows}) == 119


def test_a_picture_that_cannot_be_had_has_a_row_with_the_reason(work: Work, whole: tuple[Path, Run]) -> None:
    _, done = whole
    rows = zip(work.listing.pictures, done.rows, strict=True)
    assert {listed.path: row.reason for listed, row in rows if row.vector is None} == {
        "ant/03.png": "not-a-picture",
        "bee/05.png": "unreadable",
    }


def test_the_plan_is_told_before_anything_is_computed(whole: tuple[Path, Run]) -> None:
    store, done = whole
    count = len(shards(store))
    assert sentences(done.events)[0] == (
        f"120 pictures in {count} chunks, 0 of them computed before; {count} chunks (120 pictures) to compute, by 2 "
        f"workers on 2 nodes with 2 processors. Their shards take about 632 kB in {store}. How long it takes is told "
        "once the speed is measured."
    )


def test_every_picture_advances_the_progress_once(whole: tuple[Path, Run]) -> None:
    _, done = whole
    assert [event for event in done.events if isinstance(event, Started)] == [Started(120)]
    assert sum(event.pictures for event in done.events if isinstance(event, Advanced)) == 120


def test_how_long_it_takes_is_told_once_the_speed_is_measured(whole: tuple[Path, Run]) -> None:
    _, done = whole
    assert len(re.findall(r"\d+ pictures/s: about \d+ seconds more\.", done.said)) == 1


def test_a_second_start_computes_nothing(work: Work, nodes: Nodes, copied: Path) -> None:
    before = shards(copied)
    done = run(work, copied)
    assert shards(copied) == before
    assert same(done.rows, work.rows)
    assert f"{len(before)} of them computed before; nothing is left to compute" in done.said
    assert sum(event.pictures for event in done.events if isinstance(event, Advanced)) == 120


def test_the_chunks_of_deleted_and_damaged_shards_alone_are_computed_and_damage_is_told(
    work: Work, nodes: Nodes, copied: Path
) -> None:
    before = shards(copied)
    truncated, altered, foreign, gone, *_ = (next(copied.rglob(name)) for name in sorted(before))
    content = altered.read_bytes()
    truncated.write_bytes(truncated.read_bytes()[:-20])
    altered.write_bytes(content[: len(content) // 3] + b"x" + content[len(content) // 3 + 1 :])
    shutil.copy(next(copied.rglob(sorted(before)[5])), foreign)
    gone.unlink()
    done = run(work, copied)
    assert same(done.rows, work.rows)
    told = re.findall(r"The shard \S*/(\S+) is damaged \([^;]+\); its pictures are computed again\.", done.said)
    assert sorted(told) == [truncated.name, altered.name, foreign.name]
    changed = {name for name, at in shards(copied).items() if at != before[name]}
    assert changed == {truncated.name, altered.name, foreign.name, gone.name}


def test_pictures_and_shards_may_lie_in_object_storage_and_who_asks_elsewhere(
    work: Work, nodes: Nodes, storage: ObjectStorage
) -> None:
    root = Path(str(work.listing.root))
    data = Address(storage.put_folder(root, "pictures", "data"))
    storage.put("shards", {})
    store = Address("s3://shards/of/mine")
    with opened(data, silent) as listing:
        remote = Work(listing, work.network, work.extractor, tuple(row for row in work.rows if row.sha256))
    done = run(remote, store, nodes.client)
    assert same([row for row in done.rows if row.sha256], remote.rows)
    assert len(done.rows) == 119
    before = storage.answered("GET /pictures/data/"), storage.answered("PUT /shards/")
    assert before[1] > 10
    assert same([row for row in run(remote, store).rows if row.sha256], remote.rows)
    assert storage.answered("GET /pictures/data/") == before[0]
    assert storage.answered("PUT /shards/") == before[1] + 3  # no shard: who asks and two nodes try to write


@pytest.mark.trust
def test_a_program_that_is_connected_stays_connected_and_keeps_no_worker(work: Work, nodes: Nodes, store: Path) -> None:
    import ray

    ray.init(address="auto", log_to_driver=False, logging_level="critical")
    try:
        assert same(run(work, store).rows, work.rows)
        assert ray.is_initialized()
        assert eventually(lambda: not chunk_workers())
    finally:
        ray.shutdown()


@pytest.mark.trust
def test_who_needs_no_more_gets_no_more_and_what_is_finished_stays(work: Work, nodes: Nodes, store: Path) -> None:
    def interrupt(computed: Computed) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(work, store, then=interrupt)
    ended = time.monotonic()
    assert eventually(lambda: not chunk_workers())
    assert time.monotonic() - ended < 10
    assert 1 <= len(shards(store)) < 12


@pytest.mark.trust
def test_a_chunk_that_fails_in_every_attempt_ends_in_a_sentence(work: Work, nodes: Nodes, store: Path) -> None:
    def remove(computed: Computed) -> None:
        shutil.rmtree(next(store.iterdir()), ignore_errors=True)

    with pytest.raises(
        MissingError, match=r"pictures from .*png on can't be computed, 4 times tried: .* can't be written: .* stay\."
    ):
        run(work, store, then=remove)


def test_a_killed_worker_and_then_a_killed_node_cost_their_running_chunks_alone(
    nodes: Nodes, store: Path, tmp_path: Path
) -> None:
    work = work_of(write_classes(tmp_path / "data", {"ant": 100, "bee": 100}))
    doomed = nodes.add()
    finished: list[dict[str, int]] = []

    def kill(computed: Computed) -> None:
        if not finished:
            os.kill(chunk_workers()[0], signal.SIGKILL)
        elif len(finished) == 5:
            nodes.kill(doomed)
        finished.append(shards(store))

    done = run(work, store, then=kill)
    assert [listed for some in done.computed for listed in some.pictures] == list(work.listing.pictures)
    assert same(done.rows, work.rows)
    assert "is damaged" not in done.said
    after = shards(store)
    assert len(finished[5]) < len(after)
    # A chunk whose shard was written, but not reported any more, was running too: it is written again.
    again = {name for some in finished for name, written in some.items() if after[name] != written}
    assert len(again) <= 4  # two of each worker that was killed


@pytest.mark.trust
def test_a_node_that_really_has_another_version_is_refused_and_not_used_if_it_is_said_to_come_later(
    work: Work, nodes: Nodes, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path(headstart.__file__).parent
    other = shutil.copytree(package, tmp_path / "other" / "headstart", ignore=shutil.ignore_patterns("__pycache__"))
    init = Path(other) / "__init__.py"
    init.write_text(re.sub(r'__version__ = "[^"]+"', '__version__ = "0.0.7"', init.read_text()))
    node = nodes.add({"PYTHONPATH": str(tmp_path / "other")})
    try:
        with pytest.raises(UserError, match=rf"^Node .* has headstart 0\.0\.7 \(here {headstart.__version__}\); inst"):
            run(work, store)
        assert shards(store) == {}
        there = Cluster.nodes
        first: list[Node] = []

        def only_good_ones_at_first(cluster: Cluster) -> list[Node]:
            if not first:
                first.extend(here for here in there(cluster) if here.id != node)
                return first
            return there(cluster)

        monkeypatch.setattr(Cluster, "nodes", only_good_ones_at_first)
        workers: list[int] = []
        done = run(work, store, then=lambda computed: workers.append(len(chunk_workers())))
    finally:
        nodes.kill(node)
    assert same(done.rows, work.rows)
    assert done.said.count("A node that came later isn't used. Node ") == 1
    assert max(workers) == 2


def test_a_node_whose_python_is_said_to_have_no_headstart_is_refused(
    work: Work, nodes: Nodes, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "headstart.py").write_text("raise ModuleNotFoundError(\"No module named 'headstart'\")")
    node = nodes.add({"PYTHONPATH": str(tmp_path)})
    try:
        with pytest.raises(MissingError, match=r"^Node .* has no headstart; install the same version of headstart on"):
            run(work, store)
    finally:
        nodes.kill(node)
    assert shards(store) == {}


def test_a_store_that_is_not_there_is_refused_before_anything_is_connected(work: Work, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--cluster-store .* isn't a folder"):
        run(work, tmp_path / "nowhere", "ray://127.0.0.1:9")


def test_a_store_that_can_only_be_read_is_refused_before_anything_is_connected(work: Work, read_only: Path) -> None:
    with pytest.raises(MissingError, match=r"^--cluster-store .* can't be written"):
        run(work, read_only, "ray://127.0.0.1:9")


def test_a_listing_without_pictures_is_refused(work: Work, store: Path) -> None:
    nothing = Work(Listing(store, (), name="data"), work.network, work.extractor, ())
    with pytest.raises(UserError, match=r"^data holds no pictures"):
        run(nothing, store)


@pytest.mark.trust
def test_ten_thousand_pictures_in_object_storage_on_two_nodes_of_which_one_is_killed(
    tmp_path: Path, storage: ObjectStorage
) -> None:
    for number in range(PICTURES):
        file = tmp_path / "data" / f"class-{number % 10}" / f"{number:05}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(picture((number % 200, 90, 90), number), "JPEG"))
    local = work_of(tmp_path / "data")
    storage.put("many-shards", {})
    seen = 0
    with (
        opened(Address(storage.put_folder(tmp_path / "data", "many")), silent) as listing,
        ray_nodes() as nodes,
    ):
        work = replace(local, listing=listing)

        def kill(computed: Computed) -> None:
            nonlocal seen
            if seen < PICTURES // 4 <= seen + len(computed.rows):
                nodes.kill(nodes.ids[0])
            seen += len(computed.rows)

        assert same(run(work, Address("s3://many-shards"), then=kill).rows, work.rows)
    assert seen == PICTURES
