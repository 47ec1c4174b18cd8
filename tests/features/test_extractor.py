"""The fingerprint of an extractor: whatever a vector depends on changes it, and nothing else does."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headstart.data.decode import Geometry
from headstart.features import extractor
from headstart.features.extractor import Extractor, extractor_of, fingerprint_of
from headstart.networks.backbones import BACKBONES, Preprocessing
from headstart.networks.converted import ConvertedNetwork
from stores import EXTRACTOR

NETWORK = ConvertedNetwork(
    folder=Path("/cache/networks/key"),
    backbone="vgg16",
    layer="fc1",
    image_size=224,
    parts=((4096,),),
    content_sha256="a" * 64,
    files={},
)
SQUASH = Geometry(224, "squash")
MADE = extractor_of(NETWORK, SQUASH, "openvino 1")


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Extractor)])
def test_every_field_changes_the_fingerprint(field: str) -> None:
    other: Any = {field: "other"}
    assert replace(EXTRACTOR, **other).fingerprint != EXTRACTOR.fingerprint


def test_the_fields_are_all_that_a_vector_depends_on() -> None:
    assert [field.name for field in dataclasses.fields(Extractor)] == [
        "backbone",
        "weights",
        "layer",
        "network",
        "size",
        "fit",
        "view",
        "scaling",
        "decoder",
        "precision",
        "calibration",
        "engine",
        "dtype",
    ]


def test_values_that_change_places_change_the_fingerprint() -> None:
    swapped = replace(EXTRACTOR, decoder=EXTRACTOR.engine, engine=EXTRACTOR.decoder)
    assert swapped.fingerprint != EXTRACTOR.fingerprint


def test_the_fingerprint_is_the_same_in_every_version_of_headstart() -> None:
    assert EXTRACTOR.fingerprint == "e6aba901d7edfa2e75740942373053194050b7bd0bb491333e692a0909a7baa4"


def test_the_fingerprint_can_be_told_from_the_facts() -> None:
    assert fingerprint_of(EXTRACTOR.facts) == EXTRACTOR.fingerprint
    assert Extractor(**json.loads(EXTRACTOR.facts)) == EXTRACTOR


@pytest.mark.parametrize(
    "other",
    [
        extractor_of(replace(NETWORK, backbone="vgg19"), SQUASH, "openvino 1"),
        extractor_of(replace(NETWORK, layer="fc2"), SQUASH, "openvino 1"),
        extractor_of(replace(NETWORK, content_sha256="b" * 64), SQUASH, "openvino 1"),
        extractor_of(replace(NETWORK, folder=Path("/cache/networks/other")), SQUASH, "openvino 1"),
        extractor_of(NETWORK, Geometry(225, "squash"), "openvino 1"),
        extractor_of(NETWORK, Geometry(224, "crop"), "openvino 1"),
        extractor_of(NETWORK, Geometry(224, "pad"), "openvino 1"),
        extractor_of(NETWORK, Geometry(224, "squash", "mirrored"), "openvino 1"),
        extractor_of(replace(NETWORK, precision="bf16"), SQUASH, "openvino 1"),
        extractor_of(replace(NETWORK, precision="int8", calibration="c" * 64), SQUASH, "openvino 1"),
        extractor_of(replace(NETWORK, precision="int8", calibration="d" * 64), SQUASH, "openvino 1"),
        extractor_of(NETWORK, SQUASH, "openvino 2"),
    ],
    ids=[
        "backbone",
        "layer",
        "weights",
        "conversion",
        "size",
        "crop",
        "pad",
        "view",
        "precision",
        "calibration",
        "other calibration",
        "engine",
    ],
)
def test_another_network_geometry_or_engine_has_another_fingerprint(other: Extractor) -> None:
    assert other.fingerprint != MADE.fingerprint


@pytest.mark.parametrize(
    ("field", "value"),
    [("channels", "RGB"), ("mean", (0.0, 0.0, 0.0)), ("std", (1.0, 1.0, 2.0))],
)
def test_another_scaling_of_the_pixels_has_another_fingerprint(
    monkeypatch: pytest.MonkeyPatch, field: str, value: Any
) -> None:
    record = BACKBONES["vgg16"]
    scaling: Preprocessing = replace(record.preprocessing, **{field: value})
    monkeypatch.setitem(BACKBONES, "vgg16", replace(record, preprocessing=scaling))
    assert extractor_of(NETWORK, SQUASH, "openvino 1").fingerprint != MADE.fingerprint


def test_another_way_of_decoding_has_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractor, "DECODER", "other")
    assert extractor_of(NETWORK, SQUASH, "openvino 1").fingerprint != MADE.fingerprint


def test_another_version_of_the_decoding_library_has_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractor, "version", lambda name: f"{name} 0")
    assert extractor_of(NETWORK, SQUASH, "openvino 1").fingerprint != MADE.fingerprint


def test_where_the_cache_lies_does_not_matter() -> None:
    elsewhere = replace(NETWORK, folder=Path("/mnt/cache/networks/key"))
    assert extractor_of(elsewhere, SQUASH, "openvino 1") == MADE
