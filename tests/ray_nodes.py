"""Real Ray clusters on this machine: a head that computes nothing, and nodes that can be killed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from headstart.cluster import on_ray
from headstart.data.decode import Geometry
from headstart.features.engine import engine_name
from headstart.features.extractor import Extractor, extractor_of
from headstart.networks.backbones import backbone
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.cuts import sized
from headstart.networks.weights import find_weights
from headstart.progress import silent


class Nodes:
    """A cluster that runs; what connects with ``--on ray`` connects to it, or with ``client`` as a Ray Client."""

    def __init__(self, cluster: Any, client: str, cache: str) -> None:
        self._cluster = cluster
        self._cache = cache
        self.client = client
        self._raylets: dict[str, list[int]] = {}

    def add(self, environment: Mapping[str, str] | None = None) -> str:
        """Start a node of one processor, with more in its environment, and return its id."""
        with pytest.MonkeyPatch.context() as monkeypatch:
            # What is killed leaves its scratch folder behind.
            monkeypatch.setenv("HEADSTART_CACHE", self._cache)
            for name, value in (environment or {}).items():
                monkeypatch.setenv(name, value)
            node = self._cluster.add_node(num_cpus=1, include_dashboard=False)
        self._raylets[node.node_id] = [each.process.pid for kind in node.all_processes.values() for each in kind]
        return str(node.node_id)

    def kill(self, node: str) -> None:
        """Kill a node and every process on it, as a power cut would."""
        pids = [pid for raylet in self._raylets.pop(node) for pid in (raylet, *_descendants(raylet))]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """Kill what is left of the nodes."""
        for node in self.ids:
            self.kill(node)

    @property
    def ids(self) -> list[str]:
        """The ids of the nodes."""
        return list(self._raylets)


@contextmanager
def ray_nodes(count: int = 2) -> Iterator[Nodes]:
    """Start a head and so many nodes, and kill them at the end, whatever happens."""
    os.environ.update(on_ray.ENVIRONMENT)
    import ray
    from ray.cluster_utils import Cluster

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with warnings.catch_warnings():
        # Ray leaves the log files of the Ray Client's server open.
        warnings.filterwarnings("ignore", "unclosed file .*ray_client_server", ResourceWarning)
        options = {
            "num_cpus": 0,
            "include_dashboard": False,
            "ray_client_server_port": port,
            # That a killed node is dead is noticed in some 2 seconds instead of 15.
            "_system_config": {
                "health_check_initial_delay_ms": 0,
                "health_check_period_ms": 400,
                "health_check_timeout_ms": 2000,
                "health_check_failure_threshold": 5,
            },
        }
        cluster = Cluster(initialize_head=True, head_node_args=options)
    cache = tempfile.mkdtemp()
    nodes = Nodes(cluster, f"ray://127.0.0.1:{port}", cache)
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("RAY_ADDRESS", cluster.address)
            for _ in range(count):
                nodes.add()
            yield nodes
    finally:
        ray.shutdown()
        nodes.kill_all()
        cluster.shutdown()
        shutil.rmtree(cache, ignore_errors=True)


def small_network() -> tuple[ConvertedNetwork, Extractor]:
    """Return a network for pictures of 80 pixels, and what makes vectors with it."""
    record = sized(backbone("efficientnet_lite0"), 80, "avg_pool")
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    network = network_from(record, "avg_pool", origin, silent)
    return network, extractor_of(network, Geometry(80), engine_name("openvino"))


def chunk_workers() -> list[int]:
    """Return the processes on this machine that compute chunks."""
    return [pid for pid in _all() if b"ray::ChunkWorker" in _command(pid)]


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal()]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _descendants(pid: int) -> list[int]:
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    children = [int(line) for line in done.stdout.split()]
    return [each for child in children for each in (child, *_descendants(child))]
