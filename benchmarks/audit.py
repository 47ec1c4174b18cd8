"""The audit: its time against that of decoding alone, and its memory against the number of pictures."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from benchmarks.figure import Figure, median_seconds
from benchmarks.runs import run
from headstart.data.audit import audit
from headstart.data.audit.finding import Audited
from headstart.data.workers import end_workers
from headstart.jobs.pictures import pictures_of
from headstart.progress import silent

PICTURES = 4000
FEW, MANY = 2_000, 200_000


def check(pictures: Path) -> list[Figure]:
    """Compare everything that `headstart check` does to pictures with decoding them in two processes.

    Both sides have their processes started before.
    """
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(2) as pool:
        files = _linked(pictures, Path(place))
        list(pool.map(_decode, files[:50]))
        ours, theirs = median_seconds(lambda: _audit(Path(place)), lambda: list(pool.map(_decode, files, chunksize=50)))
    end_workers()
    n = len(files)
    return [
        Figure(
            f"check of {n:,} pictures against decoding them with Pillow in 2 processes ({n / ours:,.0f} and "
            f"{n / theirs:,.0f} pictures/s)",
            f"{ours / theirs:.2f}",
            "≤ 3",
        )
    ]


def _linked(pictures: Path, place: Path) -> list[Path]:
    """Return the files of a folder with `PICTURES` links to the pictures, each as often as need be."""
    originals = sorted(file for file in pictures.rglob("*") if file.is_file())
    files = []
    for number in range(PICTURES):
        original = originals[number % len(originals)]
        link = place / original.parent.name / f"{number}{original.suffix}"
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(original.resolve())
        files.append(link)
    return files


def _decode(file: Path) -> None:
    with Image.open(file) as image:
        image.convert("RGB")


def _audit(place: Path) -> None:
    with pictures_of(place, silent) as pictures:
        audit(Audited(pictures.inspected, pictures.together))


def memory(pictures: Path) -> list[Figure]:
    """Measure the largest process of `headstart check` on few and on many tiny pictures."""
    with tempfile.TemporaryDirectory() as place:
        held = []
        for n in (FEW, MANY):
            folder = Path(place, str(n))
            subprocess.run([sys.executable, "-m", "benchmarks.audit", str(folder), str(n)], check=True)
            seconds, megabytes, _ = run("check", folder, "--json")
            held.append(megabytes)
    each = (held[1] - held[0]) * 2**20 / (MANY - FEW)
    return [
        Figure(f"memory of check on {FEW:,} and on {MANY:,} pictures", f"{held[0]:,.0f} and {held[1]:,.0f} MB"),
        Figure(
            f"that is for each picture, its name and hash included ({seconds:,.0f} s)", f"{each:,.0f} bytes", "≈ 1 kB"
        ),
    ]


def _write_tiny(folder: Path, n: int) -> None:
    """Write ``n`` different grey PNG pictures of 16 pixels a side, in ten classes."""
    noise = random.Random(0)  # noqa: S311 - a reproducible draw, not a secret

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0))
    for number in range(n):
        place = folder / f"class {number % 10}" / f"a picture with a name of usual length {number:06}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        rows = b"".join(b"\0" + noise.randbytes(16) for _ in range(16))
        place.write_bytes(header + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


if __name__ == "__main__":
    _write_tiny(Path(sys.argv[1]), int(sys.argv[2]))
