"""What the results were made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from headstart import __version__

_PACKAGES = ("keras", "openvino", "tensorflow", "tensorflow-cpu", "torch", "jax", "numpy", "pillow", "scipy")


def environment(engine: str) -> dict[str, object]:
    """Return versions and machine as they stand in results; nothing that names the user or the host."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "headstart": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "engine": engine,
        "packages": versions,
    }
