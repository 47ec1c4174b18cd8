"""The size of a fresh installation."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figure import Figure

ROOT = Path(__file__).resolve().parents[1]


def install(pictures: Path) -> list[Figure]:
    """Measure a virtual environment with the default installation in it."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        pip = [str(Path(place, "bin", "python")), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--constraint", str(ROOT / "constraints.txt"), str(ROOT)], check=True)
        files = (file for file in Path(place).rglob("*") if file.is_file() and not file.is_symlink())
        megabytes = sum(file.stat().st_size for file in files) / 1e6
    return [Figure("a fresh environment with the default installation", f"{megabytes:.0f} MB", "≤ 600 MB")]
