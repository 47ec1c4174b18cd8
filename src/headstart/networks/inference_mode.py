"""A network that stays in inference mode whatever the model around it does: its batch statistics can't change.

``network(x, training=False)`` isn't enough, though Keras' guides say so: a functional model that is called with
``training=True``, as ``fit`` does, passes that on to each of its layers, over what they were first called with.
"""

from __future__ import annotations

import functools
from typing import Any

from headstart.networks.keras_backend import import_keras


def in_inference_mode(network: Any) -> Any:  # noqa: ANN401 - Keras has no types
    """Return a layer that computes ``network``, trainable or not, always as in inference."""
    return _layer_class()(network, name=network.name)


@functools.cache
def _layer_class() -> Any:  # noqa: ANN401
    keras = import_keras()
    layer: Any = keras.layers.Layer

    class InInferenceMode(layer):  # type: ignore[misc]
        def __init__(self, network: Any, **options: Any) -> None:  # noqa: ANN401
            super().__init__(**options)
            self.network = network

        def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ANN401
            return self.network(inputs, training=False)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:  # noqa: ANN401
            return cls(keras.saving.deserialize_keras_object(config.pop("network")), **config)

    return keras.saving.register_keras_serializable("headstart")(InInferenceMode)
