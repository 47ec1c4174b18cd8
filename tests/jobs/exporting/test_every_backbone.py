"""Every network in every format: written, run by its example, and agreeing with the model on real pictures.

With ``EXPORT_TABLE=FILE`` the largest differences are added to that file, as rows of a table in Markdown.
"""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from headstart.jobs.export import run_export
from headstart.networks.backbones import BACKBONES
from headstart.progress import silent
from headstart.settings import ExportSettings
from headstart.ship.exports.formats import FORMATS
from models import train

MOBILENET = "mobilenet_1_0_224_tf_no_top.h5"


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


@pytest.mark.trust
@pytest.mark.parametrize("name", [name for name, record in BACKBONES.items() if record.builder])
def test_every_backbone_agrees_in_every_format(
    name: str, photos: Path, tmp_path: Path, shared_data: Path, cache: Path
) -> None:
    weights: str | Path = "imagenet" if BACKBONES[name].package else "none"
    if name == "mobilenet":
        weights = shared_data / "weights" / MOBILENET
    model = train(photos, tmp_path / "model", backbone=name, weights=str(weights)).model
    differences = []
    for form in FORMATS:
        out = tmp_path / form
        found = run_export(ExportSettings(model, format=form, out=out), silent)["agreement"]
        assert found["pictures"] == 10
        differences.append(found["largest_difference"])
    row = " | ".join(f"{difference:.1e}" for difference in differences)
    print(f"| {name} | {row} |")  # noqa: T201
    if table := os.environ.get("EXPORT_TABLE"):
        with Path(table).open("a", encoding="utf-8") as stream:
            stream.write(f"| {name} | {row} |\n")
