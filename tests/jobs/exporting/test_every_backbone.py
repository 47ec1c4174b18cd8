"""Every network in every format: written, run by its example, and agreeing with the model.

With ``EXPORT_TABLE=FILE`` the largest differences are added to that file, as rows of a table in Markdown.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headstart.jobs.export import run_export
from headstart.networks.backbones import BACKBONES
from headstart.progress import silent
from headstart.settings import ExportSettings
from headstart.ship.exports.formats import FORMATS
from models import train, write_alike


@pytest.mark.trust
@pytest.mark.parametrize("name", [name for name, record in BACKBONES.items() if record.builder])
def test_every_backbone_agrees_in_every_format(name: str, tmp_path: Path, cache: Path) -> None:
    data = write_alike(tmp_path / "data", {"ant": 5, "bee": 5, "cow": 5})
    weights = "imagenet" if BACKBONES[name].package else "none"
    model = train(data, tmp_path / "model", backbone=name, weights=weights).model
    differences = []
    for form in FORMATS:
        out = tmp_path / form
        found = run_export(ExportSettings(model, format=form, out=out), silent)["agreement"]
        assert found["pictures"] == 3
        differences.append(found["largest_difference"])
    row = " | ".join(f"{difference:.1e}" for difference in differences)
    print(f"| {name} | {row} |")  # noqa: T201
    if table := os.environ.get("EXPORT_TABLE"):
        with Path(table).open("a", encoding="utf-8") as stream:
            stream.write(f"| {name} | {row} |\n")
