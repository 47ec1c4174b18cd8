"""The child process that quantises a converted network to 8-bit integers with NNCF, looking at some pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from headstart.child import child_main
from headstart.progress import Listener

PIXELS = "pixels.npy"
"""The pictures, ``(n, size, size, 3)`` uint8 RGB, in the shared folder."""


def _quantise(job: dict[str, Any], folder: Path, listen: Listener) -> dict[str, Any]:
    import nncf
    import openvino as ov

    pixels = np.load(folder / PIXELS, allow_pickle=False)
    model = ov.Core().read_model(Path(job["network"]))
    model.reshape([1, *pixels.shape[1:]])
    batches = nncf.Dataset(list(range(len(pixels))), lambda i: pixels[i : i + 1].astype(np.float32))
    quantised = nncf.quantize(model, batches, subset_size=len(pixels))
    ov.save_model(quantised, str(folder / "network.xml"), compress_to_fp16=False)
    return {}


if __name__ == "__main__":
    child_main(_quantise)
