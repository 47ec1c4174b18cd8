"""Heads as operations of Keras say what they say in numpy, under both backends that write exports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.learn.heads import KINDS
from headstart.ship.exports.head_layers import SCORES
from ship.exports.small import PLAIN, computed, heads, small_bundle, written

CLASSES = 40
_RANDOM = np.random.default_rng(3)
FEATURES = _RANDOM.gamma(2, 0.5, (40, 8)).astype(np.float32)
HEADS = heads(FEATURES, CLASSES)
TREE = HEADS["tree"].tensors()
ON_THE_THRESHOLD = FEATURES[:1].copy()
ON_THE_THRESHOLD[0, TREE["feature"][0]] = TREE["threshold"][0]
ASKED = np.concatenate([FEATURES, np.zeros((1, 8), np.float32), FEATURES.mean(axis=0)[np.newaxis], ON_THE_THRESHOLD])
"""With a row of zeros, one that has no direction, and one that stands on the threshold of a tree."""


@pytest.fixture(scope="module", params=["openvino", "tensorflow"])
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, NDArray[np.float32]]:
    """Each head's scores, by its name."""
    bundles = {name: small_bundle(PLAIN, head, [str(i) for i in range(CLASSES)]) for name, head in HEADS.items()}
    places = written(tmp_path_factory.mktemp("models"), bundles)
    found = computed(request.param, {"features": ASKED}, heads=[str(place) for place in places.values()])
    return {name: found[str(place)] for name, place in places.items()}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_gives_the_scores_that_it_gives_in_numpy(answers: dict[str, Any], name: str) -> None:
    expected = HEADS[name].scores(ASKED)
    assert answers[name].shape == (len(ASKED), CLASSES)
    np.testing.assert_allclose(answers[name], expected, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("name", HEADS)
def test_the_scores_compared_differ_between_pictures_and_classes(name: str) -> None:
    probabilities = HEADS[name].predict_proba(ASKED)
    assert probabilities.std(axis=0).max() > 0.02
    assert probabilities.std(axis=1).max() > 0.02


def test_every_kind_of_head_is_in_the_table_and_compared() -> None:
    assert set(SCORES) == set(KINDS) == {head.kind for head in HEADS.values()}
