"""Whether an error means that memory ran out: every backend has a name of its own for that, and none is imported."""

from __future__ import annotations

_NAMES = {"MemoryError", "OutOfMemoryError", "ResourceExhaustedError"}
"""Of Python and numpy, of torch.cuda, of TensorFlow."""

_JAX = "RESOURCE_EXHAUSTED"
"""What begins the text of the XlaRuntimeError that JAX raises for this, as for everything."""


def ran_out_of_memory(error: Exception) -> bool:
    """Return whether ``error`` says that there is no memory left, of the machine or of a GPU."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & _NAMES) or str(error).startswith(_JAX)
