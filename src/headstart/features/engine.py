"""Running a converted network over pictures: OpenVINO, or Keras where there is no OpenVINO.

Every picture is a batch of its own under OpenVINO (two and more run side by side, which is as fast on a CPU, see
``docs/architecture.md``), so its vector can't depend on its neighbours.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.child import silence_openvino_telemetry
from headstart.errors import MissingError, check_choice
from headstart.features.handcrafted_engine import HandcraftedEngine, handcrafted_name
from headstart.networks.backbones import HANDCRAFTED, backbone
from headstart.networks.converted import ConvertedNetwork
from headstart.networks.cuts import cut_of
from headstart.networks.keras_backend import has_openvino, import_keras, on_gpu, required_training_backend

Pixels = NDArray[np.uint8]
Vector = NDArray[np.float32]


class Engine(Protocol):
    """Runs one network."""

    name: str
    parallel: int
    """How many pictures are worked on at once."""

    def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        """Yield each picture's key and its ``(dimension,)`` float32 vector, in the order of completion.

        ``pictures`` gives keys and ``(size, size, 3)`` uint8 RGB pixels.
        """


ENGINES = ("auto", "openvino", "keras")
"""What can be asked to run networks; ``auto`` is Keras where there is a GPU or no OpenVINO, and OpenVINO elsewhere."""


def engine_kind(wish: str = "auto") -> str:
    """Return which of openvino and keras runs networks on this machine, if ``wish`` of `ENGINES` is asked for.

    Raises
    ------
    UserError
        For a name that isn't in `ENGINES`.
    MissingError
        If what is asked for isn't installed.
    """
    check_choice("--engine", wish, ENGINES)
    if wish == "openvino" and not has_openvino():
        raise MissingError("--engine openvino: OpenVINO isn't installed; pip install openvino, or use --engine keras.")
    if wish == "keras":
        required_training_backend("--engine keras")
    if wish == "auto":
        return "openvino" if has_openvino() and not on_gpu() else "keras"
    return wish


def engine_for(network: ConvertedNetwork, kind: str | None = None) -> Engine:
    """Return the engine that runs ``network``, in its precision; ``kind`` is one of `KINDS`, or this machine's own."""
    return KINDS[kind or engine_kind()].start(network)


def engine_name(kind: str | None = None) -> str:
    """Return name and version of what `engine_for` starts for ``kind``, without starting it."""
    return KINDS[kind or engine_kind()].name()


def reduced_precisions(kind: str) -> tuple[str, ...]:
    """Return the precisions below f32 that the processor computes in by itself, int8 aside."""
    if kind == "keras":
        return ("bf16", "f16") if on_gpu() else ()
    silence_openvino_telemetry()
    import openvino as ov

    offered = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return tuple(name for name, capability in (("bf16", "BF16"), ("f16", "FP16")) if capability in offered)


def processor_name(kind: str) -> str:
    """Return what computes: the processor's name, or that it is a GPU."""
    if kind == "keras":
        return "gpu" if on_gpu() else platform.machine()
    silence_openvino_telemetry()
    import openvino as ov

    return f"{ov.Core().get_property('CPU', 'FULL_DEVICE_NAME')}, {os.cpu_count()} cores"


def _openvino_name() -> str:
    return f"openvino {version('openvino')}"


def _keras_name() -> str:
    return f"keras {version('keras')} on {import_keras().backend.backend()}"


class OpenVINOEngine:
    """OpenVINO on the CPU, one picture a request, several requests at once."""

    def __init__(self, network: ConvertedNetwork) -> None:
        silence_openvino_telemetry()
        import openvino as ov

        self.name = _openvino_name()
        core = ov.Core()
        side = network.image_size
        model = core.read_model(network.folder / "network.xml")
        model.reshape([1, side, side, 3])
        steps = ov.preprocess.PrePostProcessor(model)
        steps.input().tensor().set_element_type(ov.Type.u8)
        # The precision must be asked for: on processors with bf16 OpenVINO would silently use that. What int8 leaves
        # in floating point stays float32.
        precision = "f32" if network.precision == "int8" else network.precision
        options = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
        self._queue = ov.AsyncInferQueue(core.compile_model(steps.build(), "CPU", options))
        self.parallel = len(self._queue)

    def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        """Yield keys and vectors; see `Engine`."""
        return run_on(self._queue, ((key, {0: pixels[np.newaxis]}) for key, pixels in pictures))


def run_on(queue: Any, asked: Iterable[tuple[int, Mapping[Any, Pixels]]]) -> Iterator[tuple[int, Vector]]:  # noqa: ANN401
    """Yield keys and what OpenVINO's ``queue`` of requests makes of one picture each, in the order of completion.

    ``asked`` gives keys and the inputs of a network whose one output is ``(1, n)``.
    """
    done: list[tuple[int, Vector]] = []

    def keep(request: Any, key: int) -> None:  # noqa: ANN401 - OpenVINO's request
        done.append((key, request.get_output_tensor().data[0].copy()))

    queue.set_callback(keep)
    try:
        for key, inputs in asked:
            queue.start_async(inputs, key)
            while done:
                yield done.pop()
    finally:
        queue.wait_all()  # also if nobody wants the rest: the next run needs idle requests
    yield from done


class KerasEngine:
    """Keras' own ``predict`` with the installed backend, in batches of one fixed size (the last one padded)."""

    parallel = 16

    def __init__(self, network: ConvertedNetwork) -> None:
        from headstart.networks.classifier import cut_at, whole_network, with_preprocessing
        from headstart.networks.weight_files import load_weights
        from headstart.networks.weights import WeightsOrigin

        self.name = _keras_name()
        record = replace(backbone(network.backbone), image_size=network.image_size)
        with _computing_in(network.precision):
            whole = whole_network(record, include_top=cut_of(record, network.layer).needs_top)
            cut = cut_at(whole, record, network.layer)
            load_weights(whole, cut, record, WeightsOrigin("file", "cache", network.folder / "weights.safetensors"))
            self._model = with_preprocessing(cut, record)

    def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        """Yield keys and vectors; see `Engine`."""
        keys: list[int] = []
        batch: list[Pixels] = []
        for key, pixels in pictures:
            keys.append(key)
            batch.append(pixels)
            if len(batch) == self.parallel:
                yield from self._batch(keys, batch)
                keys, batch = [], []
        if batch:
            yield from self._batch(keys, batch)

    def _batch(self, keys: list[int], batch: list[Pixels]) -> Iterator[tuple[int, Vector]]:
        padding = [batch[-1]] * (self.parallel - len(batch))
        features = self._model.predict_on_batch(np.stack([*batch, *padding]).astype(np.float32))
        yield from zip(keys, np.asarray(features, np.float32), strict=False)


_POLICIES = {"f32": "float32", "bf16": "mixed_bfloat16", "f16": "mixed_float16"}
"""Keras' names of precisions: weights stay float32, and layers compute in less."""


@contextmanager
def _computing_in(precision: str) -> Iterator[None]:
    """Have Keras build layers that compute in ``precision``."""
    keras = import_keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@dataclass(frozen=True)
class EngineKind:
    """A kind of engine: what starts one for a network, and what returns its name and version without starting it."""

    start: Callable[[ConvertedNetwork], Engine]
    name: Callable[[], str]


KINDS = {
    "openvino": EngineKind(OpenVINOEngine, _openvino_name),
    "keras": EngineKind(KerasEngine, _keras_name),
    HANDCRAFTED.name: EngineKind(HandcraftedEngine, handcrafted_name),
}
"""What makes vectors, by name: what `engine_kind` finds for networks, and what needs none."""
