"""Engines: a picture's vector is its own, whatever goes along, and the same from OpenVINO and from Keras."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest

from headstart.child import quiet_environment
from headstart.errors import MissingError, UserError
from headstart.features import engine as engine_module
from headstart.features.engine import (
    EngineKind,
    KerasEngine,
    OpenVINOEngine,
    Pixels,
    Vector,
    engine_for,
    engine_kind,
    engine_name,
    processor_name,
    reduced_precisions,
)
from headstart.networks.converted import ConvertedNetwork
from headstart.networks.keras_backend import import_keras
from models import lite0
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
    return lite0()


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


@pytest.mark.parametrize("precision", ["bf16", "f16"])
def test_keras_computes_in_fewer_bits_and_gives_float32(
    network: ConvertedNetwork, keras_engine: KerasEngine, keras_vectors: dict[int, Vector], precision: str
) -> None:
    reduced = KerasEngine(replace(network, precision=precision))
    found = dict(reduced.vectors(enumerate(drawn(2))))
    ours, exact = (np.stack([vectors[0], vectors[1]]) for vectors in (found, keras_vectors))
    assert (ours.dtype, ours.shape) == (np.dtype(np.float32), (2, DIMENSION))
    cosines = (ours * exact).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(exact, axis=1)
    assert cosines.min() > 0.95
    assert not np.allclose(ours, exact, rtol=1e-4)


def test_an_engine_in_fewer_bits_leaves_keras_own_setting_as_it_was(
    network: ConvertedNetwork, keras_engine: KerasEngine, keras_vectors: dict[int, Vector]
) -> None:
    keras = import_keras()
    before = keras.config.dtype_policy().name
    with pytest.raises(KeyError), engine_module._computing_in("f8"):
        pass
    with pytest.raises(ZeroDivisionError), engine_module._computing_in("bf16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise ZeroDivisionError
    assert keras.config.dtype_policy().name == before == "float32"


def test_openvino_is_asked_for_the_precision_of_the_network(
    network: ConvertedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def mock_compiled(core: object, model: object, device: str, options: dict[str, str]) -> None:
        asked.append(options["INFERENCE_PRECISION_HINT"])
        raise ZeroDivisionError

    monkeypatch.setattr(openvino.Core, "compile_model", mock_compiled)
    for precision in ("f32", "bf16", "f16", "int8"):
        with pytest.raises(ZeroDivisionError):
            OpenVINOEngine(replace(network, precision=precision))
    assert asked == ["f32", "bf16", "f16", "f32"]


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


@pytest.mark.parametrize(("has_openvino", "kind"), [(True, "openvino"), (False, "keras")])
def test_openvino_is_taken_where_it_is_installed(
    network: ConvertedNetwork, monkeypatch: pytest.MonkeyPatch, has_openvino: bool, kind: str
) -> None:
    taken: list[ConvertedNetwork] = []
    monkeypatch.setattr(engine_module, "has_openvino", lambda: has_openvino)
    monkeypatch.setitem(engine_module.KINDS, kind, EngineKind(taken.append, str))  # type: ignore[arg-type]
    engine_for(network)
    assert taken == [network]


@pytest.mark.parametrize(
    ("has_openvino", "on_gpu", "kind"),
    [(True, False, "openvino"), (True, True, "keras"), (False, False, "keras"), (False, True, "keras")],
)
def test_auto_is_keras_where_there_is_a_gpu_or_no_openvino_mock(
    monkeypatch: pytest.MonkeyPatch, has_openvino: bool, on_gpu: bool, kind: str
) -> None:
    monkeypatch.setattr(engine_module, "has_openvino", lambda: has_openvino)
    monkeypatch.setattr(engine_module, "on_gpu", lambda: on_gpu)
    assert engine_kind() == engine_kind("auto") == kind


def test_what_is_asked_for_is_taken() -> None:
    assert [engine_kind(wish) for wish in ("openvino", "keras")] == ["openvino", "keras"]
    assert engine_name("openvino").startswith("openvino ")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("kears", "--engine kears: choose from auto, openvino, keras. Did you mean keras?"),
        ("openvin", "--engine openvin: choose from auto, openvino, keras. Did you mean openvino?"),
        ("", "--engine : choose from auto, openvino, keras."),
    ],
)
def test_an_unknown_engine_is_refused(wrong: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        engine_kind(wrong)
    assert str(refused.value) == said


def test_an_engine_that_is_not_installed_is_missing_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "has_openvino", lambda: False)
    monkeypatch.setattr("headstart.networks.keras_backend.find_spec", lambda name: None)
    with pytest.raises(MissingError, match="--engine openvino: OpenVINO isn't installed; pip install openvino, or use"):
        engine_kind("openvino")
    with pytest.raises(MissingError, match="--engine keras trains with Keras, which needs a backend"):
        engine_kind("keras")


def test_the_processor_says_what_it_computes_in_and_its_name() -> None:
    assert set(reduced_precisions("openvino")) <= {"bf16", "f16"}
    assert processor_name("openvino").endswith(" cores")


@pytest.mark.parametrize(("on_gpu", "offered", "name"), [(True, ("bf16", "f16"), "gpu"), (False, (), None)])
def test_keras_computes_in_fewer_bits_on_a_gpu_alone_mock(
    monkeypatch: pytest.MonkeyPatch, on_gpu: bool, offered: tuple[str, ...], name: str | None
) -> None:
    monkeypatch.setattr(engine_module, "on_gpu", lambda: on_gpu)
    assert reduced_precisions("keras") == offered
    assert processor_name("keras") == (name or platform.machine())


@pytest.mark.parametrize(
    ("capabilities", "offered"),
    [
        (["FP32", "INT8"], ()),
        (["BF16", "FP32"], ("bf16",)),
        (["FP16", "BF16", "FP32", "INT8"], ("bf16", "f16")),
    ],
)
def test_openvino_is_believed_what_the_processor_can_mock(
    monkeypatch: pytest.MonkeyPatch, capabilities: list[str], offered: tuple[str, ...]
) -> None:
    monkeypatch.setattr(openvino.Core, "get_property", lambda self, device, name: capabilities)
    assert reduced_precisions("openvino") == offered
