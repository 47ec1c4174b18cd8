"""TensorFlow's SavedModel: one signature that says what the model says, of as many pictures as it is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ship.exports.small import IN_SAVED_MODELS, PIXELS, Model, computed, models_once, written_with_tensorflow


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    return models_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float32]]:
    """What the signature says, in another process, of all pictures at once."""
    folder = written_with_tensorflow(tmp_path_factory.getbasetemp()) / "saved-model f32"
    places = {name: str(folder / name / "saved_model") for name in IN_SAVED_MODELS}
    answers = computed("tensorflow", PIXELS, saved_models=list(places.values()))
    return {name: answers[place] for name, place in places.items()}


@pytest.mark.parametrize("name", IN_SAVED_MODELS)
def test_the_signature_gives_the_probabilities_that_headstart_gives(
    found: dict[str, NDArray[np.float32]], models: dict[str, Model], name: str
) -> None:
    np.testing.assert_allclose(found[name], models[name].probabilities, atol=1e-5)


def test_nothing_but_the_graph_and_its_weights_is_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    place: Path = written_with_tensorflow(tmp_path_factory.getbasetemp()) / "saved-model f32" / IN_SAVED_MODELS[0]
    assert sorted(path.name for path in place.rglob("*") if path.is_file()) == [
        "fingerprint.pb",
        "saved_model.pb",
        "variables.data-00000-of-00001",
        "variables.index",
    ]
