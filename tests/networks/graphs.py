"""What a Keras network's graph looks like, for the tests that cut it."""

from __future__ import annotations

from typing import Any


def is_cut(network: Any, layer: Any) -> bool:
    """Return whether every path from the network's input to its output passes ``layer``."""
    source = network.input._keras_history.operation
    seen: set[Any] = set()
    waiting = [network.output._keras_history.operation]
    while waiting:
        operation = waiting.pop()
        if operation is layer or operation in seen:
            continue
        seen.add(operation)
        for node in operation._inbound_nodes:
            if node in network._nodes:
                waiting += [tensor._keras_history.operation for tensor in node.arguments.keras_tensors]
    return source not in seen
