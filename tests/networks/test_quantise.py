"""Quantising by genuine NNCF: another network beside the one in f32, kept by the pictures that it was shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart import child
from headstart.errors import MissingError
from headstart.features.engine import engine_for
from headstart.folders import file_digest
from headstart.networks import converted
from headstart.networks.converted import ConvertedNetwork, can_quantise, quantised, quantised_before
from headstart.progress import Entered, Event, silent
from models import lite0, names
from pictures import COLOURS, picture

CALIBRATION = "c" * 64


@pytest.fixture(scope="module")
def network(cache: Path) -> ConvertedNetwork:
    return lite0()


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    """Six pictures."""
    return np.stack([np.asarray(picture(colour, i, (224, 224))) for i in range(2) for colour in COLOURS.values()])


@pytest.fixture(scope="module")
def made(network: ConvertedNetwork, pixels: NDArray[np.uint8]) -> tuple[ConvertedNetwork, list[Event], dict[str, str]]:
    """The network in int8, what was told, and the digests of the one in f32 before."""
    before = {name: file_digest(network.folder / name) for name in names(network.folder)}
    events: list[Event] = []
    return quantised(network, pixels, CALIBRATION, events.append), events, before


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be quantised."""

    def run(*_: Any) -> None:
        raise AssertionError("a child process was started")

    monkeypatch.setattr(child, "run", run)


def rows(network: ConvertedNetwork, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    found = dict(engine_for(network, "openvino").vectors(enumerate(pixels)))
    return np.stack([found[key] for key in range(len(pixels))])


def test_the_network_in_int8_gives_nearly_the_same_vectors(
    network: ConvertedNetwork, made: Any, pixels: NDArray[np.uint8]
) -> None:
    exact, rounded = rows(network, pixels), rows(made[0], pixels)
    assert (rounded.shape, rounded.dtype) == ((6, 1280), np.dtype(np.float32))
    cosines = (exact * rounded).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rounded, axis=1)
    assert cosines.min() > 0.8
    assert not np.allclose(exact, rounded, rtol=1e-3)


def test_its_graph_rounds_numbers(network: ConvertedNetwork, made: Any) -> None:
    assert "FakeQuantize" in (made[0].folder / "network.xml").read_text()
    assert "FakeQuantize" not in (network.folder / "network.xml").read_text()


def test_it_says_what_it_is_and_the_rest_is_the_networks(network: ConvertedNetwork, made: Any) -> None:
    found, events, _ = made
    assert (found.precision, found.calibration) == ("int8", CALIBRATION)
    assert (found.layer, found.parts, found.content_sha256) == (network.layer, network.parts, network.content_sha256)
    assert found.folder != network.folder
    assert names(found.folder) == ["network.bin", "network.json", "network.xml"]
    assert next(event for event in events if isinstance(event, Entered)) == Entered(
        "quantising efficientnet_lite0 by 6 pictures"
    )


def test_the_network_in_f32_stays_as_it_was(network: ConvertedNetwork, made: Any) -> None:
    assert {name: file_digest(network.folder / name) for name in names(network.folder)} == made[2]


@pytest.mark.usefixtures("no_child")
def test_it_is_quantised_once(network: ConvertedNetwork, made: Any, pixels: NDArray[np.uint8]) -> None:
    assert quantised(network, pixels, CALIBRATION, silent) == made[0]
    assert quantised_before(network, CALIBRATION) == made[0]


@pytest.mark.usefixtures("made")
def test_other_pictures_or_another_network_have_another_file(network: ConvertedNetwork) -> None:
    assert quantised_before(network, "d" * 64) is None
    other = ConvertedNetwork(**{**vars(network), "folder": network.folder.with_name("other")})
    assert quantised_before(other, CALIBRATION) is None


def test_another_version_of_nncf_quantises_anew(
    network: ConvertedNetwork, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converted, "version", lambda name: f"{name} 0")
    assert quantised_before(network, CALIBRATION) is None


@pytest.mark.parametrize("file", ["network.bin", "network.xml", "network.json"])
def test_a_spoilt_file_is_not_taken(network: ConvertedNetwork, made: Any, file: str) -> None:
    good = (made[0].folder / file).read_bytes()
    (made[0].folder / file).write_bytes(good[:-50])
    assert quantised_before(network, CALIBRATION) is None
    (made[0].folder / file).write_bytes(good)
    assert quantised_before(network, CALIBRATION) == made[0]


@pytest.mark.parametrize("content", [b"{}", b'{"files": {}}', b'{"files": null}', b"[]", b"7"])
def test_a_spoilt_list_of_files_is_not_believed(network: ConvertedNetwork, made: Any, content: bytes) -> None:
    good = (made[0].folder / "network.json").read_bytes()
    (made[0].folder / "network.json").write_bytes(content)
    assert quantised_before(network, CALIBRATION) is None
    (made[0].folder / "network.json").write_bytes(good)


@pytest.mark.usefixtures("no_child")
def test_without_nncf_one_sentence_says_what_to_install_mock(
    network: ConvertedNetwork, pixels: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(converted, "find_spec", lambda name: None)
    assert not can_quantise()
    with pytest.raises(MissingError) as refused:
        quantised(network, pixels, CALIBRATION, silent)
    assert str(refused.value) == "int8 needs NNCF: pip install 'headstart[int8]'."
