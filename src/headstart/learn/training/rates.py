"""A learning rate for every stage of a network, and AdamW that keeps to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headstart.networks.backbones import Backbone
from headstart.networks.keras_backend import import_keras
from headstart.networks.weight_files import layer_names


def stages_above(network: Any, record: Backbone) -> dict[str, int]:  # noqa: ANN401 - Keras has no types
    """Return for each layer of the whole ``network``, by name, how many stages it lies below the head.

    1 for the last stage and what comes after it, ``len(record.stages)`` for the first.
    """
    below, stages = {}, len(record.stages)
    for name in layer_names(network):
        below[name] = max(stages, 1)
        if name in record.stages:
            stages -= 1
    return below


def decayed_adam(rates: Sequence[float], decays: Sequence[float]) -> Any:  # noqa: ANN401
    """Return AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) with a rate and a decay for each variable.

    Its learning rate is to be set before each step.

    Parameters
    ----------
    rates
        By what each trainable variable's learning rate is multiplied, in the order of the model.
    decays
        Weight decay of each, decoupled: the variable loses that share × its learning rate in a step.
    """
    adam: Any = import_keras().optimizers.Adam

    class DecayedAdam(adam):  # type: ignore[misc]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:  # noqa: ANN401
            number = self._get_variable_index(variable)
            rate = learning_rate * rates[number]
            if decays[number]:
                self.assign_sub(variable, variable * (rate * decays[number]))
            super().update_step(gradient, variable, rate)

    return DecayedAdam(learning_rate=0.0)
