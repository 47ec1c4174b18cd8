"""Keras' own file, ``model.keras``: of layers that every Keras knows, so that it loads without headstart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.ship.bundle import Bundle


def write(
    graph: Any,  # noqa: ANN401 - Keras has no types
    bundle: Bundle,
    precision: str,
    folder: Path,
    calibration: Mapping[str, NDArray[np.uint8]] | None,
) -> None:
    """Write the graph into ``folder``; see `headstart.ship.exports.write.write_graph`."""
    graph.save(folder / "model.keras")
