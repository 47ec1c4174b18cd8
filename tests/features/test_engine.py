"""Engines: a picture's vector is its own, whatever goes along, and the same from OpenVINO and from Keras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest

from headstart.child import quiet_environment
from headstart.features import engine as engine_module
from headstart.features.engine import KerasEngine, OpenVINOEngine, Pixels, Vector, engine_for
from headstart.networks.backbones import backbone
from headstart.networks.converted import ConvertedNetwork, network_from
from headstart.networks.weights import find_weights
from headstart.progress import silent
from pictures import COLOURS, picture

SIDE, DIMENSION = 224, 1280


def drawn(count: int) -> list[Pixels]:
    """Return pictures of noise, of three colours and several strengths."""
    colours = list(COLOURS.values())
    return [np.asarray(picture(colours[i % 3], i, (SIDE, SIDE))) // np.uint8(1 + i % 4) for i in range(count)]


def alone(engine: OpenVINOEngine, pixels: Pixels) -> Vector:
    ((_, vector),) = engine.vectors([(0, pixels)])
    return vector


@pytest.fixture(scope="module")
def network(cache: Path) -> ConvertedNetwork:
    record = backbone("efficientnet_lite0")
    origin = find_weights(record, "imagenet", layer="avg_pool", seed=0, offline=True, listen=silent)
    return network_from(record, "avg_pool", origin, silent)


@pytest.fixture(scope="module")
def engine(network: ConvertedNetwork) -> OpenVINOEngine:
    return OpenVINOEngine(network)


@pytest.fixture(scope="module")
def keras_engine(network: ConvertedNetwork) -> Iterator[KerasEngine]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in quiet_environment("tensorflow").items():
            patch.setenv(name, value)
        yield KerasEngine(network)


@pytest.fixture(scope="module")
def keras_vectors(keras_engine: KerasEngine) -> dict[int, Vector]:
    """Return the vectors of one picture more than a batch has room for."""
    return dict(keras_engine.vectors(enumerate(drawn(17))))


def test_openvino_gives_each_picture_a_float32_vector_under_its_key(engine: OpenVINOEngine) -> None:
    vectors = dict(engine.vectors(zip([7, 3, 12], drawn(3), strict=True)))
    assert vectors.keys() == {3, 7, 12}
    assert {(vector.shape, vector.dtype) for vector in vectors.values()} == {((DIMENSION,), np.dtype(np.float32))}
    assert all(np.isfinite(vector).all() for vector in vectors.values())


def test_a_vector_does_not_depend_on_the_pictures_that_go_along(engine: OpenVINOEngine) -> None:
    pictures = drawn(10)
    together = dict(engine.vectors(enumerate(pictures)))
    np.testing.assert_array_equal([together[i] for i in range(10)], [alone(engine, pixels) for pixels in pictures])


def test_a_vector_does_not_depend_on_the_order_of_the_pictures(engine: OpenVINOEngine) -> None:
    pictures = list(enumerate(drawn(10)))
    forwards, backwards = dict(engine.vectors(pictures)), dict(engine.vectors(reversed(pictures)))
    np.testing.assert_array_equal([forwards[i] for i in range(10)], [backwards[i] for i in range(10)])


def test_copies_of_a_picture_get_the_same_vector(engine: OpenVINOEngine) -> None:
    pixels, other = drawn(2)
    vectors = dict(engine.vectors(enumerate([pixels, other, pixels, other, other, pixels])))
    np.testing.assert_array_equal(vectors[0], vectors[2])
    np.testing.assert_array_equal(vectors[0], vectors[5])
    assert (vectors[0] != vectors[1]).any()


def test_a_second_engine_gives_the_same_vectors(engine: OpenVINOEngine, network: ConvertedNetwork) -> None:
    pixels = drawn(1)[0]
    np.testing.assert_array_equal(alone(OpenVINOEngine(network), pixels), alone(engine, pixels))


def test_no_pictures_give_no_vectors(engine: OpenVINOEngine) -> None:
    assert list(engine.vectors([])) == []


def test_vectors_come_while_pictures_are_still_to_be_read(engine: OpenVINOEngine) -> None:
    pictures = enumerate(drawn(30))
    vectors = iter(engine.vectors(pictures))
    next(vectors)
    assert len(list(pictures)) > 0
    assert len(list(vectors)) > 0


def test_a_run_that_was_broken_off_leaves_nothing_for_the_next(engine: OpenVINOEngine) -> None:
    pictures = drawn(12)
    broken_off = engine.vectors(enumerate(pictures))
    next(broken_off)
    broken_off.close()  # type: ignore[attr-defined]
    vectors = dict(engine.vectors([(100, pictures[0]), (101, pictures[1])]))
    assert vectors.keys() == {100, 101}
    np.testing.assert_array_equal(vectors[100], alone(engine, pictures[0]))


def test_float32_is_asked_for(network: ConvertedNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    # A processor with bf16 would otherwise compute in that; on others the result can't show what was asked for.
    asked: list[Any] = []
    compile_model = openvino.Core.compile_model

    def recorded(*arguments: Any) -> Any:
        asked.append(arguments[-1])
        return compile_model(*arguments)

    monkeypatch.setattr(openvino.Core, "compile_model", recorded)
    alone(OpenVINOEngine(network), drawn(1)[0])
    assert [options["INFERENCE_PRECISION_HINT"] for options in asked] == ["f32"]


def test_keras_agrees_with_openvino(engine: OpenVINOEngine, keras_vectors: dict[int, Vector]) -> None:
    ours = dict(engine.vectors(enumerate(drawn(17))))
    np.testing.assert_allclose(
        [keras_vectors[i] for i in range(17)], [ours[i] for i in range(17)], rtol=1e-4, atol=1e-4
    )


def test_keras_gives_float32_vectors_under_their_keys(keras_vectors: dict[int, Vector]) -> None:
    assert list(keras_vectors) == list(range(17))
    assert {(v.shape, v.dtype) for v in keras_vectors.values()} == {((DIMENSION,), np.dtype(np.float32))}


def test_under_keras_a_vector_does_not_depend_on_the_pictures_that_go_along(
    keras_engine: KerasEngine, keras_vectors: dict[int, Vector]
) -> None:
    ((key, vector),) = keras_engine.vectors([(5, drawn(6)[5])])
    assert key == 5
    np.testing.assert_allclose(vector, keras_vectors[5], rtol=1e-4, atol=1e-5)


def test_engines_tell_their_names_and_versions(engine: OpenVINOEngine, keras_engine: KerasEngine) -> None:
    assert engine.name == f"openvino {openvino.__version__.split('-')[0]}"
    assert keras_engine.name.startswith("keras 3.")
    assert keras_engine.name.endswith("on tensorflow")


@pytest.mark.parametrize(("has_openvino", "kind"), [(True, "OpenVINOEngine"), (False, "KerasEngine")])
def test_openvino_is_taken_where_it_is_installed(
    network: ConvertedNetwork, monkeypatch: pytest.MonkeyPatch, has_openvino: bool, kind: str
) -> None:
    taken: list[ConvertedNetwork] = []
    monkeypatch.setattr(engine_module, "has_openvino", lambda: has_openvino)
    monkeypatch.setattr(engine_module, kind, taken.append)
    engine_for(network)
    assert taken == [network]
