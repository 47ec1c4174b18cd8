"""The engine of hand-crafted features: each picture's own vector under its key, and a name that tells its versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest

from headstart.data.decode import Geometry
from headstart.errors import MissingError
from headstart.features import handcrafted_engine
from headstart.features.engine import ENGINES, Engine, Pixels, engine_for, engine_name
from headstart.features.extractor import extractor_of
from headstart.features.handcrafted import SIDE, handcrafted_vector
from headstart.features.handcrafted_engine import HandcraftedEngine
from headstart.networks.backbones import HANDCRAFTED
from headstart.networks.converted import ConvertedNetwork, without_files
from pictures import COLOURS, picture


def drawn(count: int) -> list[Pixels]:
    colours = list(COLOURS.values())
    return [np.asarray(picture(colours[i % 3], i, (SIDE, SIDE))) for i in range(count)]


@pytest.fixture
def network(cache: Path) -> ConvertedNetwork:
    return without_files(HANDCRAFTED, "avg_pool")


@pytest.fixture
def engine(network: ConvertedNetwork) -> Engine:
    return engine_for(network, "handcrafted")


def test_every_picture_has_its_own_vector_under_its_key(engine: Engine) -> None:
    pictures = drawn(20)
    found = dict(engine.vectors(enumerate(pictures, start=100)))
    assert sorted(found) == list(range(100, 120))
    for key, pixels in enumerate(pictures, start=100):
        np.testing.assert_array_equal(found[key], handcrafted_vector(pixels))


def test_no_pictures_give_no_vectors(engine: Engine) -> None:
    assert list(engine.vectors([])) == []


def test_no_more_pictures_are_read_ahead_than_keep_the_processors_busy(engine: Engine) -> None:
    read: list[int] = []

    def noted() -> Iterator[tuple[int, Pixels]]:
        for key, pixels in enumerate(drawn(2) * 100):
            read.append(key)
            yield key, pixels

    vectors = engine.vectors(noted())
    next(vectors)
    assert len(read) <= 2 * engine.parallel + 1
    assert len(list(vectors)) == 199


def test_a_run_that_was_broken_off_leaves_nothing_for_the_next(engine: Engine) -> None:
    broken_off = engine.vectors(enumerate(drawn(12)))
    next(broken_off)
    broken_off.close()  # type: ignore[attr-defined]
    assert [key for key, _ in engine.vectors([(7, drawn(1)[0])])] == [7]


def test_what_is_wrong_with_a_picture_is_raised(engine: Engine) -> None:
    with pytest.raises(TypeError, match="Cannot handle this data type"):
        list(engine.vectors([(0, np.zeros((SIDE, SIDE, 3, 1), np.uint8))]))


def test_all_processors_are_used(engine: Engine, monkeypatch: pytest.MonkeyPatch, network: ConvertedNetwork) -> None:
    assert engine.parallel >= 1
    monkeypatch.setattr(handcrafted_engine, "_processors", lambda: 5)
    assert HandcraftedEngine(network).parallel == 5


def test_the_name_tells_the_versions_of_the_vector_and_of_scikit_image(engine: Engine) -> None:
    assert engine.name == engine_name("handcrafted") == f"handcrafted 1 on scikit-image {version('scikit-image')}"


def test_nobody_can_ask_for_it_as_what_runs_networks() -> None:
    assert "handcrafted" not in ENGINES


def fingerprint(network: ConvertedNetwork) -> str:
    return extractor_of(network, Geometry(SIDE), engine_name("handcrafted")).fingerprint


def test_another_version_of_the_vector_has_another_fingerprint(
    network: ConvertedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(network)
    newer = replace(HANDCRAFTED, options=(("version", 2),))
    assert fingerprint(without_files(newer, "avg_pool")) != before
    monkeypatch.setattr(handcrafted_engine, "HANDCRAFTED", newer)
    assert fingerprint(network) != before


def test_another_version_of_scikit_image_has_another_fingerprint_mock(
    network: ConvertedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint(network)
    monkeypatch.setattr(handcrafted_engine, "version", lambda name: "99.0")
    assert fingerprint(network) != before


def test_without_scikit_image_what_to_install_is_said_mock(
    network: ConvertedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mock_version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(handcrafted_engine, "version", mock_version)
    with pytest.raises(MissingError, match=r"pip install 'headstart\[handcrafted\]'"):
        engine_for(network, "handcrafted")
