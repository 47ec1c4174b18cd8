"""What can be served: a model folder, with the answers that it gives everywhere else, or nothing that is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headstart.data.decode import pixels_from
from headstart.errors import UserError
from headstart.jobs.classifier import load
from headstart.manifests import MANIFEST
from headstart.progress import silent
from headstart.server.served import served
from models import Trained, copied, sign


def test_a_model_folder_says_of_squares_what_it_says_of_files(trained: Trained) -> None:
    model = served(trained.model, silent)
    files = sorted(trained.data.rglob("*.png"))[:6]
    [geometry] = model.geometries
    squares = [{geometry.size: pixels_from(file.read_bytes(), geometry)} for file in files]
    found = dict(model.probabilities(squares))
    for position, answer in enumerate(load(trained.model).predict(files)):
        assert dict(answer.top) == {
            name: pytest.approx(p, abs=1e-6) for name, p in zip(model.classes, found[position], strict=True)
        }


def test_it_says_what_it_is(trained: Trained) -> None:
    model = served(trained.model, silent)
    assert model.classes == trained.bundle.classes
    assert model.bundle is not None and model.looking is not None
    assert model.parallel >= 1
    assert model.facts["features"]["sizes"] == [each.size for each in model.geometries]
    assert model.facts["test"]["pictures"] == trained.entry["test"]["pictures"]


@pytest.mark.parametrize("written", [b"", b"[]", b'"classifier"', b"{", b"\xff", b"[" * 100_000])
def test_a_folder_with_a_damaged_manifest_is_refused_in_a_sentence(
    trained: Trained, tmp_path: Path, written: bytes
) -> None:
    (copied(trained, tmp_path / "model") / MANIFEST).write_bytes(written)
    with pytest.raises(UserError, match=r"\.$"):
        served(tmp_path / "model", silent)


def test_what_is_no_folder_of_ours_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError):
            served(place, silent)


def test_a_model_that_calls_itself_an_export_is_refused(trained: Trained, tmp_path: Path) -> None:
    sign(copied(trained, tmp_path / "model"), kind="export")
    with pytest.raises(UserError, match="is refused"):
        served(tmp_path / "model", silent)


def test_the_model_is_warm_before_anybody_asks(trained: Trained) -> None:
    model = served(trained.model, silent)
    assert model.looking is not None
    assert np.isin(list(model.looking.__dict__["engines"]), model.bundle.recipe.sizes).all()  # type: ignore[union-attr]
