"""Every network in every format: written, run by its example, and agreeing with the model on real pictures.

One of them in the suite, beside the default one in `test_export` and small VGGs in `tests/ship/exports`; all of them
under ``make trust``. With ``EXPORT_TABLE=FILE`` the largest differences are added to that file, as rows of a table in
Markdown.
"""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from headstart.jobs.export import run_export
from headstart.networks.backbones import BACKBONES
from headstart.progress import silent
from headstart.settings import ExportSettings
from headstart.ship.exports.formats import FORMATS
from models import train

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


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == MOBILENET else pytest.mark.trust) for name in NETWORKS]
)
def test_a_network_agrees_in_every_format(
    name: str, photos: Path, tmp_path: Path, shared_data: Path, cache: Path
) -> None:
    model = train(photos, tmp_path / "model", **trained_how(name, shared_data)).model
    differences = []
    for form in FORMATS:
        out = tmp_path / form
        found = run_export(ExportSettings(model, format=form, out=out), silent)["agreement"]
        assert found["pictures"] == 10
        differences.append(found["largest_difference"])
    row = " | ".join(f"{difference:.1e}" for difference in differences)
    if table := os.environ.get("EXPORT_TABLE"):
        with Path(table).open("a", encoding="utf-8") as stream:
            stream.write(f"| {name} | {row} |\n")
