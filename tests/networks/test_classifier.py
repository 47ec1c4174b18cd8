"""The classic recipe: a pretrained network, custom layers on top, everything but those frozen, trained."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.data.decode import Geometry, pixels_from
from headstart.errors import UserError
from headstart.networks.classifier import build_classifier, compile_head, head_layers
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import variables

LABELS = np.arange(24) % 3


@pytest.fixture(scope="module")
def photos(imagenet_200: list[Path]) -> NDArray[np.float32]:
    return np.stack([pixels_from(p.read_bytes(), Geometry(224)) for p in imagenet_200[:24]]).astype(np.float32)


@pytest.fixture(scope="module")
def vgg16() -> Any:
    return build_classifier("vgg16", num_classes=5, weights="none")


@pytest.fixture(scope="module")
def fitted(photos: NDArray[np.float32]) -> dict[str, Any]:
    """Lite0 with custom layers, before and after a fit on 24 photos."""
    model = build_classifier(num_classes=3, hidden=16)
    before = arrays_of_all(model)
    start = [layer.get_weights() for layer in model.layers[-3:]]
    model.fit(photos, LABELS, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return {"model": model, "before": before, "after": arrays_of_all(model), "start": start}


def arrays_of_all(model: Any) -> dict[str, NDArray[np.float32]]:
    return {variable.path: variable.numpy() for variable in model.variables}


def test_exactly_the_custom_layers_of_vgg16_are_trainable(vgg16: Any) -> None:
    trainable = [variable.path for variable in vgg16.trainable_variables]
    assert trainable == ["hidden/kernel", "hidden/bias", "probabilities/kernel", "probabilities/bias"]
    assert len(vgg16.non_trainable_variables) >= 26  # 13 convolutions; Keras counts the seed of dropout too


def test_the_custom_layers_are_the_classic_ones(vgg16: Any) -> None:
    hidden, dropout, softmax = vgg16.layers[-3:]
    assert (hidden.units, hidden.activation.__name__, dropout.rate) == (256, "relu", 0.5)
    assert (softmax.units, softmax.activation.__name__) == (5, "softmax")


def test_the_model_maps_pixels_to_probabilities(vgg16: Any, photos: NDArray[np.float32]) -> None:
    proba = vgg16.predict(photos[:4], verbose=0)
    assert proba.shape == (4, 5)
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)


def test_fit_leaves_the_frozen_network_as_it_was_bit_for_bit(fitted: dict[str, Any]) -> None:
    custom = ("hidden", "probabilities", "dropout", "seed_generator", "adam")
    frozen = [path for path in fitted["before"] if not path.startswith(custom)]
    changed = [path for path in frozen if not np.array_equal(fitted["before"][path], fitted["after"][path])]
    assert len([path for path in frozen if "moving" in path]) == 98  # two statistics of 49 batch normalisations
    assert changed == []


def test_fit_changes_every_custom_layer(fitted: dict[str, Any]) -> None:
    custom = [path for path in fitted["before"] if path.startswith(("hidden", "probabilities"))]
    same = [path for path in custom if np.array_equal(fitted["before"][path], fitted["after"][path])]
    assert len(custom) == 4
    assert same == []


def test_the_head_trained_on_stored_features_is_the_one_trained_inside_the_model(
    fitted: dict[str, Any], photos: NDArray[np.float32]
) -> None:
    keras = import_keras()
    model = fitted["model"]
    backbone = keras.Model(model.input, model.layers[-3].input)
    features = backbone.predict(photos, batch_size=8, verbose=0)
    layers = head_layers(3, hidden=16, dropout=0.5, seed=0)
    head = keras.Sequential([keras.Input(features.shape[1:]), *layers])
    for layer, start in zip(layers, fitted["start"], strict=True):
        layer.set_weights(start)
    compile_head(head, 1e-3)
    head.fit(features, LABELS, batch_size=8, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(layers[0].kernel.numpy(), model.layers[-3].kernel.numpy(), atol=1e-4)
    np.testing.assert_allclose(layers[2].kernel.numpy(), model.layers[-1].kernel.numpy(), atol=1e-4)
    np.testing.assert_allclose(
        head.predict(features, verbose=0), model.predict(photos, batch_size=8, verbose=0), atol=1e-4
    )


def test_unfrozen_by_the_user_the_batch_statistics_still_stand(photos: NDArray[np.float32]) -> None:
    model = build_classifier(num_classes=3, hidden=0)
    statistics = {v.path: v.numpy() for v in model.variables if "moving" in v.path}
    kernels = {v.path: v.numpy() for v in model.variables if "kernel" in v.path}
    for layer in model.layers:
        layer.trainable = True
    compile_head(model, 1e-3)
    model.train_on_batch(photos[:8], LABELS[:8])
    now = {v.path: v.numpy() for v in model.variables}
    assert [path for path in kernels if np.array_equal(kernels[path], now[path])] == []
    assert [path for path in statistics if not np.array_equal(statistics[path], now[path])] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Keras leaves a folder open
def test_a_saved_model_says_the_same_when_it_is_loaded(photos: NDArray[np.float32], tmp_path: Path) -> None:
    model = build_classifier("mobilenet", num_classes=3, weights="none")
    model.train_on_batch(photos[:8], LABELS[:8])
    model.save(tmp_path / "model.keras")
    again = import_keras().models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(photos[:2]), model(photos[:2]), atol=1e-6)
    gc.collect()


def test_one_seed_gives_one_model() -> None:
    one, two = (build_classifier("mobilenet", num_classes=4, weights="none", seed=7) for _ in range(2))
    arrays = [list(variables(m).values()) for m in (one, two)]
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(*arrays, strict=True))


def test_another_seed_gives_another_head() -> None:
    one, two = (build_classifier("mobilenet", num_classes=4, weights="none", seed=s) for s in (7, 8))
    assert not np.array_equal(one.layers[-1].kernel.numpy(), two.layers[-1].kernel.numpy())


def test_without_hidden_units_softmax_alone_is_on_top() -> None:
    model = build_classifier("mobilenet", num_classes=4, weights="none", hidden=0)
    assert [v.path for v in model.trainable_variables] == ["probabilities/kernel", "probabilities/bias"]


def test_one_class_is_refused() -> None:
    with pytest.raises(UserError, match="at least 2 classes"):
        build_classifier("vgg16", num_classes=1, weights="none")
