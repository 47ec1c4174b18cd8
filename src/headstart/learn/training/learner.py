"""A network and its head as Keras trains them: built, its weights assigned, one step, its state as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import UserError
from headstart.learn.training.batches import Batch, Floats
from headstart.learn.training.plan import BIAS, KERNEL, Network, Plan
from headstart.learn.training.rates import decayed_adam, stages_above
from headstart.networks.backbones import Backbone, backbone
from headstart.networks.classifier import preprocessed, whole_network
from headstart.networks.inference_mode import in_inference_mode
from headstart.networks.keras_backend import import_keras, on_gpu
from headstart.networks.weight_files import Arrays, drawn_arrays, layer_names, variables

_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


class KerasLearner:
    """The model of a `Network`, compiled by a `Plan`.

    What it says of itself are numpy arrays, so that whoever drives it needs no Keras.

    Parameters
    ----------
    network, plan
        What is trained, and how.
    start_arrays
        The weights of the part that is trained, by name; None: drawn from the plan's seed.
    start_head
        The head's kernel and bias; None: drawn from the plan's seed (Glorot & Bengio 2010), and zeros.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        start_arrays: Mapping[str, NDArray[Any]] | None = None,
        start_head: tuple[Floats, Floats] | None = None,
    ) -> None:
        keras = import_keras()
        self._keras = keras
        _make_reproducible(keras, plan.seed)
        if on_gpu():
            keras.config.set_dtype_policy("mixed_float16")
        record = replace(backbone(network.backbone), image_size=network.image_size)
        with _every_gpu(keras):
            whole = whole_network(record, include_top=False)
            part = _part(keras, whole, record, network.start)
            own = {id(layer) for layer in part.layers}
            self._layers = {name: layer for name, layer in layer_names(whole).items() if id(layer) in own}
            own = {id(variable) for layer in part.layers for variable in layer.variables}
            self._variables = {name: each for name, each in variables(whole).items() if id(each) in own}
            self._assign(drawn_arrays(whole, plan.seed) if start_arrays is None else start_arrays)
            self.model, self._head = _with_head(keras, part, record, network, plan.seed)
            if start_head is not None:
                self._head.kernel.assign(start_head[0])
                self._head.bias.assign(start_head[1])
            _compile(keras, self.model, self._layers, stages_above(whole, record), plan)

    def _assign(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        missing = sorted(self._variables.keys() - arrays.keys())
        if missing:
            raise UserError(f"the weights to start from lack {len(missing)} arrays that are trained: {missing[0]}, …")
        for name, variable in self._variables.items():
            variable.assign(arrays[name])
        for layer in self._layers.values():
            if hasattr(layer, "finalize_state"):
                # Keras' Normalization computes with copies of its variables, see weight_files.
                layer.finalize_state()

    def learn(self, batch: Batch, learning_rate: float) -> tuple[float, float]:
        """Do one step; return loss and accuracy of the batch, before the step."""
        self.model.optimizer.learning_rate = learning_rate
        loss, accuracy = self.model.train_on_batch(batch.inputs, batch.targets, batch.weights)
        return float(loss), float(accuracy)

    def logits(self, inputs: NDArray[Any]) -> Floats:
        """Return ``(n, n_classes)`` float32 for ``(n, *shape)``, in inference mode."""
        return np.asarray(self.model.predict_on_batch(inputs), np.float32)

    def weights(self) -> Arrays:
        """Return copies of what is trained, by name, and of the head, `KERNEL` and `BIAS`; float32."""
        arrays = {name: self._array(variable).astype(np.float32) for name, variable in self._variables.items()}
        return arrays | {KERNEL: self._array(self._head.kernel), BIAS: self._array(self._head.bias)}

    def state(self) -> Arrays:
        """Return copies of all that the next step depends on: weights, moments, the state of what is drawn."""
        return {name: self._array(variable) for name, variable in self._states()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a `state`."""
        for name, variable in self._states():
            variable.assign(state[name])

    def _states(self) -> Iterator[tuple[str, Any]]:
        kinds = {"model": self.model.variables, "optimizer": self.model.optimizer.variables}
        return ((f"{kind}/{i}", each) for kind, all_of_it in kinds.items() for i, each in enumerate(all_of_it))

    def _array(self, variable: Any) -> NDArray[Any]:  # noqa: ANN401 - Keras has no types
        return np.array(self._keras.ops.convert_to_numpy(variable))


def _part(keras: Any, whole: Any, record: Backbone, start: str | None) -> Any:  # noqa: ANN401
    """Return what comes after the stage ``start``: from its map to the pooled output."""
    if start is None:
        return whole
    return keras.Model(layer_names(whole)[start].output, whole.output, name=f"{record.name}_after_{start}")


def _with_head(keras: Any, part: Any, record: Backbone, network: Network, seed: int) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the model from uint8 pixels or float16 maps to logits, and its last layer."""
    pixels = network.start is None
    inputs = keras.Input(part.input.shape[1:], dtype="uint8" if pixels else "float16", name="inputs")
    x = keras.ops.cast(inputs, "float32")
    if pixels:
        x = preprocessed(x, record)
    x = part(x) if network.batch_statistics else in_inference_mode(part)(x)
    x = keras.layers.Dropout(network.dropout, seed=seed, name="dropout")(x)
    initial = keras.initializers.GlorotUniform(seed=seed)
    head = keras.layers.Dense(network.n_classes, kernel_initializer=initial, dtype="float32", name="logits")
    return keras.Model(inputs, head(x), name=f"{record.name}_trained"), head


def _compile(keras: Any, model: Any, layers: Mapping[str, Any], stages: Mapping[str, int], plan: Plan) -> None:  # noqa: ANN401
    """Freeze and compile in one: which variables are trained, and how fast each of them."""
    model.trainable = True
    below = {id(variable): stages[name] for name, layer in layers.items() for variable in layer.variables}
    trainable = model.trainable_variables
    model.compile(
        optimizer=decayed_adam(
            [plan.stage_decay ** below.get(id(variable), 0) for variable in trainable],
            [plan.weight_decay if variable.path.rsplit("/", 1)[-1] in _KERNELS else 0.0 for variable in trainable],
        ),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=plan.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        # XLA takes 4 times as long to compile and computes a third slower on a CPU.
        jit_compile="auto" if on_gpu() else False,
    )
    model.optimizer.build(trainable)


def _make_reproducible(keras: Any, seed: int) -> None:  # noqa: ANN401
    """Let the same seed give the same bits: on a CPU that costs nothing that could be measured.

    On a GPU it would turn XLA off and slow convolutions down, so there it isn't asked for.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow" and not on_gpu():
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


@contextmanager
def _every_gpu(keras: Any) -> Iterator[None]:  # noqa: ANN401
    """Build for all GPUs of this machine, each with a part of every batch. Not tested: we have no such machine."""
    if on_gpu() and keras.backend.backend() == "tensorflow":
        import tensorflow

        if len(tensorflow.config.list_physical_devices("GPU")) > 1:
            with tensorflow.distribute.MirroredStrategy().scope():
                yield
            return
    if on_gpu() and keras.backend.backend() == "jax" and len(keras.distribution.list_devices()) > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())
    yield
