"""Connecting to Ray: what isn't there is a sentence, and soon. What is there has its tests in ``test_extraction``."""

from __future__ import annotations

import socket
import sys
import time

import pytest

from headstart.cluster.on_ray import Node, check_address, connected
from headstart.errors import MissingError, UserError
from headstart.progress import silent


def connect(on: str) -> None:
    with connected(on, silent):
        pass


@pytest.mark.parametrize("on", ["", "dask", "ray:", "ray://", "ray://head", "ray://:10001", "ray://head:port", "rays"])
def test_what_is_no_cluster_is_refused(on: str) -> None:
    with pytest.raises(UserError, match=r"^--on .*: write ray .* or ray://HOST:PORT"):
        connect(on)


@pytest.mark.parametrize("on", ["ray", "ray://head:10001", "ray://10.0.0.1:10001", "ray://[::1]:10001"])
def test_a_cluster_is_named_like_this(on: str) -> None:
    check_address(on)


def test_where_nobody_listens_is_a_sentence() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        on = f"ray://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(MissingError, match=rf"^--on {on}: no Ray cluster can be reached at .*refused"):
            connect(on)


def test_a_name_that_does_not_exist_is_a_sentence() -> None:
    with pytest.raises(MissingError, match=r"^--on ray://nowhere\.invalid:10001: no Ray cluster can be reached"):
        connect("ray://nowhere.invalid:10001")


@pytest.mark.parametrize("on", ["ray", "ray://127.0.0.1:{port}"])
def test_something_that_listens_and_says_nothing_is_given_up_soon(on: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")
        since = time.monotonic()
        with pytest.raises(MissingError, match=r"no Ray cluster can be reached at .*what is there doesn't answer"):
            connect(on.format(port=port))
    assert time.monotonic() - since < 30


def test_ray_that_is_not_installed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingError, match=r"^--on ray needs Ray: pip install 'headstart\[cluster\]'\.$"):
        connect("ray")


@pytest.mark.parametrize(
    ("cpus", "shares"), [(1, [1]), (8, [8]), (9, [5, 4]), (10, [5, 5]), (64, [8] * 8), (20, [7, 7, 6])]
)
def test_all_processors_of_a_node_are_shared_among_its_workers(cpus: int, shares: list[int]) -> None:
    assert Node("id", "name", cpus).shares == shares
