"""The graph of a whole model says what headstart's own parts say: for every recipe and head, under both backends."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.heads import KINDS
from models import sign
from ship.exports.small import MODELS, PIXELS, PLAIN, Model, computed, models_once


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    return models_once(tmp_path_factory.getbasetemp())


# TensorFlow takes its time for it, and writes what these graphs become in the tests of its formats.
@pytest.fixture(scope="module", params=["openvino", pytest.param("tensorflow", marks=pytest.mark.trust)])
def found(request: pytest.FixtureRequest, models: dict[str, Model]) -> dict[str, NDArray[np.float32]]:
    """What the graphs say of the pictures."""
    answers = computed(request.param, PIXELS, graphs=[str(model.place) for model in models.values()])
    return {name: answers[str(model.place)] for name, model in models.items()}


@pytest.mark.parametrize("name", MODELS)
def test_a_graph_gives_the_probabilities_that_headstart_gives(
    found: dict[str, NDArray[np.float32]], models: dict[str, Model], name: str
) -> None:
    assert (found[name].shape, found[name].dtype) == ((40, 3), np.dtype(np.float32))
    np.testing.assert_allclose(found[name], models[name].probabilities, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_the_probabilities_compared_differ_between_pictures(models: dict[str, Model], name: str) -> None:
    assert models[name].probabilities.std(axis=0).max() > 0.05


def test_every_kind_of_head_is_compared(models: dict[str, Model]) -> None:
    assert {model.bundle.head.kind for model in models.values()} == set(KINDS)


def test_a_head_that_does_not_fit_the_network_is_refused(models: dict[str, Model], tmp_path: Path) -> None:
    model = models["several layers"]
    shutil.copytree(model.place, tmp_path / "odd")
    sign(tmp_path / "odd", features={**PLAIN.document(), "dimension": model.bundle.head.dimension})
    with pytest.raises(UserError, match="its head and its network don't fit together"):
        computed("openvino", PIXELS, graphs=[str(tmp_path / "odd")])
