"""TensorFlow's SavedModel, with one signature: pictures by name in, probabilities out, as many at once as wanted."""

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
    graph.export(str(folder / "saved_model"), format="tf_saved_model", verbose=False)
