"""Every network in every format: written, run by its example, and agreeing with the model on real pictures.

One of them in the suite, beside the default one in `test_export` and small VGGs in `tests/ship/exports`; all of them
under ``make trust``. With ``EXPORT_TABLE=FILE`` the largest differences are added to that file, as rows of a table in
Markdown.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headstart.jobs.classifier import load
from headstart.jobs.export import run_export
from headstart.jobs.exporting.agreement import TOLERANCE
from headstart.networks.backbones import BACKBONES
from headstart.progress import silent
from headstart.settings import ExportSettings
from headstart.ship.exports.formats import FORMATS
from models import put_tensors, train

SMALL_VGG = "small_vgg"
MOBILENET = "mobilenet"
NETWORKS = [SMALL_VGG, *(name for name, record in BACKBONES.items() if record.builder)]


@pytest.fixture(scope="module")
def photos(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 photos of cats and 25 of dogs."""
    folder = tmp_path_factory.mktemp("photos")
    with tarfile.open(shared_data / "cats_dogs.tar") as archive:
        for name in ("cat", "dog"):
            members = sorted(member.name for member in archive if member.isfile() and member.name.startswith(name))
            for member in members[:25]:
                archive.extract(member, folder, filter="data")
    return folder


def trained_how(name: str, shared_data: Path) -> dict[str, Any]:
    """Return the options of a training on a network: with genuine weights where there are some."""
    if name == SMALL_VGG:
        return {"approach": "scratch", "epochs": 2, "blocks": 3, "width": 8}
    genuine = {MOBILENET: str(shared_data / "weights" / "mobilenet_1_0_224_tf_no_top.h5")}
    weights = "imagenet" if BACKBONES[name].package else "none"
    return {"backbone": name, "weights": genuine.get(name, weights)}


def listen_to_features(model: Path, photos: Path) -> None:
    """Give a model a head whose answers hang on every feature.

    What is fitted to a random network, whose features hardly differ between pictures, says nearly the same whatever
    the network is, and would agree with any other.
    """
    classifier = load(model)
    looks = classifier.setup.recipe.looks()
    vectors = classifier._vectors(sorted(photos.rglob("*.jpg"))[:4], looks, silent)
    length = np.mean([np.linalg.norm(vector) for vector in vectors if not isinstance(vector, str)])
    kernel = np.random.default_rng(0).normal(0, 2 / length, (classifier.bundle.head.dimension, 2))
    put_tensors(model, {"head/0/kernel": kernel.astype(np.float32), "head/0/bias": np.zeros(2, np.float32)})


def differences(name: str, formats: Iterable[str], photos: Path, place: Path, shared_data: Path) -> list[float]:
    """Return by how much a model on a network differs in each format from itself, after exporting it."""
    options = trained_how(name, shared_data)
    model = train(photos, place / "model", **options).model
    if options.get("weights") == "none":
        listen_to_features(model, photos)
    found = [run_export(ExportSettings(model, format=form, out=place / form), silent) for form in formats]
    assert {each["agreement"]["pictures"] for each in found} == {10}
    return [each["agreement"]["largest_difference"] for each in found]


def test_genuine_mobilenet_agrees_where_no_tensorflow_is_needed(
    photos: Path, tmp_path: Path, shared_data: Path, cache: Path
) -> None:
    assert max(differences(MOBILENET, ("onnx", "openvino"), photos, tmp_path, shared_data)) <= TOLERANCE


@pytest.mark.trust
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_agrees_in_every_format(
    name: str, photos: Path, tmp_path: Path, shared_data: Path, cache: Path
) -> None:
    found = differences(name, FORMATS, photos, tmp_path, shared_data)
    assert max(found) <= TOLERANCE
    if table := os.environ.get("EXPORT_TABLE"):
        with Path(table).open("a", encoding="utf-8") as stream:
            stream.write(f"| {name} | {' | '.join(f'{difference:.1e}' for difference in found)} |\n")
