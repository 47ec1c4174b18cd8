"""Ray: connecting to a cluster, and asking its nodes whether they would compute what would be computed here."""

from __future__ import annotations

import logging
import os
import re
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from headstart.cluster.worker import Order, introduced, versions
from headstart.errors import HeadstartError, MissingError, UserError
from headstart.progress import Entered, Listener, Said

CPUS_A_WORKER = 8
"""The most processors that one worker keeps busy: at the end of each chunk some of them wait for the last pictures."""

PATIENCE_SECONDS = 60.0
"""How long a cluster may be without any node, or a node without an answer."""

_REACH_SECONDS = 5.0

_ADDRESS = re.compile(r"ray(?:://(?:\[[^\]]+\]|[^:/\s]+):\d{1,5})?")

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Three attempts, 15 seconds in all.
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "3",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "6",
    # Nothing of ours uses a GPU's number; asked for none, Ray warns that this will change.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True)
class Node:
    """A machine of the cluster, or what Ray takes for one."""

    id: str
    name: str
    cpus: int

    @property
    def shares(self) -> list[int]:
        """How many processors each of its workers keeps busy."""
        workers = -(-self.cpus // CPUS_A_WORKER)
        return [self.cpus // workers + (number < self.cpus % workers) for number in range(workers)]


def check_address(on: str) -> None:
    """Raise `UserError` unless ``on`` is ``ray`` or ``ray://HOST:PORT``."""
    if not _ADDRESS.fullmatch(on):
        raise UserError(
            f"--on {on}: write ray (the cluster that this machine belongs to, or else this machine alone) or "
            "ray://HOST:PORT (the Ray Client's port of a head node, mostly 10001)."
        )


@contextmanager
def connected(on: str, listen: Listener) -> Iterator[Cluster]:
    """Yield the cluster that ``on`` names, as in `check_address`; leave it at the end.

    Raises
    ------
    UserError
        If ``on`` names none, or Ray or Python are others there.
    MissingError
        If Ray isn't installed, or the cluster can't be reached.
    """
    check_address(on)
    listen(Entered("connecting to the cluster"))
    os.environ.update({name: value for name, value in ENVIRONMENT.items() if name not in os.environ})
    try:
        import ray
    except ImportError:
        raise MissingError("--on ray needs Ray: pip install 'headstart[cluster]'.") from None
    if on == "ray" and ray.is_initialized():  # the program that calls us has connected
        yield Cluster(ray)
        return
    with ExitStack() as stack:
        address = _address_here() if on == "ray" else on
        if address:
            _connect(ray, on, address)
        else:
            listen(Said("No Ray cluster runs on this machine; one is started, of this machine alone."))
            # Not in our cache: Ray's sockets lie in it, whose names may not be long.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True))
            _init(ray, on, address="local", include_dashboard=False, _temp_dir=folder)
        stack.callback(ray.shutdown)
        yield Cluster(ray)


def _address_here() -> str | None:
    """Return the address of the cluster that this machine belongs to, as Ray finds it; None if it finds none."""
    from ray._private.services import get_ray_address_from_environment

    try:
        return str(get_ray_address_from_environment("auto", None))
    except ConnectionError:
        return None


def _connect(ray: Any, on: str, address: str) -> None:  # noqa: ANN401 - Ray's module
    try:
        _require_answer(address.removeprefix("ray://"))
        _init(ray, on, address=address)
    except (OSError, OverflowError, ValueError) as error:  # Ray's ConnectionError is one
        raise MissingError(
            f"--on {on}: no Ray cluster can be reached at {address} ({error}); is it running, and the port open?"
        ) from error


def _require_answer(address: str) -> None:
    """Raise `OSError` unless something at ``address`` speaks what Ray speaks. Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), _REACH_SECONDS).close()
    if os.environ.get("RAY_USE_TLS", "0") != "0":
        return
    import grpc

    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_REACH_SECONDS)
        except grpc.FutureTimeoutError:
            raise ConnectionError("what is there doesn't answer") from None


def _init(ray: Any, on: str, **options: Any) -> None:  # noqa: ANN401 - Ray's module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what goes wrong is raised as well
            ray.init(log_to_driver=False, logging_level=logging.CRITICAL, **options)
    except ConnectionError:
        raise
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())[:300]
        if "ersion mismatch" in said:
            raise UserError(f"--on {on}: the cluster has another Ray or Python than this machine: {said}") from error
        raise MissingError(f"--on {on}: Ray doesn't start ({said}).") from error


class Cluster:
    """A connection; see `connected`."""

    def __init__(self, ray: Any) -> None:  # noqa: ANN401 - Ray's module
        self.ray = ray

    def nodes(self) -> list[Node]:
        """Return the nodes that are alive and have processors."""
        return [
            Node(node["NodeID"], f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})", cpus)
            for node in self.ray.nodes()
            if node["Alive"] and (cpus := int(node["Resources"].get("CPU", 0)))
        ]

    def checked_nodes(self, order: Order, listen: Listener) -> list[Node]:
        """Return all nodes once every one of them says that it would compute what would be computed here.

        Raises
        ------
        UserError
            If a node has other versions, or sees other pictures or another folder of shards.
        MissingError
            If a node lacks something, or there is none.
        """
        processors = self.checked(self.nodes(), order)
        if not processors:
            raise MissingError("--on ray: the cluster has no node with processors now; start some.")
        if len(names := sorted(set(processors.values()))) > 1:
            listen(
                Said(
                    f"The nodes have different processors ({', '.join(names)}): the last bits of a vector may depend "
                    "on which one computed it."
                )
            )
        return list(processors)

    def checked(self, nodes: Sequence[Node], order: Order) -> dict[Node, str]:
        """Return the processor of each of some ``nodes`` that are still there; raises as `checked_nodes`."""
        processors = {}
        for node, (theirs, processor) in self._asked(self.of_same_versions(nodes), introduced, order):
            _compare(node, theirs, {"engine": order.extractor.engine, "decoder": order.extractor.decoder})
            processors[node] = processor
        return processors

    def of_same_versions(self, nodes: Sequence[Node]) -> list[Node]:
        """Return those of some ``nodes`` that are still there; raise `UserError` if one has other versions."""
        there = []
        for node, theirs in self._asked(nodes, versions):
            _compare(node, theirs, versions())
            there.append(node)
        return there

    def _asked(self, nodes: Sequence[Node], function: Callable[..., Any], *arguments: object) -> list[tuple[Node, Any]]:
        """Return what ``function`` says on each node that is still there."""
        task = self.ray.remote(function)
        asked = [
            (node, task.options(num_cpus=0, max_retries=1, **self.fixed_to(node)).remote(*arguments)) for node in nodes
        ]
        due = time.monotonic() + PATIENCE_SECONDS
        answers = []
        for node, reference in asked:
            try:
                answers.append((node, self.ray.get(reference, timeout=max(0.0, due - time.monotonic()))))
            except self.ray.exceptions.GetTimeoutError:
                raise MissingError(f"Node {node.name} doesn't answer; is it overloaded?") from None
            except self.ray.exceptions.RayTaskError as error:
                raise sentence_for(node, error) from error
            except self.ray.exceptions.RayError:
                continue  # it may be listed for some seconds after it died
        return answers

    def fixed_to(self, node: Node) -> dict[str, Any]:
        """Return the options that keep a task or an actor on ``node``."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node.id, soft=False)}


def _compare(node: Node, theirs: Mapping[str, str], ours: Mapping[str, str]) -> None:
    other = [f"{_version(name, theirs[name])} (here {value})" for name, value in ours.items() if theirs[name] != value]
    if other:
        raise UserError(f"Node {node.name} has {', '.join(other)}; install the same versions on every node and here.")


def _version(name: str, value: str) -> str:
    return value if name in ("engine", "decoder") else f"{name} {value}"


def sentence_for(node: Node, error: Exception) -> HeadstartError:
    """Return the sentence for what a task raised on a node."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, HeadstartError):
        return type(cause)(f"Node {node.name}: {cause}")
    if found := re.search(r"No module named '(headstart[^']*)'", str(error)):
        return MissingError(
            f"Node {node.name} has no {found[1]}; install the same version of headstart on every node: pip install "
            "'headstart[cluster]'."
        )
    return MissingError(f"Node {node.name} can't compute: {last_line(error)}")


def last_line(error: BaseException) -> str:
    """Return the last line of what an error says: what Ray hands over begins with where it happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:300]
