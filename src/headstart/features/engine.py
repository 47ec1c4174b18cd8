"""Running a converted network over pictures: OpenVINO, or Keras where there is no OpenVINO.

Every picture is a batch of its own under OpenVINO (two and more run side by side, which is as fast on a CPU, see
``docs/architecture.md``), so its vector can't depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.child import silence_openvino_telemetry
from headstart.networks.backbones import backbone
from headstart.networks.converted import ConvertedNetwork
from headstart.networks.keras_backend import has_openvino, import_keras

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


def engine_for(network: ConvertedNetwork) -> Engine:
    """Return the engine that runs ``network`` on this machine."""
    return OpenVINOEngine(network) if has_openvino() else KerasEngine(network)


def engine_name() -> str:
    """Return name and version of what runs networks on this machine, without starting it."""
    return _openvino_name() if has_openvino() else _keras_name()


def _openvino_name() -> str:
    return f"openvino {version('openvino')}"


def _keras_name() -> str:
    return f"keras {version('keras')} on {import_keras().backend.backend()}"


class OpenVINOEngine:
    """OpenVINO on the CPU in float32, one picture a request, several requests at once."""

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
        # Float32 must be asked for: on processors with bf16 OpenVINO would silently use that.
        options = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
        self._queue = ov.AsyncInferQueue(core.compile_model(steps.build(), "CPU", options))
        self.parallel = len(self._queue)

    def vectors(self, pictures: Iterable[tuple[int, Pixels]]) -> Iterator[tuple[int, Vector]]:
        """Yield keys and vectors; see `Engine`."""
        done: list[tuple[int, Vector]] = []

        def keep(request: Any, key: int) -> None:  # noqa: ANN401 - OpenVINO's request
            done.append((key, request.get_output_tensor().data[0].copy()))

        self._queue.set_callback(keep)
        try:
            for key, pixels in pictures:
                self._queue.start_async({0: pixels[np.newaxis]}, key)
                while done:
                    yield done.pop()
        finally:
            self._queue.wait_all()  # also if nobody wants the rest: the next run needs idle requests
        yield from done


class KerasEngine:
    """Keras' own ``predict`` with the installed backend, in batches of one fixed size (the last one padded)."""

    parallel = 16

    def __init__(self, network: ConvertedNetwork) -> None:
        from headstart.networks.classifier import cut_at, whole_network, with_preprocessing
        from headstart.networks.weight_files import load_weights
        from headstart.networks.weights import WeightsOrigin

        self.name = _keras_name()
        record = backbone(network.backbone)
        whole = whole_network(record, include_top=record.layer(network.layer).needs_top)
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
